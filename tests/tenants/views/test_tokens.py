from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken
from tenants.policy import Role
from tenants.scope import tenant_scope

PAGE = "/t/acme/tokens/"


def test_the_secret_is_shown_once_and_works(browser):
    client = browser(Role.DEVELOPER)

    made = client.post(PAGE + "create/", {"name": "ci", "roles": ["reader"], "lives": "30"})
    secret = made.text.split("<code>ep_")[1].split("</code>")[0]
    program = Client(headers={"Authorization": f"Bearer ep_{secret}"})

    assert "no-store" in made["Cache-Control"]
    assert program.get("/api/v1/tenants/acme/").status_code == 200
    assert secret not in client.get(PAGE).text


def test_only_roles_that_one_has_are_offered_and_taken(browser, acme):
    client = browser(Role.DEVELOPER)

    offered = client.get(PAGE + "create/").text
    taken = client.post(PAGE + "create/", {"name": "ci", "roles": ["admin"], "lives": "30"})

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

    page = browser(Role.DEVELOPER).get(PAGE).text

    said = ("active", "expired", "revoked", "5 min ago", "never")
    assert [part in page for part in said] == [True] * len(said)


def test_a_token_is_revoked_after_a_question(browser, token_of, acme):
    token, secret = token_of(Role.READER)
    client = browser(Role.DEVELOPER)

    asked = client.get(f"{PAGE}{token.pk}/revoke/")
    client.post(f"{PAGE}{token.pk}/revoke/")

    assert "Revoke ci?" in asked.text
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/tenants/acme/").status_code == 401


def test_without_a_token_the_page_says_what_one_is_for(browser):
    assert "No token yet" in browser(Role.DEVELOPER).get(PAGE).text


def test_the_list_costs_the_same_for_one_and_for_three(browser, token_of, queries, at_most):
    client = browser(Role.ADMIN)
    token_of(Role.READER)
    with at_most(12) as before:
        client.get(PAGE)
    for name in ("second", "third"):
        token_of(Role.READER, name=name)

    with queries(len(before)):
        client.get(PAGE)
