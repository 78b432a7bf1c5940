"""Resource Manager's token buckets: per subscription, principal and kind of call."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.azure.errors import ArmError

# Size of the bucket, and tokens a second.
LIMITS = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Throttle:
    """Counts calls; raises the 429 that tells when to come back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def take(self, subscription: str, principal: str, method: str) -> dict[str, str]:
        """Count one call; what is left, as a header."""
        kind = KINDS.get(method, "writes")
        size, rate = LIMITS[kind]
        bucket = self._buckets.setdefault((subscription.lower(), principal, kind), _Bucket(size, self._now()))
        bucket.tokens = min(size, bucket.tokens + (self._now() - bucket.filled_at) * rate)
        bucket.filled_at = self._now()
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / rate)
            text = f"Number of '{kind}' requests for subscription '{subscription}' exceeded the limit."
            text += f" Please try again after '{wait}' seconds."
            raise ArmError(429, "SubscriptionRequestsThrottled", text, headers={"Retry-After": str(wait)})
        bucket.tokens -= 1
        return {f"x-ms-ratelimit-remaining-subscription-{kind}": str(int(bucket.tokens))}

    def clear(self) -> None:
        self._buckets.clear()
