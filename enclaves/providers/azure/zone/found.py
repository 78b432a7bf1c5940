"""Exactly one: what to say where a thing is missing, doubled, misplaced, or of another registration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enclaves.blueprints.azure.names import (
    REGISTRATION_TAG,
    SERVICE_TAG,
    ZONE,
    ZONE_TAG,
    deployment_name,
    group_id,
    subscription_id,
    zone_group,
)
from enclaves.providers.azure import versions
from enclaves.providers.azure.findings import Mismatch
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.base import Claim, Place

type Thing = Mapping[str, Any]


@dataclass(frozen=True)
class Finder:
    """Finds the things of one zone by their tags, wherever in the subscription they are."""

    claim: Claim
    place: Place
    sessions: Sessions

    @property
    def group(self) -> str:
        return zone_group(self.place.zone)

    @property
    def group_id(self) -> str:
        return group_id(self.claim.account, self.group)

    def only(self, kind: str, service: str, what: str) -> Thing:
        """Return the one thing. Raises Mismatch if there is none, more than one, or it is not ours."""
        path = f"{subscription_id(self.claim.account)}/providers/{kind}"
        thing = self._one(kind, path, service, what)
        if not same_id(str(thing["id"])[: len(self.group_id) + 1], f"{self.group_id}/"):
            title = f"The {what} lies outside the resource group {self.group}"
            raise Mismatch(title, apply_again(self.place), str(thing["id"]))
        return thing

    def only_group(self) -> Thing:
        """Return the zone's resource group. Raises Mismatch like ``only``."""
        path = f"{subscription_id(self.claim.account)}/resourcegroups"
        group = self._one(versions.GROUP, path, ZONE, "resource group")
        if not same_id(group["name"], self.group):
            title = f"The resource group of {self.place.zone} is {group['name']}, not {self.group}"
            raise Mismatch(title, apply_again(self.place), str(group["id"]))
        return group

    def _one(self, kind: str, path: str, service: str, what: str) -> Thing:
        found = [
            thing
            for thing in self.sessions.observer.listed(kind, path)
            if tags_of(thing).get(ZONE_TAG) == self.place.zone and tags_of(thing).get(SERVICE_TAG) == service
        ]
        if not found:
            evidence = f"{what}: none tagged for {self.place.zone}"
            raise Mismatch(f"There is no {what}", apply_again(self.place), evidence)
        if len(found) > 1:
            raise self._doubled(what, sorted(str(thing["id"]) for thing in found))
        self._check_registration(found[0], what)
        return found[0]

    def _doubled(self, what: str, ids: list[str]) -> Mismatch:
        names = ", ".join(each.rsplit("/", 1)[1] for each in ids)
        return Mismatch(
            f"There are {len(ids)} of what must be one {what}: {names}",
            f"Only the one that the deployment of {self.place.zone} made may carry its tags. Remove the "
            f"others, or their tag {ZONE_TAG}. The check runs again by itself.",
            ", ".join(ids),
        )

    def _check_registration(self, thing: Thing, what: str) -> None:
        registration = tags_of(thing).get(REGISTRATION_TAG, "nothing")
        if registration != self.claim.registration:
            evidence = f"{thing['name']}: {REGISTRATION_TAG} = {registration}"
            raise Mismatch(f"The {what} carries another registration", apply_again(self.place), evidence)


def tags_of(thing: Thing) -> Mapping[str, str]:
    return thing.get("tags") or {}


def same_id(one: str | None, other: str | None) -> bool:
    """Compare ids as Azure does, which answers in another case than it was asked in."""
    return (one or "").lower() == (other or "").lower()


def settings_of(thing: Thing) -> Mapping[str, Any]:
    return thing.get("properties") or {}


def check_settings(what: str, wrong: Mapping[str, bool], place: Place, evidence: str) -> None:
    """Raises Mismatch that names whatever is wrong."""
    told = [name for name, is_wrong in wrong.items() if is_wrong]
    if told:
        raise Mismatch(f"The {what} is {' and '.join(told)}", apply_again(place), evidence)


def apply_again(place: Place) -> str:
    return (
        f"Apply the zone template ({deployment_name(place.zone)}) in {place.region} again. The check runs "
        "again by itself."
    )
