"""The API of tenants, members, tokens and the audit, as a program meets it."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import audit
from tenants.invitations import invite_member
from tenants.models import Membership, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.members import add_member
from tenants.services.tokens import create_token

ACME = "/api/v1/tenants/acme/"


def test_a_program_sees_the_tenant_of_its_token_and_no_other(globex, api):
    answer = api(Role.READER).get("/api/v1/tenants/").json()

    assert [tenant["name"] for tenant in answer["results"]] == ["acme"]


def test_a_person_sees_their_tenants(browser, globex):
    answer = browser(Role.READER).get("/api/v1/tenants/").json()

    assert [tenant["name"] for tenant in answer["results"]] == ["acme"]


def test_a_person_makes_a_tenant(new_user):
    client = Client()
    client.force_login(new_user("ada@initech.example"))

    answer = client.post("/api/v1/tenants/", {"name": "initech"}, "application/json")

    assert (answer.status_code, answer.json()["name"]) == (201, "initech")
    assert client.get("/api/v1/tenants/initech/").json()["frozen_at"] is None


def test_a_token_makes_no_tenant(api):
    answer = api(Role.ADMIN).post("/api/v1/tenants/", {"name": "initech"}, "application/json")

    assert answer.status_code == 403


def test_a_freeze_is_set_and_lifted(api):
    client = api(Role.ADMIN)

    frozen = client.post(ACME + "freeze/").json()
    thawed = client.post(ACME + "unfreeze/").json()

    assert frozen["frozen_at"] is not None
    assert thawed["frozen_at"] is None


def test_a_member_is_changed_and_removed(api, actor):
    client = api(Role.ADMIN)
    url = f"{ACME}members/{actor(Role.READER).membership.pk}/"

    changed = client.patch(url, {"roles": ["developer"]}, "application/json")
    removed = client.delete(url)

    assert (changed.status_code, changed.json()["roles"]) == (200, ["developer"])
    assert (removed.status_code, client.get(url).status_code) == (204, 404)


def test_the_last_admin_stays(api, actor):
    admin = actor(Role.ADMIN).membership

    answer = api(Role.ADMIN).delete(f"{ACME}members/{admin.pk}/")

    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert "last admin" in answer.json()["detail"]


def test_of_two_people_who_edit_one_member_the_second_is_told(api, actor):
    client = api(Role.ADMIN)
    url = f"{ACME}members/{actor(Role.READER).membership.pk}/"
    seen = client.get(url)["ETag"]

    first = client.patch(url, {"roles": ["developer"]}, "application/json", headers={"If-Match": seen})
    second = client.patch(url, {"roles": ["admin"]}, "application/json", headers={"If-Match": seen})

    assert (first.status_code, second.status_code) == (200, 412)
    assert client.get(url).json()["roles"] == ["developer"]


def test_the_members_of_another_tenant_are_not_found_by_their_id(api, actor, globex):
    theirs = actor(Role.ADMIN, globex).membership.pk

    answer = api(Role.ADMIN).delete(f"{ACME}members/{theirs}/")

    assert answer.status_code == 404
    with tenant_scope(globex.pk):
        assert Membership.objects.count() == 1


def test_the_audit_is_read_newest_first_and_filtered(api):
    client = api(Role.READER)

    events = client.get(ACME + "audit-events/").json()["results"]
    filtered = client.get(ACME + "audit-events/?action=tenant.").json()["results"]

    assert [event["action"] for event in events] == ["token.created", "tenant.created"]
    assert [event["action"] for event in filtered] == ["tenant.created"]


def test_the_export_holds_the_whole_chain_and_proves_itself(api, acme):
    answer = api(Role.READER).get(ACME + "audit-events/?format=jsonl")

    lines = b"".join(answer.streaming_content).decode().splitlines()
    with tenant_scope(acme.pk):
        head = audit.head(acme)
    assert answer["Content-Type"] == "application/jsonl"
    assert audit.check(map(json.loads, lines), head.count, head.hash).intact


def test_an_export_that_is_refused_says_why_as_every_refusal_does(api):
    answer = api(Role.READER).get(ACME + "audit-events/?format=jsonl&since=yesterday")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == ["since"]


def test_the_chain_is_checked_on_request(api):
    answer = api(Role.READER).get(ACME + "audit-events/chain/").json()

    assert (answer["intact"], answer["events"], answer["problem"]) == (True, 2, "")


def test_an_unknown_format_is_not_found(api):
    assert api(Role.READER).get(ACME + "audit-events/?format=xml").status_code == 404


@pytest.mark.parametrize("path", ["members/", "invitations/", "tokens/", "audit-events/"])
def test_a_list_costs_the_same_for_one_row_and_for_more(api, actor, new_user, acme, path, queries, at_most):
    client = api(Role.ADMIN)
    client.get(ACME + path)  # notes the use of the token
    with at_most(12) as before:
        client.get(ACME + path)

    by = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        for name in ("bob", "eve", "mal"):
            add_member(new_user(f"{name}@acme.example"), ["reader"], by=by)
            invite_member(f"{name}@elsewhere.example", ["reader"], by=by)
            create_token(name, ["reader"], timezone.now() + timedelta(days=1), by=by)

    with queries(len(before)):
        assert len(client.get(ACME + path).json()["results"]) >= 3


def test_nothing_changed_by_a_stranger(api, globex, acme):
    stranger = api(Role.ADMIN, globex)

    answers = [stranger.post(ACME + "freeze/"), stranger.delete(ACME), stranger.post(ACME + "members/")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    with tenant_scope(acme.pk):
        assert Tenant.objects.get().frozen_at is None
