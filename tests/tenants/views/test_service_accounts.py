from datetime import timedelta
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken, ServiceAccount
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tokens import create_service_token
from tests.signing_in import TOO_LONG, sign_in

PAGE = "/t/acme/service-accounts/"


def works(secret: str) -> bool:
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    return program.get("/api/v1/tenants/acme/").status_code == 200


@pytest.fixture
def robot(machine, actor, acme):
    """The page of a service account, with the secret of its token."""
    account = machine(Role.READER)
    with tenant_scope(acme.pk):
        until = timezone.now() + timedelta(days=7)
        secret = create_service_token(account, "deploy", until, by=actor(Role.ADMIN))[1]
    return f"{PAGE}{account.pk}/", secret


def test_a_service_account_is_made_and_gets_a_token(browser):
    client = browser(Role.ADMIN)

    made = client.post(PAGE + "create/", {"name": "deploy", "title": "Pipelines", "roles": ["developer"]})
    token = client.post(made["Location"] + "tokens/create/", {"name": "ci", "lives": "30"})
    secret = "ep_" + token.text.split("<code>ep_")[1].split("</code>")[0]

    page = client.get(made["Location"]).text
    assert "no-store" in token["Cache-Control"]
    assert works(secret)
    assert [part in page for part in ("deploy", "Pipelines", secret[:8], secret)] == [True, True, True, False]


def test_a_name_that_is_taken_is_told_beside_the_field(browser, machine):
    machine(Role.READER)

    answer = browser(Role.ADMIN).post(PAGE + "create/", {"name": "robot", "roles": ["reader"]})

    assert (answer.status_code, "The name robot is taken." in answer.text) == (200, True)


def test_other_roles_hold_at_once(browser, robot, acme):
    browser(Role.ADMIN).post(robot[0] + "change/", {"title": "Reads", "roles": ["developer"]})

    with tenant_scope(acme.pk):
        assert list(ServiceAccount.objects.values_list("title", "roles")) == [("Reads", ["developer"])]


def test_it_is_disabled_after_a_question_and_enabled_again(browser, robot):
    client = browser(Role.ADMIN)
    page, secret = robot

    asked = client.get(page + "disable/").text
    client.post(page + "disable/")
    stopped, told = works(secret), client.get(page).text
    client.post(page + "enable/")

    assert "Disable robot?" in asked
    assert (stopped, works(secret)) == (False, True)
    assert [word in told for word in ("disabled", "suspended", "Enable…")] == [True] * 3


def test_a_disabled_one_gets_no_token(browser, robot, acme):
    client = browser(Role.ADMIN)
    client.post(robot[0] + "disable/")

    answer = client.post(robot[0] + "tokens/create/", {"name": "ci", "lives": "30"})

    assert (answer.status_code, "is disabled" in answer.text) == (200, True)
    with tenant_scope(acme.pk):
        assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_others_read_and_are_offered_nothing_to_change(browser, robot, role):
    client = browser(role)

    page = client.get(robot[0])

    offers = ("disable/", "change/", "tokens/create/", "revoke/", "rotate/")
    assert (page.status_code, [offer in page.text for offer in offers]) == (200, [False] * 5)
    answers = [client.post(robot[0] + path) for path in ("disable/", "enable/", "change/", "tokens/create/")]
    assert [answer.status_code for answer in answers] == [403] * 4


@pytest.mark.parametrize("path", ["../create/", "change/", "enable/", "tokens/create/"])
def test_who_signed_in_long_ago_does_so_again_first(actor, robot, path):
    client = sign_in(Client(), actor(Role.ADMIN).membership.user, ago=TOO_LONG)

    answer = client.get(urljoin(robot[0], path))

    assert answer.status_code == 302


def test_it_is_stopped_without_signing_in_again(actor, robot):
    client = sign_in(Client(), actor(Role.ADMIN).membership.user, ago=TOO_LONG)

    client.post(robot[0] + "disable/")

    assert not works(robot[1])


def test_one_of_another_tenant_is_not_there(browser, machine, globex):
    theirs = machine(Role.READER, globex)

    assert browser(Role.ADMIN).get(f"{PAGE}{theirs.pk}/").status_code == 404


def test_without_any_the_page_says_what_one_is_for(browser):
    assert "No service account yet" in browser(Role.ADMIN).get(PAGE).text


def test_the_list_costs_the_same_for_one_and_for_three(browser, robot, machine, queries, at_most):
    client = browser(Role.ADMIN)
    with at_most(14) as before:
        client.get(PAGE)
    for name in ("second", "third"):
        machine(Role.READER, name=name)

    with queries(len(before)):
        client.get(PAGE)
