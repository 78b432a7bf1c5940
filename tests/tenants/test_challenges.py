"""What cannot be taken back asks again who it is, on every page and in every method that does it."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from tenants.policy import Role
from tests.signing_in import PASSKEY, TOO_LONG, TOTP, give_totp, sign_in
from tests.tenants.test_gate import API, PAGES, address

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


DANGEROUS_PAGES = {
    f"t/<slug:tenant>/{page}"
    for page in (
        "freeze/",
        "unfreeze/",
        "security/require/",
        "security/lift/",
        "sign-on/configure/",
        "sign-on/try/",
        "sign-on/require/",
        "sign-on/lift/",
        "sign-on/end-sessions/",
        "sign-on/remove/",
        "sign-on/identities/<uuid:pk>/untie/",
        "members/<uuid:pk>/roles/",
        "members/<uuid:pk>/remove/",
        "invitations/send/",
        "tokens/create/",
        "tokens/<uuid:pk>/rotate/",
        "service-accounts/create/",
        "service-accounts/<uuid:pk>/change/",
        "service-accounts/<uuid:pk>/enable/",
        "service-accounts/<uuid:pk>/tokens/create/",
        "accounts/<str:account>/freeze/",
        "accounts/<str:account>/unfreeze/",
        "accounts/<str:account>/remove/",
        "enclaves/<str:account>/<str:zone>/remove/",
        "deployments/<uuid:pk>/retire/",
    )
}
DANGEROUS_METHODS = {
    (f"api/v1/tenants/<slug:tenant>/{place}", method)
    for place, method in (
        ("freeze/", "POST"),
        ("unfreeze/", "POST"),
        ("security/", "PATCH"),
        ("sign-on/", "PUT"),
        ("sign-on/", "DELETE"),
        ("sign-on/require/", "POST"),
        ("sign-on/lift/", "POST"),
        ("sign-on/end-sessions/", "POST"),
        ("sign-on/identities/<uuid:id>/", "DELETE"),
        ("members/<uuid:id>/", "PATCH"),
        ("members/<uuid:id>/", "DELETE"),
        ("invitations/", "POST"),
        ("tokens/", "POST"),
        ("tokens/<uuid:id>/rotate/", "POST"),
        ("service-accounts/", "POST"),
        ("service-accounts/<slug:name>/", "PATCH"),
        ("service-accounts/<slug:name>/enable/", "POST"),
        ("cloud-accounts/<account:account>/", "DELETE"),
        ("cloud-accounts/<account:account>/freeze/", "POST"),
        ("cloud-accounts/<account:account>/unfreeze/", "POST"),
        ("enclaves/<account:account>/<zone:zone>/", "DELETE"),
        ("deployments/<uuid:id>/retire/", "POST"),
    )
}


@pytest.fixture
def stale(actor):
    """An admin who signed in too long ago: ``stale(factor=TOTP)``."""

    def make(**how) -> Client:
        user = actor(Role.ADMIN).membership.user
        user.set_password("a sentence that nobody guesses")
        user.save()
        return sign_in(Client(), user, ago=TOO_LONG, **how)

    return make


def test_the_table_names_routes_that_there_are():
    assert DANGEROUS_PAGES - PAGES.keys() == set()
    assert {route for route, _ in DANGEROUS_METHODS} - API.keys() == set()


@pytest.mark.parametrize("route", sorted(DANGEROUS_PAGES))
def test_a_dangerous_page_asks_again_before_it_asks_what_to_do(stale, route):
    answer = stale().get(address(route))

    assert (answer.status_code, answer.url.split("?")[0]) == (302, "/accounts/reauthenticate/")


@pytest.mark.parametrize("route", sorted(DANGEROUS_PAGES))
def test_a_dangerous_form_that_comes_late_does_nothing_and_leads_back_to_its_question(stale, route):
    answer = stale().post(address(route))

    assert answer.url == f"/accounts/reauthenticate/?{urlencode({'next': address(route)})}"


@pytest.mark.parametrize(("route", "method"), sorted(DANGEROUS_METHODS))
def test_the_api_tells_a_session_to_authenticate_again(stale, route, method):
    answer = stale().generic(method, address(route))

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/reauthenticate")


@pytest.mark.parametrize(("route", "method"), sorted(DANGEROUS_METHODS))
def test_a_token_is_never_asked_to_authenticate_again(api, route, method):
    answer = api(Role.ADMIN).generic(method, address(route))

    assert "reauthenticate" not in answer.content.decode()


def test_nothing_was_frozen_by_a_form_that_came_late(stale, acme):
    stale().post("/t/acme/freeze/", {"word": "acme"})

    acme.refresh_from_db()
    assert acme.frozen_at is None


def test_who_has_a_second_factor_is_asked_for_that_one(stale, actor):
    give_totp(actor(Role.ADMIN).membership.user)

    answer = stale(factor=TOTP).get("/t/acme/freeze/")

    assert answer.url == "/accounts/2fa/reauthenticate/?next=%2Ft%2Facme%2Ffreeze%2F"


def test_the_password_alone_does_not_stand_in_for_a_second_factor(actor):
    user = actor(Role.ADMIN).membership.user
    give_totp(user)
    just_the_password = sign_in(Client(), user, factor=PASSKEY, factor_ago=TOO_LONG)

    assert just_the_password.get("/t/acme/freeze/").status_code == 302


def test_a_script_is_told_to_leave_the_page_instead_of_being_led_away(stale):
    answer = stale().get("/t/acme/freeze/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"].split("?")[0]) == (403, "/accounts/reauthenticate/")


def test_the_way_back_keeps_what_was_asked_for(stale):
    answer = stale().get("/t/acme/invitations/send/?email=bob%40acme.example")

    assert "next=%2Ft%2Facme%2Finvitations%2Fsend%2F%3Femail%3D" in answer.url


def test_what_can_be_taken_back_asks_nothing(stale):
    assert stale().get("/t/acme/members/").status_code == 200
