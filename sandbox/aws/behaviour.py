"""How the pretend AWS behaves where the real one differs from day to day: delays and capacity."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

ANY = "*"


@dataclass
class Behaviour:
    """One per process, because the engine is. Seconds of 0 mean at once."""

    pending_seconds: float = 0.0
    shutdown_seconds: float = 0.0
    # AWS shows a terminated instance for about an hour.
    vanish_seconds: float = 3600.0
    status_seconds: float = 0.0
    portal_account: str = "999900001111"
    # (account, instance type, zone id), each may be "*", to the number of instances that still fit.
    capacity: dict[tuple[str, str, str], int] = field(default_factory=dict)
    impaired_instances: set[str] = field(default_factory=set)
    clock: Callable[[], float] = time.monotonic

    def reset(self) -> None:
        """Back to what a new process has; the portal's account stays."""
        fresh = Behaviour(portal_account=self.portal_account)
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def limit_capacity(
        self, free: int, account: str = ANY, instance_type: str = ANY, zone: str = ANY
    ) -> None:
        """From now on only so many more instances fit; launches count it down."""
        self.capacity[account, instance_type, zone] = free

    def free_capacity(self, account: str, instance_type: str, zone: str) -> int | None:
        """How many more fit, None if nobody limited it."""
        limits = [self.capacity[key] for key in self._limits(account, instance_type, zone)]
        return min(limits, default=None)

    def use_capacity(self, count: int, account: str, instance_type: str, zone: str) -> None:
        for key in self._limits(account, instance_type, zone):
            self.capacity[key] -= count

    def _limits(self, *place: str) -> list[tuple[str, str, str]]:
        return [
            key
            for key in self.capacity
            if all(want in (ANY, is_) for want, is_ in zip(key, place, strict=True))
        ]

    def change(self, **values: Any) -> None:
        """Set the plain values by name; raises ValueError for a name that is none of them."""
        allowed = {"pending_seconds", "shutdown_seconds", "vanish_seconds", "status_seconds"}
        if unknown := set(values) - allowed:
            raise ValueError(f"Unknown settings: {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            setattr(self, name, float(value))


BEHAVIOUR = Behaviour()
