"""What the navigation offers, as data; each person sees the places that their rights open."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.urls import reverse

from tenants.gate import Actor
from tenants.policy import Permission


class Place(NamedTuple):
    section: str
    icon: str
    title: str
    route: str
    permission: Permission
    key: str = ""


class Link(NamedTuple):
    icon: str
    title: str
    url: str
    key: str
    current: bool


PLACES: Final = (
    Place("", "home", "Home", "tenant-home", Permission.TENANT_VIEW, "h"),
    Place("", "account", "Cloud accounts", "account-list", Permission.ACCOUNT_VIEW, "c"),
    Place("", "enclave", "Enclaves", "enclave-list", Permission.ENCLAVE_VIEW, "e"),
    Place("", "deploy", "Deployments", "deployment-list", Permission.DEPLOYMENT_VIEW, "d"),
    Place("", "host", "Hosts", "host-list", Permission.HOST_VIEW, "o"),
    Place("", "op", "Operations", "operation-list", Permission.OPERATION_VIEW, "p"),
    Place("Trust", "audit", "Audit", "audit-list", Permission.AUDIT_VIEW, "u"),
    Place("Settings", "people", "Members", "member-list", Permission.MEMBER_VIEW, "m"),
    Place("Settings", "shield", "Security", "tenant-security", Permission.TENANT_SECURE, "s"),
    Place("Settings", "key", "Single sign-on", "sign-on-settings", Permission.SIGN_ON_MANAGE),
    Place("Settings", "token", "API tokens", "token-list", Permission.TOKEN_VIEW, "t"),
)


def sections(actor: Actor, path: str) -> dict[str, list[Link]]:
    """The navigation of one tenant for one person, by section, with the place of `path` marked."""
    found: dict[str, list[Link]] = {}
    for section, link in _links(actor, path):
        found.setdefault(section, []).append(link)
    return found


def _links(actor: Actor, path: str) -> Iterator[tuple[str, Link]]:
    for place in PLACES:
        if actor.may(place.permission):
            url = reverse(place.route, kwargs={"tenant": actor.tenant.name})
            home = place.route == "tenant-home"
            current = path == url if home else path.startswith(url)
            yield place.section, Link(place.icon, place.title, url, place.key, current)
