"""Access over all tenants by program: the session of one of the staff, and each tenant is told."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from enclaves.models import AccessRequest, AccessRules, AccessSession
from enclaves.services import access
from tenants.policy import Role, StaffRole
from tests.enclaves.asking import HOUR

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "system"]),
    pytest.mark.usefixtures("in_acme"),
]
LIST = "access-requests/"


def test_support_asks_is_told_no_asks_again_and_gives_back(hosts, acme, actor, session, looks):
    client, admin = session(), actor(Role.ADMIN)
    wish = {"tenant": "acme", "hosts": [str(hosts[0].pk)], "reason": "A core dump.", "minutes": 30}

    made = client.post(LIST, wish)
    name = made.json()["name"]
    row = AccessRequest.objects.get(name=name)
    access.deny_access(row, by=admin, note="Not today.")
    told = client.get(f"{LIST}{name}/").json()
    second = client.post(LIST, wish).json()["name"]
    access.approve_access(AccessRequest.objects.get(name=second), by=admin)
    more = client.post(f"{LIST}{second}/extend/", {"reason": "A large heap.", "minutes": 15})
    done = client.post(f"{LIST}{second}/finish/", {})
    back = client.post(f"{LIST}{more.json()['name']}/withdraw/", {})

    assert (made.status_code, made.json()["tenant"], made.json()["side"]) == (201, "acme", "vendor")
    assert (told["state"], told["note"], told["decided_by"]) == ("denied", "Not today.", admin.label)
    assert (more.status_code, more.json()["extends"]) == (201, second)
    assert (done.json()["end_reason"], back.json()["state"]) == ("finished", "withdrawn")
    assert [event.subject for event in looks(acme)] == [name]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"tenant": "nosuch"}, "tenant"), ({"hosts": ["x"]}, "hosts.0"), ({"minutes": 1}, "minutes")],
)
def test_a_wish_that_makes_no_sense_is_refused_by_field(hosts, session, wrong, field):
    wish = {"tenant": "acme", "hosts": [str(hosts[0].pk)], "reason": "A core dump.", **wrong}

    answer = session().post(LIST, wish)

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    assert not AccessRequest.objects.exists()


def test_hosts_of_another_tenant_are_none_of_this_one(hosts, globex, session):
    wish = {"tenant": "globex", "hosts": [str(hosts[0].pk)], "reason": "A core dump."}

    answer = session().post(LIST, wish)

    assert [error["field"] for error in answer.json()["errors"]] == ["hosts"]
    assert not AccessRequest.objects.exists()


def test_approvers_decide_where_it_is_theirs_and_revoke(asked, hosts, acme, actor, session):
    client = session(StaffRole.APPROVER)
    theirs = access.ask_access(hosts[:1], by=actor(Role.DEVELOPER), tenant=acme, **HOUR)

    refused = client.post(f"{LIST}{asked.name}/approve/", {})
    given = client.post(f"{LIST}{theirs.name}/approve/", {"minutes": 15})
    over = client.post(f"{LIST}{theirs.name}/revoke/", {})
    AccessRules.objects.create(tenant=acme, delegates=True)
    denied = client.post(f"{LIST}{asked.name}/deny/", {"note": "Ask acme."})

    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "An admin of the tenant decides on what the vendor's people ask.",
    )
    assert (given.json()["state"], given.json()["minutes_given"]) == ("approved", 15)
    assert (over.json()["end_reason"], denied.json()["state"]) == ("revoked", "denied")


def test_staff_list_what_stands_with_sessions_and_no_recording(grant, hosts, session, looks, acme):
    AccessSession.objects.create(
        tenant=grant.tenant, request=grant, host=hosts[0], fingerprint="f", source="198.51.100.7"
    )
    client = session(StaffRole.APPROVER)

    found = {wish: client.get(f"{LIST}?{wish}").json()["results"] for wish in ("tenant=acme", "state=denied")}
    told = client.get(f"{LIST}{grant.name}/recordings/").json()["results"]

    assert [row["name"] for row in found["tenant=acme"]] == [grant.name]
    assert found["state=denied"] == []
    assert [one["from_address"] for one in told] == ["198.51.100.7"]
    assert [event.subject for event in looks(acme)] == ["access", grant.name]
    assert [client.get(f"{LIST}?{wish}").status_code for wish in ("colour=red", "state=x")] == [400, 400]


def test_the_list_costs_the_same_for_few_and_for_many(hosts, support, acme, session):
    client = session()

    def cost():
        with (
            CaptureQueriesContext(connections["default"]) as one,
            CaptureQueriesContext(connections["system"]) as other,
        ):
            client.get(LIST)
        return len(one) + len(other)

    access.ask_access(hosts, by=support, tenant=acme, **HOUR)
    client.get(LIST)  # the look is told of once
    few = cost()
    for _ in range(3):
        access.ask_access(hosts, by=support, tenant=acme, **HOUR)

    assert cost() == few <= 14


def test_a_grant_that_does_not_exist_is_not_found(session):
    client = session()

    assert client.get(f"{LIST}grant-none/").status_code == 404
    assert client.post(f"{LIST}grant-none/finish/", {}).status_code == 404
