"""Pages of long lists: each begins after a row, so that the thousandth costs no more than the first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

PAGE_SIZE = 50


class BadCursor(ValueError):
    """A cursor was not made by us, or for another list."""


@dataclass(frozen=True)
class Page[Row: Model]:
    """Some rows of a list, and the query strings that lead to its neighbours; empty at the ends."""

    rows: Sequence[Row]
    previous: str = ""
    next: str = ""


def page_of[Row: Model](
    rows: QuerySet[Row], params: QueryDict, *, order: Sequence[str], size: int = 0
) -> Page[Row]:
    """Cut the page that a person asks for; a cursor that makes no sense leads to the first page."""
    try:
        return cut(rows, params, order=order, size=size or PAGE_SIZE)
    except BadCursor:
        return cut(rows, QueryDict(), order=order, size=size or PAGE_SIZE)


def cut[Row: Model](rows: QuerySet[Row], params: QueryDict, *, order: Sequence[str], size: int) -> Page[Row]:
    """Cut the page that ``params`` asks for out of a list, or raise BadCursor.

    ``order`` names fields that are unique together, all with the same direction ("-" for descending).
    """
    backwards, position = _position(rows, params, order)
    wanted = [_turned(name) for name in order] if backwards else list(order)
    found = list(_beyond(rows, wanted, position).order_by(*wanted)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before, after = (more, True) if backwards else (bool(position), more)
    return Page(
        found,
        previous=_link(params, "before", found[0], order) if found and before else "",
        next=_link(params, "after", found[-1], order) if found and after else "",
    )


def _position(rows: QuerySet[Any], params: QueryDict, order: Sequence[str]) -> tuple[bool, list[Any]]:
    for name in ("before", "after"):
        if name in params:
            return name == "before", _decoded(rows, str(params[name]), order)
    return False, []


def _decoded(rows: QuerySet[Any], cursor: str, order: Sequence[str]) -> list[Any]:
    try:
        text = urlsafe_b64decode(cursor).decode()
        values = json.loads(text.replace(r"\u0000", ""))  # which PostgreSQL takes in no text
        fields = [rows.model._meta.get_field(name.lstrip("-")) for name in order]
        return [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, RecursionError, ValidationError) as error:
        raise BadCursor("This cursor was not made for this list.") from error


def _beyond[Row: Model](rows: QuerySet[Row], order: Sequence[str], position: list[Any]) -> QuerySet[Row]:
    """Keep what comes after a position: greater in a field, and equal in those before it."""
    condition, equal = Q(), Q()
    for name, value in zip(order, position, strict=False):
        field, step = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    return rows.filter(condition)


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _link(params: QueryDict, direction: str, row: Model, order: Sequence[str]) -> str:
    values = [getattr(row, name.lstrip("-")) for name in order]
    cursor = urlsafe_b64encode(json.dumps(values, default=str).encode()).decode()
    kept = params.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    kept[direction] = cursor
    return f"?{kept.urlencode()}"
