"""Rotation policies of keys: ISO 8601 durations and the bounds that Key Vault sets."""

import re
from typing import Any

from sandbox.azure.errors import ArmError, refused

SHORTEST_LIFE = 28  # days
SHORTEST_MARGIN = 7  # days, after the making of a version and before its end
_DURATION = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
_DAYS = (365, 30, 1)


def check_rotation(policy: dict[str, Any]) -> None:
    """Refuse a policy that Key Vault would not keep."""
    text = (policy.get("attributes") or {}).get("expiryTime")
    life = _days(text) if text else None
    if life is not None and life < SHORTEST_LIFE:
        raise _bad(f"The expiry time must be at least {SHORTEST_LIFE} days.")
    for action in policy.get("lifetimeActions") or []:
        _check_action(action, life)


def _check_action(action: dict[str, Any], life: int | None) -> None:
    trigger = action.get("trigger") or {}
    after, before = trigger.get("timeAfterCreate"), trigger.get("timeBeforeExpiry")
    if bool(after) == bool(before):
        raise _bad("A trigger needs either timeAfterCreate or timeBeforeExpiry.")
    if (action.get("action") or {}).get("type") == "notify" and after:
        raise _bad("The action Notify needs the trigger timeBeforeExpiry.")
    if before and life is None:
        raise _bad("The trigger timeBeforeExpiry needs an expiry time.")
    margin = _days(after or before or "")
    most = life - SHORTEST_MARGIN if life is not None else margin
    if not SHORTEST_MARGIN <= margin <= most:
        raise _bad(
            f"A rotation must be at least {SHORTEST_MARGIN} days after the creation and before the expiry."
        )


def _days(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise _bad(f"'{duration}' is no ISO 8601 duration in days, months or years.")
    return sum(int(number or 0) * days for number, days in zip(found.groups(), _DAYS, strict=True))


def _bad(text: str) -> ArmError:
    return refused("BadParameter", text, "rotationPolicy")
