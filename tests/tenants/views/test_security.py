"""The page on which a tenant requires a second factor, and what members without one then meet."""

import pytest
from django.test import Client

from tenants.policy import Role
from tests.signing_in import TOTP, give_totp, sign_in

pytestmark = pytest.mark.django_db

HOME = "/t/acme/members/"
API = "/api/v1/tenants/acme/"


@pytest.fixture
def admin(actor):
    user = actor(Role.ADMIN).membership.user
    give_totp(user)
    return sign_in(Client(), user, factor=TOTP)


@pytest.fixture
def strict(in_acme):
    acme = in_acme
    acme.requires_second_factor = True
    acme.save()
    return acme


def test_the_page_names_who_has_none(admin, actor):
    actor(Role.READER)

    page = admin.get("/t/acme/security/").content.decode()

    assert "1 of 2 members has one" in page
    assert "reader@acme.example" in page


def test_it_is_required_and_lifted_after_a_question_each(admin, acme):
    admin.post("/t/acme/security/require/")
    acme.refresh_from_db()
    required = acme.requires_second_factor
    admin.post("/t/acme/security/lift/")
    acme.refresh_from_db()

    assert (required, acme.requires_second_factor) == (True, False)


def test_an_admin_without_one_is_led_to_set_it_up(browser):
    page = browser(Role.ADMIN).get("/t/acme/security/").content.decode()

    assert "Set one up" in page
    assert "/t/acme/security/require/" not in page


def test_a_member_without_one_is_led_to_set_it_up_and_sees_nothing(strict, browser):
    answer = browser(Role.READER).get(HOME)

    assert (answer.status_code, answer.url) == (302, "/accounts/2fa/?next=%2Ft%2Facme%2Fmembers%2F")


def test_a_member_who_has_one_is_asked_for_it_once(strict, actor):
    user = actor(Role.READER).membership.user
    give_totp(user)

    without, with_it = sign_in(Client(), user), sign_in(Client(), user, factor=TOTP)

    assert without.get(HOME).url.startswith("/accounts/2fa/reauthenticate/")
    assert with_it.get(HOME).status_code == 200


def test_the_api_tells_a_session_without_one_what_it_lacks(strict, browser):
    answer = browser(Role.READER).get(f"{API}members/")

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/second-factor")


def test_tokens_go_on(strict, api):
    assert api(Role.READER).get(f"{API}members/").status_code == 200


def test_the_other_tenants_of_a_member_are_open_as_before(strict, globex, browser):
    assert browser(Role.READER, globex).get("/t/globex/members/").status_code == 200


def test_the_api_shows_and_changes_it(admin, acme):
    before = admin.get(f"{API}security/").json()

    after = admin.patch(f"{API}security/", {"requires_second_factor": True}, "application/json")

    assert before == {"requires_second_factor": False, "members": 1, "members_with_second_factor": 1}
    assert (after.status_code, after.json()["requires_second_factor"]) == (200, True)


def test_a_token_cannot_change_it(api, acme):
    answer = api(Role.ADMIN).patch(f"{API}security/", {"requires_second_factor": False}, "application/json")

    assert answer.status_code == 403
