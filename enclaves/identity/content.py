"""What is inside the documents: JSON, read without any leniency."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from enclaves.identity.errors import IdentityRefused

SKEW = timedelta(minutes=5)  # by how much the cloud's clock may be ahead of ours
_DEEP = 20  # levels of nesting; more is no document of a cloud


def from_base64(text: bytes) -> bytes:
    """What a metadata service hands out: base64 with line breaks and nothing else; raises IdentityRefused."""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise IdentityRefused("The document is not in base64.") from error


def read_object(content: bytes) -> dict[str, Any]:
    """A JSON object without repeated names; raises IdentityRefused."""
    if content.count(b"{") + content.count(b"[") > _DEEP:
        raise IdentityRefused("The document is too deep.")
    try:
        found = json.loads(content.decode(), object_pairs_hook=_without_repeats, parse_constant=_refuse)
    except ValueError as error:
        raise IdentityRefused("The document holds no proper JSON.") from error
    if not isinstance(found, dict):
        raise IdentityRefused("The document holds no object.")
    return found


def read_text(found: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    """A member that is a text of a form; raises IdentityRefused."""
    value = found.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise IdentityRefused(f"The document's {name} is missing or malformed.")
    return value


def read_time(text: str, form: str) -> datetime:
    """A moment in UTC; `form` is as `strptime` has it, with its offset. Raises IdentityRefused."""
    try:
        return datetime.strptime(text, f"{form}%z").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise IdentityRefused("A time in the document is malformed.") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise IdentityRefused("A name in the document is repeated.")
    return found


def _refuse(constant: str) -> None:
    raise IdentityRefused(f"The document holds {constant}, which is no JSON.")
