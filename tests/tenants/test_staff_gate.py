"""The area of staff: for everybody else there is none, and without a second factor it stays closed."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tenants import assurance
from tenants.models import User
from tenants.policy import Role, StaffPermission, StaffRole, staff_allows
from tenants.services.staff import remove_staff
from tests.signing_in import TOO_LONG, TOTP, give_totp, sign_in

pytestmark = pytest.mark.django_db(databases=["default", "system"])

ONE = "00000000-0000-4000-8000-000000000001"
OPERATOR = StaffRole.OPERATOR
FRESH = {
    "staff/people/add/",
    "staff/people/<uuid:pk>/roles/",
    "staff/people/<uuid:pk>/remove/",
    "staff/zones/add/",
    "staff/zones/<str:zone>/open/",
    "staff/zones/<str:zone>/close/",
    "staff/access/<slug:grant>/decide/",
}


def routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern) and route.startswith(("staff/", "api/v1/staff/")):
            yield route, entry.callback


ALL = dict(routes())
PAGES = {route: view for route, view in ALL.items() if route.startswith("staff/")}
API = {route: view.view_class for route, view in ALL.items() if route not in PAGES}
API_FRESH = {
    ("POST", "people/"),
    ("PATCH", "people/<uuid:id>/"),
    ("DELETE", "people/<uuid:id>/"),
    ("POST", "zones/"),
    ("PATCH", "zones/<zone:zone>/"),
    ("POST", "access-requests/<slug:name>/approve/"),
    ("POST", "access-requests/<slug:name>/deny/"),
}


def address(route: str) -> str:
    """An address that the route takes; what it names does not exist."""
    return "/" + re.sub(r"<(\w+:)?(\w+)>", lambda found: ONE if "uuid" in found[0] else "nothing", route)


@pytest.fixture
def all_roles(staff):
    """The operator who is everything else too."""
    member = staff(OPERATOR).member
    member.roles = list(StaffRole)
    member.save(update_fields=["roles"])
    return member


def asked(client: Client, route: str):
    """Ask with GET, and where a page takes none, with POST."""
    answer = client.get(address(route))
    return answer if answer.status_code != 405 else client.post(address(route))


def test_the_walk_finds_pages_of_both_apps():
    assert {"staff/", "staff/tenants/<slug:name>/", "staff/people/"} <= PAGES.keys()


@pytest.mark.parametrize("route", PAGES)
def test_every_page_of_staff_names_its_permission(route):
    assert isinstance(PAGES[route].permission, StaffPermission)


@pytest.mark.parametrize("route", PAGES)
def test_nobody_is_sent_to_sign_in(route):
    answer = asked(Client(), route)

    assert (answer.status_code, answer.url.split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("route", PAGES)
def test_for_members_and_strangers_and_programs_there_is_no_such_place(actor, api, new_user, route):
    admin, stranger = actor(Role.ADMIN).membership.user, new_user("eve@nowhere.example")

    answers = [asked(sign_in(Client(), user, factor=TOTP), route) for user in (admin, stranger)]

    assert [answer.status_code for answer in answers] == [404, 404]
    # A token says nothing here; it is not even looked at.
    assert asked(api(Role.ADMIN), route).status_code == 302


@pytest.mark.parametrize("route", PAGES)
def test_staff_without_a_second_factor_are_led_to_one(all_roles, staff_browser, route):
    answer = asked(staff_browser(OPERATOR, factor=""), route)

    assert (answer.status_code, "next=" in answer.url) == (302, True)


@pytest.mark.parametrize("route", PAGES)
@pytest.mark.parametrize("role", StaffRole)
def test_staff_without_the_right_get_403(staff_browser, role, route):
    allowed = staff_allows([role], PAGES[route].permission)

    answer = asked(staff_browser(role), route)

    assert (answer.status_code == 403) is not allowed


@pytest.mark.parametrize("route", sorted(FRESH))
def test_what_cannot_be_taken_back_asks_for_a_late_second_factor(all_roles, staff_browser, route):
    browser = staff_browser(OPERATOR, ago=TOO_LONG)
    give_totp(all_roles.user)

    answer = browser.post(address(route))

    assert (answer.status_code, "reauthenticate" in answer.url) == (302, True)


def test_nothing_else_asks_for_it(all_roles, staff_browser):
    browser = staff_browser(OPERATOR, ago=TOO_LONG)

    codes = {route: asked(browser, route).status_code for route in PAGES.keys() - FRESH}

    assert set(codes.values()) == {200, 404}


def test_who_was_removed_a_moment_ago_is_a_stranger(staff, staff_browser):
    staff(OPERATOR)
    browser = staff_browser(StaffRole.SUPPORT)
    before = browser.get("/staff/zones/").status_code

    remove_staff(staff(StaffRole.SUPPORT).member, by=staff(OPERATOR))

    assert (before, browser.get("/staff/zones/").status_code) == (200, 404)


def test_an_account_that_was_closed_opens_nothing(staff, staff_browser):
    browser = staff_browser(OPERATOR)
    User.objects.filter(pk=staff(OPERATOR).id).update(is_active=False)

    assert browser.get("/staff/zones/").status_code in (302, 404)


def test_no_identity_provider_of_a_tenant_opens_the_area_of_staff(staff_browser):
    browser = staff_browser(OPERATOR)
    session = browser.session
    session[assurance.SIGNED_ON_FOR] = str(uuid4())
    session.save()

    assert browser.get("/staff/zones/").status_code == 404


def test_staff_reach_no_page_of_a_tenant(acme, staff_browser):
    browser = staff_browser(OPERATOR)

    answers = [browser.get(url) for url in ("/t/acme/", "/t/acme/members/", "/api/v1/tenants/acme/")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_staff_land_in_their_own_area(staff_browser):
    browser = staff_browser(StaffRole.SUPPORT)

    assert browser.get("/").url == "/staff/"
    assert browser.post("/tenants/create/", {"name": "vendor"}).status_code == 403


def calls():
    return [(method, route) for route, view in API.items() for method in view.staff_permissions]


def call(client: Client, method: str, route: str):
    return client.generic(method, address(route), "{}", "application/json")


def test_the_walk_finds_the_api_of_both_apps():
    assert {"api/v1/staff/hosts/", "api/v1/staff/people/"} <= API.keys()


def test_every_handler_of_the_api_of_staff_has_a_permission():
    names = ("get", "post", "put", "patch", "delete")
    handled = {route: {name.upper() for name in names if hasattr(view, name)} for route, view in API.items()}

    assert handled == {route: set(view.staff_permissions) for route, view in API.items()}
    named = [one for view in API.values() for one in view.staff_permissions.values()]
    assert [one for one in named if not isinstance(one, StaffPermission)] == []


def test_the_api_of_staff_answers_nobody_with_401():
    answers = [call(Client(), *one) for one in calls()]

    assert {answer.status_code for answer in answers} == {401}
    assert all(answer["WWW-Authenticate"].startswith("Bearer") for answer in answers)


def test_for_members_strangers_and_tokens_there_is_no_such_api(actor, api, new_user):
    admin, stranger = actor(Role.ADMIN).membership.user, new_user("eve@nowhere.example")
    clients = [sign_in(Client(), user, factor=TOTP) for user in (admin, stranger)] + [api(Role.ADMIN)]

    codes = {call(client, *one).status_code for one in calls() for client in clients}

    assert codes == {404}


def test_a_token_beside_a_session_of_staff_opens_nothing_either(staff_browser, token_of):
    client = staff_browser(OPERATOR)
    both = {"Authorization": f"Bearer {token_of(Role.ADMIN)[1]}"}

    # Else a request that carries a token would need no proof that a page of ours sent it.
    assert client.post("/api/v1/staff/people/", "{}", "application/json", headers=both).status_code == 404


def test_the_api_refuses_staff_without_a_second_factor(all_roles, staff_browser):
    client = staff_browser(OPERATOR, factor="")

    answers = [call(client, *one) for one in calls()]

    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["type"].rpartition("/")[2] for answer in answers} == {"second-factor"}


@pytest.mark.parametrize("role", StaffRole)
def test_the_api_refuses_staff_without_the_right(staff_browser, role):
    client = staff_browser(role)

    refused = {(method, route) for method, route in calls() if call(client, method, route).status_code == 403}

    lacking = [
        (method, route)
        for method, route in calls()
        if not staff_allows([role], API[route].staff_permissions[method])
    ]
    assert refused == set(lacking)


def test_what_cannot_be_taken_back_asks_for_a_late_second_factor_at_the_api_too(all_roles, staff_browser):
    client = staff_browser(OPERATOR, ago=TOO_LONG)
    give_totp(all_roles.user)

    stale = {(method, route) for method, route in calls() if call(client, method, route).status_code == 403}

    assert stale == {(method, f"api/v1/staff/{route}") for method, route in API_FRESH}
