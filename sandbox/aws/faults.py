"""Bad days on order: errors, delays and cut connections, per account and action, always the same way."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.aws.gate.conditions import matches_glob
from sandbox.aws.wire import AwsError

MESSAGES = {
    "RequestLimitExceeded": "Request limit exceeded.",
    "Throttling": "Rate exceeded",
    "InsufficientInstanceCapacity": "We currently do not have sufficient capacity in the requested zone.",
    "ServiceUnavailable": "The service is unavailable. Please try again shortly.",
    "InternalError": "An internal error has occurred.",
}


@dataclass
class Fault:
    """What happens to matching calls: wait, then fail with `error`, or execute and cut the line.

    `account` is where a call acts and may be `*`; `action` is like `ec2:RunInstances`, with wildcards.
    The first `after` matching calls pass unharmed; then `times` calls suffer, all of them if None.
    """

    account: str = "*"
    action: str = "*"
    error: str | None = None
    status: int | None = None
    message: str | None = None
    delay: float = 0.0
    cut: bool = False
    times: int | None = 1
    after: int = 0

    def matches(self, account: str, action: str) -> bool:
        return matches_glob(account, self.account) and matches_glob(action, self.action, ignore_case=True)

    def take(self) -> bool:
        """Whether this call suffers; counts it."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0

    def as_error(self) -> AwsError | None:
        if not self.error:
            return None
        message = self.message or MESSAGES.get(self.error, "Injected by the sandbox.")
        return AwsError(self.error, message, self.status)


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, **wish: Any) -> Fault:
        """`add(account=…, action="ec2:RunInstances", error="RequestLimitExceeded", times=2)`."""
        fault = Fault(**wish)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, account: str, action: str) -> Fault | None:
        """The fault that this call suffers, the first added of several."""
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.times is None or fault.times > 0]
            matching = (fault for fault in self._faults if fault.matches(account, action))
            return next((fault for fault in matching if fault.take()), None)

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults if fault.times is None or fault.times > 0]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
