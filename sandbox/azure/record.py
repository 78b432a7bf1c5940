"""What was asked of the sandbox: the activity log of tests and curious people."""

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

KEPT = 100_000


@dataclass(frozen=True)
class RecordedCall:
    """`subscription` is where the call acted, empty for a token; `role` names a managed identity."""

    at: datetime
    subscription: str
    principal: str
    role: str
    action: str
    resource: str
    outcome: str

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


class CallRecord:
    """The latest calls, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[RecordedCall] = deque(maxlen=KEPT)

    def add(self, **facts: str) -> None:
        with self._lock:
            self._calls.append(RecordedCall(at=datetime.now(UTC), **facts))

    def calls(self, **wanted: str) -> list[RecordedCall]:
        """Those whose fields equal what is wanted: `calls(subscription="…", outcome="ok")`."""
        with self._lock:
            kept = list(self._calls)
        return [c for c in kept if all(getattr(c, name) == value for name, value in wanted.items())]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
