"""How the pretend Azure behaves where the real one differs from day to day: delays, limits, capacity."""

from dataclasses import dataclass, field, fields
from typing import Any

ANY = "*"
DEFAULT_QUOTA = 350


@dataclass
class Behaviour:
    """`pace` scales all delays: 0 means that what takes time is done when next looked at."""

    pace: float = 0.0
    throttling: bool = True
    page_size: int = 1000
    # (subscription, location, family) to vCPUs; the family "" is the region as a whole.
    quota: dict[tuple[str, str, str], int] = field(default_factory=dict)
    # (subscription, VM size, physical zone), each may be "*", to the number of machines that still fit.
    capacity: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def reset(self) -> None:
        fresh = Behaviour()
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def change(self, **values: Any) -> None:
        """Set plain values by name; raises ValueError for a name that is none of them."""
        kinds = {"pace": float, "throttling": bool, "page_size": int}
        if unknown := set(values) - set(kinds):
            raise ValueError(f"Unknown settings: {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            setattr(self, name, kinds[name](value))

    def limit_quota(self, vcpus: int, subscription: str, location: str, family: str = "") -> None:
        self.quota[subscription.lower(), location, family.lower()] = vcpus

    def quota_of(self, subscription: str, location: str, family: str = "") -> int:
        """The vCPUs allowed, of a family or of the region as a whole."""
        return self.quota.get((subscription.lower(), location, family.lower()), DEFAULT_QUOTA)

    def limit_capacity(self, free: int, subscription: str = ANY, size: str = ANY, zone: str = ANY) -> None:
        """From now on only so many more machines fit; launches count it down. `zone` is physical."""
        self.capacity[subscription.lower(), size, zone] = free

    def free_capacity(self, subscription: str, size: str, zone: str) -> int | None:
        """How many more fit, None if nobody limited it."""
        return min((self.capacity[key] for key in self._limits(subscription, size, zone)), default=None)

    def use_capacity(self, subscription: str, size: str, zone: str) -> None:
        for key in self._limits(subscription, size, zone):
            self.capacity[key] -= 1

    def _limits(self, subscription: str, size: str, zone: str) -> list[tuple[str, str, str]]:
        place = (subscription.lower(), size, zone)
        return [
            key
            for key in self.capacity
            if all(want in (ANY, is_) for want, is_ in zip(key, place, strict=True))
        ]
