from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken, ServiceAccount
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tokens import create_token
from tests.signing_in import TOO_LONG, sign_in

PAGE = "/t/acme/tokens/"
MADE = {"name": "ci", "roles": ["reader"], "lives": "30"}


def works(secret: str) -> bool:
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    return program.get("/api/v1/tenants/acme/").status_code == 200


def shown(page) -> str:
    return "ep_" + page.text.split("<code>ep_")[1].split("</code>")[0]


@pytest.fixture
def own(actor, acme):
    """A token of a developer, with its secret."""
    with tenant_scope(acme.pk):
        return create_token("ci", ["reader"], timezone.now() + timedelta(days=7), by=actor(Role.DEVELOPER))


def test_the_secret_is_shown_once_and_works(browser):
    client = browser(Role.DEVELOPER)

    made = client.post(PAGE + "create/", MADE)

    assert "no-store" in made["Cache-Control"]
    assert works(shown(made))
    assert shown(made) not in client.get(PAGE).text


def test_only_roles_that_one_has_are_offered_and_taken(browser, acme):
    client = browser(Role.DEVELOPER)

    offered = client.get(PAGE + "create/").text
    taken = client.post(PAGE + "create/", {**MADE, "roles": ["admin"]})

    assert ('value="developer"' in offered, 'value="admin"' in offered) == (True, False)
    assert (taken.status_code, "not one of the available choices" in taken.text) == (200, True)
    with tenant_scope(acme.pk):
        assert ApiToken.objects.count() == 0


def test_the_list_tells_each_state_and_the_last_use(browser, token_of, acme):
    now = timezone.now()
    for name, change in (
        ("living", {"last_used_at": now - timedelta(minutes=5)}),
        ("old", {"expires_at": now - timedelta(days=1)}),
        ("gone", {"revoked_at": now}),
    ):
        token, _ = token_of(Role.READER, name=name)
        with tenant_scope(acme.pk):
            ApiToken.objects.filter(pk=token.pk).update(**change)

    page = browser(Role.ADMIN).get(PAGE).text

    said = ("active", "expired", "revoked", "5 min ago", "never")
    assert [part in page for part in said] == [True] * len(said)


def test_one_sees_ones_own_and_admins_see_those_of_others(browser, own):
    pages = {role: browser(role).get(PAGE).text for role in Role}

    prefix = own[0].prefix
    assert {role: prefix in page for role, page in pages.items()} == {
        Role.ADMIN: True,
        Role.DEVELOPER: True,
        Role.READER: False,
    }
    rotates = f"{own[0].pk}/rotate/"
    assert [rotates in pages[role] for role in (Role.ADMIN, Role.DEVELOPER)] == [False, True]


def test_a_token_is_revoked_after_a_question(browser, own):
    client = browser(Role.DEVELOPER)

    asked = client.get(f"{PAGE}{own[0].pk}/revoke/")
    client.post(f"{PAGE}{own[0].pk}/revoke/")

    assert "Revoke ci?" in asked.text
    assert not works(own[1])


def test_a_token_is_rotated_and_both_are_told_on_the_list(browser, own):
    client = browser(Role.DEVELOPER)

    made = client.post(f"{PAGE}{own[0].pk}/rotate/", {"overlap": "1"})

    page = client.get(PAGE).text
    assert "no-store" in made["Cache-Control"]
    assert (works(own[1]), works(shown(made))) == (True, True)
    assert f'then <span class="mono">{shown(made)[:8]}' in page
    assert f'after <span class="mono">{own[0].prefix}' in page


def test_a_second_rotation_is_refused_on_its_form(browser, own):
    client = browser(Role.DEVELOPER)
    client.post(f"{PAGE}{own[0].pk}/rotate/", {"overlap": "24"})

    again = client.post(f"{PAGE}{own[0].pk}/rotate/", {"overlap": "24"})

    assert (again.status_code, "rotated already" in again.text) == (200, True)


def test_an_admin_does_not_rotate_the_token_of_somebody_else(browser, own, acme):
    answer = browser(Role.ADMIN).post(f"{PAGE}{own[0].pk}/rotate/", {"overlap": "24"})

    assert answer.status_code == 403
    with tenant_scope(acme.pk):
        assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("path", ["create/", "{pk}/rotate/"])
def test_who_signed_in_long_ago_does_so_again_before_a_secret_is_made(actor, own, acme, path):
    client = sign_in(Client(), actor(Role.DEVELOPER).membership.user, ago=TOO_LONG)

    answer = client.post(PAGE + path.format(pk=own[0].pk), {**MADE, "overlap": "24"})

    assert answer.status_code == 302
    with tenant_scope(acme.pk):
        assert ApiToken.objects.count() == 1


def test_without_a_token_the_page_says_what_one_is_for(browser):
    assert "No token yet" in browser(Role.DEVELOPER).get(PAGE).text
    assert "your roles do not grant it" in browser(Role.READER).get(PAGE).text


def test_the_list_costs_the_same_for_one_and_for_three(browser, token_of, queries, at_most):
    client = browser(Role.ADMIN)
    token_of(Role.READER)
    with at_most(14) as before:
        client.get(PAGE)
    for name in ("second", "third"):
        token_of(Role.READER, name=name)

    with queries(len(before)):
        client.get(PAGE)


def test_a_service_account_keeps_no_page_of_people(browser, machine, acme):
    machine(Role.READER)

    assert "robot" not in browser(Role.ADMIN).get(PAGE).text
    with tenant_scope(acme.pk):
        assert ServiceAccount.objects.count() == 1
