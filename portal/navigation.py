"""What the navigation offers, as data; each person sees the places that their rights open."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.urls import reverse

from tenants.gate import Actor
from tenants.policy import Permission, StaffPermission
from tenants.staff_gate import StaffActor


class Place[Right: (Permission, StaffPermission)](NamedTuple):
    section: str
    icon: str
    title: str
    route: str
    permission: Right
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
    Place("Trust", "key", "Access", "access-list", Permission.ACCESS_VIEW, "a"),
    Place("Trust", "audit", "Audit", "audit-list", Permission.AUDIT_VIEW, "u"),
    Place("Settings", "people", "Members", "member-list", Permission.MEMBER_VIEW, "m"),
    Place("Settings", "shield", "Security", "tenant-security", Permission.TENANT_SECURE, "s"),
    Place("Settings", "key", "Single sign-on", "sign-on-settings", Permission.SIGN_ON_MANAGE),
    Place(
        "Settings",
        "terminal",
        "Service accounts",
        "service-account-list",
        Permission.SERVICE_ACCOUNT_VIEW,
        "v",
    ),
    Place("Settings", "token", "Personal tokens", "token-list", Permission.TOKEN_VIEW, "t"),
)

_S: Final = StaffPermission
STAFF_PLACES: Final = (
    Place("", "desk", "Fleet", "staff-home", _S.FLEET_VIEW, "h"),
    Place("", "people", "Tenants", "staff-tenant-list", _S.TENANT_LIST, "n"),
    Place("", "account", "Cloud accounts", "staff-account-list", _S.ACCOUNT_LOOK, "c"),
    Place("", "enclave", "Enclaves", "staff-enclave-list", _S.ENCLAVE_LOOK, "e"),
    Place("", "host", "Hosts", "staff-host-list", _S.HOST_LOOK, "o"),
    Place("", "op", "Operations", "staff-operation-list", _S.OPERATION_LOOK, "p"),
    Place("", "key", "Access", "staff-access-list", _S.ACCESS_LOOK, "a"),
    Place("Platform", "bucket", "Zones", "staff-zone-list", _S.ZONE_VIEW, "z"),
    Place("Platform", "shield", "People", "staff-people", _S.STAFF_VIEW, "m"),
    Place("Platform", "audit", "Staff log", "staff-log", _S.STAFF_VIEW, "u"),
)
_HOMES: Final = ("tenant-home", "staff-home")


def sections(actor: Actor, path: str) -> dict[str, list[Link]]:
    """The navigation of one tenant for one person, by section, with the place of `path` marked."""
    open_ = [place for place in PLACES if actor.may(place.permission)]
    return _by_section([(place, reverse(place.route, args=[actor.tenant.name])) for place in open_], path)


def staff_sections(staff: StaffActor, path: str) -> dict[str, list[Link]]:
    """The same for one of the staff, over all tenants."""
    open_ = [place for place in STAFF_PLACES if staff.may(place.permission)]
    return _by_section([(place, reverse(place.route)) for place in open_], path)


def _by_section(places: Iterable[tuple[Place[Any], str]], path: str) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for place, url in places:
        current = path == url if place.route in _HOMES else path.startswith(url)
        link = Link(place.icon, place.title, url, place.key, current)
        found.setdefault(place.section, []).append(link)
    return found
