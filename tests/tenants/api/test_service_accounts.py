from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ServiceAccount
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tokens import create_service_token

ACME = "/api/v1/tenants/acme/"
ACCOUNTS = ACME + "service-accounts/"
JSON = "application/json"


def test_a_service_account_is_made_changed_disabled_and_enabled(browser):
    client = browser(Role.ADMIN)

    made = client.post(ACCOUNTS, {"name": "deploy", "roles": ["developer"]}, JSON)
    place = made["Location"]
    changed = client.patch(place, {"roles": ["reader"], "title": "Pipelines"}, JSON)
    disabled = client.post(place + "disable/")
    enabled = client.post(place + "enable/")

    assert (made.status_code, place.endswith(ACCOUNTS + "deploy/")) == (201, True)
    assert (changed.json()["roles"], changed.json()["title"]) == (["reader"], "Pipelines")
    assert [answer.json()["state"] for answer in (made, disabled, enabled)] == [
        "active",
        "disabled",
        "active",
    ]
    assert client.get(place).json() == enabled.json()


def test_a_title_changes_without_the_roles(browser, machine):
    machine(Role.DEVELOPER)

    changed = browser(Role.ADMIN).patch(ACCOUNTS + "robot/", {"title": "Reads"}, JSON).json()

    assert (changed["roles"], changed["title"]) == (["developer"], "Reads")


def test_of_two_admins_who_change_one_at_the_same_time_one_is_told(browser, machine):
    machine(Role.READER)
    client = browser(Role.ADMIN)
    seen = {"If-Match": client.get(ACCOUNTS + "robot/")["ETag"]}

    first = client.patch(ACCOUNTS + "robot/", {"roles": ["developer"]}, JSON, headers=seen)
    second = client.patch(ACCOUNTS + "robot/", {"roles": ["admin"]}, JSON, headers=seen)

    assert (first.status_code, second.status_code) == (200, 412)
    assert client.get(ACCOUNTS + "robot/").json()["roles"] == ["developer"]


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_everybody_reads_and_only_admins_change(browser, machine, acme, role):
    machine(Role.READER)
    client = browser(role)

    reads = [client.get(ACCOUNTS), client.get(ACCOUNTS + "robot/")]
    changes = [
        client.post(ACCOUNTS, {"name": "other", "roles": ["reader"]}, JSON),
        client.patch(ACCOUNTS + "robot/", {"roles": ["admin"]}, JSON),
        client.post(ACCOUNTS + "robot/disable/"),
        client.post(ACCOUNTS + "robot/enable/"),
    ]

    assert [answer.status_code for answer in reads + changes] == [200, 200, 403, 403, 403, 403]
    with tenant_scope(acme.pk):
        assert list(ServiceAccount.objects.values_list("name", "roles")) == [("robot", ["reader"])]


def test_the_service_account_of_another_tenant_is_not_there(browser, machine, globex):
    machine(Role.READER, globex, name="theirs")

    client = browser(Role.ADMIN)

    assert client.get(ACCOUNTS).json()["results"] == []
    assert client.get(ACCOUNTS + "theirs/").status_code == 404
    assert client.post(ACCOUNTS + "theirs/disable/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Deploy"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "robot"}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": ["wizard"]}, "roles.0"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\0b"}, "title"),
    ],
)
def test_wrong_input_is_told_by_field_and_changes_nothing(browser, machine, acme, changes, field):
    machine(Role.READER)

    answer = browser(Role.ADMIN).post(ACCOUNTS, {"name": "deploy", "roles": ["reader"], **changes}, JSON)

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    with tenant_scope(acme.pk):
        assert ServiceAccount.objects.count() == 1


def test_a_disabled_service_account_is_refused_from_its_next_call_on(browser, machine, actor):
    account, by = machine(Role.READER), actor(Role.ADMIN)
    with tenant_scope(by.tenant_id):
        _, secret = create_service_token(account, "deploy", timezone.now() + timedelta(days=1), by=by)
    program = Client(headers={"Authorization": f"Bearer {secret}"})

    before = program.get(ACME).status_code
    browser(Role.ADMIN).post(ACCOUNTS + "robot/disable/")
    refused = program.get(ACME)

    assert (before, refused.status_code) == (200, 401)
    assert refused.json()["detail"] == "This token is suspended: its service account is disabled."


def test_the_list_costs_the_same_for_one_and_for_more(browser, machine, queries, at_most):
    client = browser(Role.ADMIN)
    machine(Role.READER)
    with at_most(12) as before:
        client.get(ACCOUNTS)
    for name in ("second", "third"):
        machine(Role.READER, name=name)

    with queries(len(before)):
        assert len(client.get(ACCOUNTS).json()["results"]) == 3
