"""How moments and spans are said: short, in English, the same on the server and in times.js."""

from datetime import datetime, timedelta
from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_DAYS_FROM: Final = 2 * 86_400


def span(length: timedelta) -> str:
    """One figure and its unit: "40 s", "3 min", "47 h", "12 d"."""
    seconds = abs(round(length.total_seconds()))
    for unit, size in _UNITS:
        # Hours reach to two days: "30 h" says more than "1 d".
        if seconds >= (_DAYS_FROM if unit == "d" else size):
            return f"{seconds // size} {unit}"
    return "0 s"


def relative(moment: datetime, now: datetime) -> str:
    """ "3 min ago" or "in 3 min"; what is nearer than a second is "now"."""
    distance = moment - now
    if abs(distance) < timedelta(seconds=1):
        return "now"
    return f"in {span(distance)}" if distance > timedelta() else f"{span(distance)} ago"


def took(length: timedelta) -> str:
    """How long a thing took, in two figures where one would say too little: "8 min 4 s"."""
    seconds = round(length.total_seconds())
    minutes, hours = seconds // 60, seconds // 3_600
    if not minutes:
        return f"{seconds} s"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {seconds % 60} s"


def left(end: datetime, now: datetime) -> str:
    """What is left of a time that somebody has: "41:12 left", from an hour on "2 h 14 min left"."""
    seconds = int((end - now).total_seconds())
    if seconds <= 0:
        return "over"
    if seconds >= 3_600:  # noqa: PLR2004 -- an hour
        return f"{seconds // 3_600} h {seconds // 60 % 60} min left"
    return f"{seconds // 60}:{seconds % 60:02} left"
