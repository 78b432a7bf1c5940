"""Traps in the pretend Azure: the same as in the pretend AWS, at its record and its faults."""

from sandbox.azure.faults import Fault, Faults
from sandbox.azure.record import CallRecord
from sandbox.azure.server import EmbeddedAzure
from tests.baddays.trap import Trap


class LateTrap(CallRecord):
    """What is written down is executed, and not answered yet."""

    def __init__(self, trap: Trap) -> None:
        super().__init__()
        self._trap = trap

    def add(self, **facts: str) -> None:
        super().add(**facts)
        self._trap.meets(facts["action"], facts["outcome"])


class EarlyTrap(Faults):
    """Faults are asked before a call is executed, and may prevent it."""

    def __init__(self, trap: Trap) -> None:
        super().__init__()
        self._trap = trap

    def take(self, subscription: str, action: str, *, late: bool = False) -> Fault | None:
        if not late and self._trap.meets(action):
            return Fault(error="ServiceUnavailable")
        return super().take(subscription, action, late=late)


def set_late(azure: EmbeddedAzure, trap: Trap, monkeypatch) -> None:
    """Let whoever is caught die after the call was executed."""
    monkeypatch.setattr(azure.world, "record", LateTrap(trap))


def set_early(azure: EmbeddedAzure, trap: Trap, monkeypatch) -> None:
    """Let whoever is caught die before the call is executed."""
    monkeypatch.setattr(azure.world, "faults", EarlyTrap(trap))
