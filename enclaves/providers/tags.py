"""Checks of what the account template wrote on the things that it made, the same on every cloud."""

from collections.abc import Mapping

from enclaves.providers.base import CheckDefinition, Finding
from enclaves.providers.findings import Mismatch, passed

APPLY_AGAIN = "Apply the account template again. The check runs again by itself."

# By the name of a thing, its tags.
type Tagged = Mapping[str, Mapping[str, str]]


def test_registration(
    check: CheckDefinition, things: Tagged, *, tag: str, registration: str, they: str
) -> Finding:
    """Pass if all things carry this registration; ``they`` begins the sentence about those that do not."""
    wrong = _others(things, tag, registration)
    if wrong:
        raise Mismatch(
            f"Not of this registration: {', '.join(wrong)}",
            f"{they} were made by the template of another registration. Apply the account template of this "
            "one. The check runs again by itself.",
            _told(tag, wrong),
        )
    return passed(check, f"{tag} = {registration}")


def test_version(check: CheckDefinition, things: Tagged, *, tag: str, version: int) -> Finding:
    """Pass if all things were made by this version of the template."""
    wrong = _others(things, tag, str(version))
    if wrong:
        title = f"The account template is not at version {version}"
        raise Mismatch(title, f"Version {version} is current. {APPLY_AGAIN}", _told(tag, wrong))
    return passed(check, f"{tag} = {version}")


def _others(things: Tagged, tag: str, wanted: str) -> dict[str, str]:
    """The things whose tag is another one, with what it is."""
    found = {name: tags.get(tag, "nothing") for name, tags in things.items()}
    return {name: value for name, value in found.items() if value != wanted}


def _told(tag: str, found: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {tag} = {value}" for name, value in found.items())
