"""What a body may hold: the properties of each type, their kinds, and which of them only Azure writes."""

from dataclasses import dataclass
from typing import Any

from sandbox.azure.errors import ArmError, refused

# A shape is a kind (str, int, bool), a Choice, a list of one shape, a dict of shapes by property,
# AnyKeys for a dict whose keys are the caller's own, READ_ONLY, or KEPT.
type Shape = Any


class _ReadOnly:
    """Azure's own: taken back without complaint when a caller sends what it has read, and never believed."""


class _Kept:
    """What Resource Manager wrote before the type is asked."""


READ_ONLY, KEPT = _ReadOnly(), _Kept()


@dataclass(frozen=True)
class AnyKeys:
    """An object whose keys the caller chooses, such as tags."""

    value: Shape


@dataclass(frozen=True)
class Choice:
    """One of a few words. Azure reads them without regard to case and stores its own spelling."""

    words: tuple[str, ...]

    def spelled(self, word: str) -> str | None:
        return next((known for known in self.words if known.lower() == word.lower()), None)


def choice(*words: str) -> Choice:
    return Choice(words)


REFERENCE = {"id": str}
IDENTITY = {
    "type": choice("SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"),
    "userAssignedIdentities": AnyKeys({"principalId": READ_ONLY, "clientId": READ_ONLY}),
    "principalId": READ_ONLY,
    "tenantId": READ_ONLY,
}


def child(properties: dict[str, Shape], **more: Shape) -> dict[str, Shape]:
    """The shape of what belongs to another resource, or to a scope."""
    stamps = dict.fromkeys(("id", "name", "type"), KEPT)
    return {**stamps, **more, "properties": {**properties, "provisioningState": READ_ONLY}}


def tracked(properties: dict[str, Shape], **more: Shape) -> dict[str, Shape]:
    """The shape of a resource with a location and tags."""
    return child(properties, location=str, tags=AnyKeys(str), **more)


def fit(body: dict[str, Any], shape: dict[str, Shape]) -> None:
    """Refuse what the shape does not know; take out what only Azure writes, and what is null."""
    _fit_object(body, shape, "")
    body.setdefault("properties", {})


def _fit(value: Any, shape: Shape, path: str) -> Any:
    match shape:
        case AnyKeys():
            return _fit_object(
                value, dict.fromkeys(value, shape.value) if isinstance(value, dict) else {}, path
            )
        case dict():
            return _fit_object(value, shape, path)
        case list():
            return _fit_list(value, shape[0], path)
        case Choice():
            return _fit_word(value, shape, path)
    return _fit_plain(value, shape, path)


def _fit_object(value: Any, shape: dict[str, Shape], path: str) -> Any:
    if not isinstance(value, dict):
        raise _misfit(value, "an object", path)
    for name in list(value):
        inner = f"{path}.{name}" if path else name
        if name not in shape:
            raise _unknown(name, inner)
        if shape[name] is READ_ONLY or value[name] is None:
            del value[name]
        elif shape[name] is not KEPT:
            value[name] = _fit(value[name], shape[name], inner)
    return value


def _fit_list(value: Any, shape: Shape, path: str) -> Any:
    if not isinstance(value, list):
        raise _misfit(value, "an array", path)
    return [_fit(item, shape, f"{path}[{index}]") for index, item in enumerate(value)]


def _fit_word(value: Any, shape: Choice, path: str) -> str:
    word = shape.spelled(value) if isinstance(value, str) else None
    if word is None:
        raise refused(
            "InvalidParameter",
            f"The value '{value}' of parameter '{path}' is not allowed. Allowed values are: "
            f"{', '.join(shape.words)}.",
            target=path,
        )
    return word


def _fit_plain(value: Any, kind: type, path: str) -> Any:
    # JSON's true is an int to Python, and a number where Azure wants text is refused as well.
    if type(value) is not kind:
        raise _misfit(value, {str: "a string", int: "an integer", bool: "a boolean"}[kind], path)
    return value


def _unknown(name: str, path: str) -> ArmError:
    return refused(
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: 'Could not find member '{name}' "
        f"on object. Path '{path}'.'.",
        target=path,
    )


def _misfit(value: Any, wanted: str, path: str) -> ArmError:
    return refused(
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{value!r} is not {wanted}. "
        f"Path '{path}'.'.",
        target=path,
    )
