"""A trap in a pretend cloud: the worker that makes a certain call is killed before it sees the answer."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.aws import faults as aws_faults
from sandbox.aws.server import EmbeddedAws
from sandbox.azure import faults as azure_faults
from sandbox.azure.server import EmbeddedAzure

type Pretended = EmbeddedAws | EmbeddedAzure


@dataclass(frozen=True)
class Step:
    """A call of a worker, told by what it did before. The outcome is empty while it is not executed."""

    number: int  # in the life of this worker
    before: str
    action: str
    outcome: str = ""


type Wish = Callable[[Step], bool]


class Trap:
    """Waits for one call of one worker, and then ends the worker with a signal."""

    def __init__(self, sign: int = signal.SIGKILL) -> None:
        self._sign = sign
        self._wish: Wish | None = None
        self._victim = 0
        self._number, self._before = 0, ""
        self.sprung: list[Step] = []

    def lay(self, wish: Wish | None) -> None:
        """Catch the next worker at the first of its calls that fits; None lets it live."""
        self._wish, self._victim = wish, 0
        self._number, self._before = 0, ""

    def name(self, victim: int) -> None:
        """Say which process group is to die."""
        self._victim = victim

    def wait(self, seconds: float = 30) -> None:
        """Wait until somebody was caught."""
        deadline = time.monotonic() + seconds
        while not self.sprung:
            assert time.monotonic() < deadline, "Nobody made that call."
            time.sleep(0.02)

    def meets(self, action: str, outcome: str = "") -> bool:
        """Look at a call, and kill if it is the one; say whether it was."""
        self._number += 1
        step = Step(self._number, self._before, action, outcome)
        self._before = action
        if self._wish is None or not self._wish(step):
            return False
        self._wish = None
        self.sprung.append(step)
        self._kill()
        return True

    def _kill(self) -> None:
        # The worker's first call may come before the test has read its process id.
        while not self._victim:
            time.sleep(0.001)
        os.killpg(self._victim, self._sign)


# A call that is prevented answers with the same on every cloud.
_UNAVAILABLE = {EmbeddedAws: aws_faults.Fault, EmbeddedAzure: azure_faults.Fault}


def set_late(pretended: Pretended, trap: Trap, monkeypatch) -> None:
    """Let whoever is caught die after the call: what is written down is executed, and not answered yet."""
    add = pretended.record.add

    def noted(**facts: str) -> None:
        add(**facts)
        trap.meets(facts["action"], facts["outcome"])

    monkeypatch.setattr(pretended.record, "add", noted)


def set_early(pretended: Pretended, trap: Trap, monkeypatch) -> None:
    """Let whoever is caught die before the call: faults are asked first, and may prevent it."""
    take = pretended.faults.take

    def asked(place: str, action: str, **how: bool) -> Any:
        if not how.get("late") and trap.meets(action):
            return _UNAVAILABLE[type(pretended)](error="ServiceUnavailable")
        return take(place, action, **how)

    monkeypatch.setattr(pretended.faults, "take", asked)
