"""What a host's agent last told of itself and its machine, ready to be shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from enclaves.lifecycle import HostState
from enclaves.models import Agent, Host
from enclaves.provisioning.heartbeats import SILENT_AFTER

STATES = ("heard", "silent", "waiting", "never", "gone")
_NOT_YET = (HostState.PLANNED, HostState.PROVISIONED)


@dataclass(frozen=True)
class Health:
    """``state`` is heard, silent, waiting (its machine is on its way), never (it should have) or gone."""

    state: str
    agent: Agent | None = None

    @property
    def seen_at(self) -> datetime | None:
        return self.agent.seen_at if self.agent else None

    @property
    def load(self) -> list[float]:
        """Of the last 1, 5 and 15 minutes."""
        told = self._fact("load")
        return [float(one) for one in told if _is_number(one)] if isinstance(told, list) else []

    @property
    def disk_used(self) -> int | None:
        """Per cent of the root disk."""
        total, free = self._fact("disk_total_bytes"), self._fact("disk_free_bytes")
        if not (_is_number(total) and _is_number(free) and total > 0):
            return None
        used: float = 100 * (total - free) / total
        return min(100, max(0, round(used)))

    @property
    def disk_total(self) -> int | None:
        total = self._fact("disk_total_bytes")
        return int(total) if _is_number(total) else None

    @property
    def disk_gib(self) -> int:
        return round((self.disk_total or 0) / 2**30)

    @property
    def up(self) -> timedelta | None:
        seconds = self._fact("uptime_seconds")
        return timedelta(seconds=min(seconds, 10**9)) if _is_number(seconds) and seconds >= 0 else None

    @property
    def runs(self) -> list[tuple[str, str]]:
        """What the machine runs, by what it is called."""
        names = {"os": "System", "kernel": "Kernel", "sshd": "SSH server"}
        return [(title, str(self._fact(name))) for name, title in names.items() if self._fact(name)]

    def _fact(self, name: str) -> Any:
        # The facts are a machine's words, which may be anybody's by now.
        facts = self.agent.facts if self.agent else {}
        return facts.get(name) if isinstance(facts, dict) else None


def health_of(host: Host) -> Health:
    """How a host is, as far as its agent told; its agent is best selected with it."""
    agent = getattr(host, "agent", None)
    if host.state == HostState.DEPROVISIONED:
        return Health("gone", agent)
    if agent is None or agent.seen_at is None:
        return Health("waiting" if host.state in _NOT_YET else "never", agent)
    is_silent = agent.seen_at < timezone.now() - SILENT_AFTER
    return Health("silent" if is_silent else "heard", agent)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
