"""No route may be left open: each names its permission, or stands on a short list of those that need none."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from tenants.policy import Permission, Role, allows

ONE = "00000000-0000-4000-8000-000000000001"

# Routes of nobody in particular, or of one's own account; everything else belongs to a tenant.
PUBLIC = {"healthz", "readyz", "metrics", "theme/", "api/v1/schema/", "api/v1/docs/"} | {
    "api/v1/schemas/deployment-spec.json",
    "api/v1/<path:rest>",  # where there is nothing
    ".well-known/openid-configuration",  # whose word this portal gives, for those who must check it
    ".well-known/jwks.json",
    ".well-known/enclave-audit-keys.json",  # for those who verify a checkpoint
    "invitation/",  # says what a link opens, to the browser that opened it
    "invitation/<slug:secret>/",
    "_outbox/",  # the letters of a demo; nowhere else
    "_outbox/<slug:name>/",
    "sign-on/",  # the way through a tenant's identity provider, and back
    "sign-on/<slug:name>/",
    "sign-on/<slug:name>/start/",
    "sign-on/<slug:name>/callback/",
}
OWN = {
    "",
    "tenants/create/",
    "invitation/accept/",
    "invitation/prove/",
    "invitation/switch/",
    "api/v1/tenants/",
    "api/v1/zones/",
    "api/v1/zones/<zone:zone>/",
}
FOREIGN = ("accounts/",)  # allauth guards itself

ARGUMENTS = {
    "tenant": "acme",
    "account": "aws:111122223333",
    "zone": "prod.aws-us-east-1c",
    "application": "recommender",
    "number": "1",
    "sequence": "1",
}


def routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern) and not route.startswith(FOREIGN):
            yield route, entry.callback


def address(route: str) -> str:
    """An address that the route takes; what it names need not exist."""
    return "/" + re.sub(r"<(\w+:)?(\w+)>", lambda found: ARGUMENTS.get(found[2], ONE), route)


# The area of staff has a gate and a walk of its own, see test_staff_gate.py.
ALL = {route: view for route, view in routes() if not route.startswith(("staff/", "api/v1/staff/"))}
TENANT = {route: view for route, view in ALL.items() if "<slug:tenant>" in route}
API = {route: view for route, view in TENANT.items() if route.startswith("api/")}
PAGES = {route: view for route, view in TENANT.items() if route not in API}


def permissions_of(view) -> dict[str, Permission]:
    api = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return dict(api.permissions) if api else {"GET": getattr(view, "permission", None)}


def test_every_route_belongs_to_a_tenant_or_stands_on_the_list():
    open_to_all = ALL.keys() - TENANT.keys()

    assert open_to_all <= PUBLIC | OWN


def test_the_walk_finds_pages_and_api_of_both_apps():
    assert {"t/<slug:tenant>/members/", "t/<slug:tenant>/hosts/"} <= PAGES.keys()
    assert {"api/v1/tenants/<slug:tenant>/tokens/"} <= API.keys()


@pytest.mark.parametrize("route", sorted(TENANT))
def test_every_route_of_a_tenant_names_its_permission(route):
    named = permissions_of(TENANT[route])

    assert named
    assert all(isinstance(permission, Permission) for permission in named.values())


@pytest.mark.parametrize("route", sorted(API))
def test_every_handler_of_the_api_has_a_permission(route):
    view = TENANT[route].view_class
    handled = {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}

    assert handled == set(view.permissions)


@pytest.mark.parametrize("route", sorted(TENANT))
def test_every_address_of_this_walk_leads_to_its_route(route):
    assert resolve(address(route)).route == route


@pytest.mark.parametrize("route", sorted(PAGES))
def test_a_page_sends_nobody_to_sign_in(acme, route):
    response = asked(Client(), route)

    assert (response.status_code, response.url.split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("route", sorted(API))
def test_the_api_answers_nobody_with_401(acme, route):
    for method in permissions_of(TENANT[route]):
        response = Client().generic(method, address(route))
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", sorted(OWN & ALL.keys()))
def test_what_is_of_ones_own_account_needs_one(db, route):
    assert asked(Client(), route).status_code == (401 if route.startswith("api/") else 302)


@pytest.mark.parametrize("route", sorted(PAGES))
def test_a_stranger_is_told_that_there_is_no_such_tenant(acme, globex, browser, route):
    stranger = browser(Role.ADMIN, globex)

    assert asked(stranger, route).status_code == 404


@pytest.mark.parametrize("route", sorted(API))
def test_the_api_tells_a_strangers_token_and_session_that_there_is_no_such_tenant(
    acme, globex, api, browser, route
):
    for method in permissions_of(TENANT[route]):
        for stranger in (api(Role.ADMIN, globex), browser(Role.ADMIN, globex)):
            assert stranger.generic(method, address(route)).status_code == 404


@pytest.mark.parametrize("route", sorted(PAGES))
def test_a_member_without_the_right_gets_403_on_a_page(browser, route):
    lacking = [role for role in Role if not allows([role], TENANT[route].permission)]

    for role in lacking:
        assert asked(browser(role), route).status_code == 403


@pytest.mark.parametrize("route", sorted(API))
def test_a_token_without_the_right_gets_403(api, route):
    for method, permission in permissions_of(TENANT[route]).items():
        for role in Role:
            if not allows([role], permission):
                assert api(role).generic(method, address(route)).status_code == 403


def asked(client: Client, route: str):
    """Ask with GET, and where a page takes none, with POST."""
    response = client.get(address(route))
    return response if response.status_code != 405 else client.post(address(route))


def test_a_member_is_admitted(browser):
    assert browser(Role.READER).get("/t/acme/members/").status_code == 200


def test_a_tenant_that_does_not_exist_looks_like_one_that_is_not_yours(browser, globex):
    client = browser(Role.READER)

    missing, foreign = client.get("/t/nosuch/members/"), client.get("/t/globex/members/")

    assert (missing.status_code, foreign.status_code) == (404, 404)


def test_who_signed_in_and_was_then_shut_out_is_a_stranger(browser, actor, in_acme):
    client = browser(Role.READER)
    actor(Role.READER).membership.delete()

    assert client.get("/t/acme/members/").status_code == 404
