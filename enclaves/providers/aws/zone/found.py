"""Exactly one: what to say where a thing is missing, doubled, or of another registration."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from enclaves.blueprints.aws.names import SERVICE_TAG
from enclaves.providers.aws.findings import Mismatch
from enclaves.providers.base import Place


def tags_of(thing: Mapping[str, Any]) -> dict[str, str]:
    tags = cast("Sequence[Mapping[str, str]]", thing.get("Tags") or ())
    return {tag["Key"]: tag["Value"] for tag in tags}


def of_service[T: Mapping[str, Any]](things: Iterable[T], service: str) -> list[T]:
    return [thing for thing in things if tags_of(thing).get(SERVICE_TAG) == service]


def only[T: Mapping[str, Any]](things: Sequence[T], what: str, id_name: str, place: Place) -> T:
    """Return the one thing. Raises Mismatch if there is none, or more than one."""
    if not things:
        raise Mismatch(f"There is no {what}", apply_again(place), f"{what}: none tagged for {place.zone}")
    if len(things) > 1:
        ids = ", ".join(sorted(str(thing[id_name]) for thing in things))
        raise Mismatch(
            f"There are {len(things)} of what must be one {what}: {ids}",
            f"Only the one that the stack of {place.zone} made may carry its tags. Remove the others, or "
            "their tag enclave:zone. The check runs again by itself.",
            ids,
        )
    return things[0]


def apply_again(place: Place) -> str:
    return f"Apply the zone template in {place.region} again. The check runs again by itself."
