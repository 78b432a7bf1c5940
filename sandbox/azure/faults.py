"""Bad days on order: errors, throttles, delays, cut connections, late failures, always the same way."""

import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from sandbox.azure.errors import ArmError

STATUSES = {
    "SubscriptionRequestsThrottled": 429,
    "TooManyRequests": 429,
    "AuthorizationFailed": 403,
    "AllocationFailed": 409,
    "ZonalAllocationFailed": 409,
    "OverconstrainedZonalAllocationRequest": 409,
    "SkuNotAvailable": 409,
    "QuotaExceeded": 409,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
}
THROTTLED = 429


@dataclass
class Fault:
    """What happens to matching calls: wait, then fail with `error`, or execute and cut the line.

    `subscription` may be `*`; `action` is like `Microsoft.Compute/virtualMachines/write`, with wildcards,
    or `token` for tokens of its managed identities, with errors like `AADSTS70021`. `late` lets the call be
    accepted and its operation fail. The first `after` matching calls pass unharmed; then `times` calls
    suffer, all of them if None. `retry_after` is told with 429 and 503.
    """

    subscription: str = "*"
    action: str = "*"
    error: str | None = None
    status: int | None = None
    message: str | None = None
    retry_after: int = 1
    delay: float = 0.0
    cut: bool = False
    late: bool = False
    times: int | None = 1
    after: int = 0

    def matches(self, subscription: str, action: str, late: bool) -> bool:
        place = fnmatchcase(subscription.lower(), self.subscription.lower())
        return place and self.late == late and fnmatchcase(action.lower(), self.action.lower())

    def take(self) -> bool:
        """Whether this call suffers; counts it."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0

    def as_error(self) -> ArmError | None:
        if not self.error:
            return None
        status = self.status or STATUSES.get(self.error, 409 if self.late else 400)
        patient = status in (THROTTLED, STATUSES["ServiceUnavailable"])
        headers = {"Retry-After": str(self.retry_after)} if patient else {}
        return ArmError(status, self.error, self.message or "Injected by the sandbox.", headers=headers)


class Faults:
    """The faults that wait for their calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, **wish: Any) -> Fault:
        """`add(subscription=…, action="Microsoft.Compute/*/write", error="TooManyRequests", times=2)`."""
        fault = Fault(**wish)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, subscription: str, action: str, *, late: bool = False) -> Fault | None:
        """The fault that this call suffers, the first added of several."""
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.times is None or fault.times > 0]
            matching = (fault for fault in self._faults if fault.matches(subscription, action, late))
            return next((fault for fault in matching if fault.take()), None)

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults if fault.times is None or fault.times > 0]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
