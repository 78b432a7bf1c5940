"""Pages of a listing: a size within AWS's bounds, and a token that says how far we are."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from moto.ec2.exceptions import EC2ClientError


def page_of[T](
    response: Any,
    items: Sequence[T],
    sizes: range,
    default: int | None = None,
    position: Callable[[T], int] | None = None,
) -> tuple[list[T], str | None]:
    """The page that the request asks for, and the token of the next one.

    With `position`, a number that grows along the list, a page continues rightly even if items before it
    have come or gone meanwhile; otherwise the list must stay the same.
    """
    size = _size(response.params.get("MaxResults"), sizes) or default
    places = [position(item) for item in items] if position else list(range(1, len(items) + 1))
    after = _read(response.params.get("NextToken"))
    rest = [(place, item) for place, item in zip(places, items, strict=True) if place > after]
    page = rest if size is None else rest[:size]
    token = _written(page[-1][0]) if len(page) < len(rest) else None
    return [item for _, item in page], token


def _size(wanted: Any, sizes: range) -> int | None:
    if wanted is None:
        return None
    if int(wanted) not in sizes:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ( {wanted} ) for parameter maxResults is invalid. "
            f"Expecting a value between {sizes[0]} and {sizes[-1]}.",
        )
    return int(wanted)


def _written(place: int) -> str:
    return base64.urlsafe_b64encode(f"after:{place}".encode()).decode()


def _read(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("after:"))
    except (binascii.Error, ValueError):
        raise EC2ClientError("InvalidParameterValue", "Unable to parse pagination token") from None
