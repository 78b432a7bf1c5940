"""Access by program: a token asks, looks and ends; a person decides."""

import json

import pytest
from django.test import Client

from enclaves.models import AccessRequest, AccessSession, RecordingChunk
from enclaves.services import access, certificates
from tenants.models import AuditEvent
from tenants.policy import Role
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.asking import HOUR, signed
from tests.signing_in import TOO_LONG, TOTP, give_totp, sign_in

pytestmark = pytest.mark.usefixtures("in_acme")
LIST = "access-requests/"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada"
CAST = '{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "$ ls\\r\\n"]\n'


@pytest.fixture
def person(actor, contract):
    """Somebody of acme with a browser's session and a second factor, asking the API."""

    def make(role=Role.ADMIN, **how):
        user = actor(role).membership.user
        if not user.authenticator_set.exists():
            give_totp(user)
        return sign_in(Client(), user, **{"factor": TOTP, **how})

    return make


@pytest.fixture
def mine(hosts, api):
    """What the holder of the token asked for."""
    wish = {"hosts": [str(hosts[0].pk)], "reason": "A core dump.", "minutes": 30, "ticket": "ACM-1"}
    return api.post(LIST, wish).json()


def at(name, deed=""):
    return f"/api/v1/tenants/acme/access-requests/{name}/{deed}"


def posted(client, name, deed, **body):
    return client.post(at(name, deed), json.dumps(body), "application/json")


def test_a_token_asks_and_is_told_where_to_look(hosts, api):
    wish = {"hosts": [str(hosts[0].pk)], "reason": "A core dump."}

    answer = api.post(LIST, wish, headers={"Idempotency-Key": "once"})
    again = api.post(LIST, wish, headers={"Idempotency-Key": "once"})

    made = answer.json()
    assert (answer.status_code, made["state"], made["side"], made["minutes_asked"]) == (
        201,
        "requested",
        "tenant",
        60,
    )
    assert made["hosts"] == [str(hosts[0].pk)]
    assert api.get(answer["Location"].removeprefix("http://testserver")).json() == made
    assert (again.json(), AccessRequest.objects.count()) == (made, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hosts": []}, "hosts"),
        ({"hosts": ["00000000-0000-4000-8000-000000000001"]}, "hosts"),
        ({"hosts": ["query-1"]}, "hosts.0"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"minutes": 14}, "minutes"),
        ({"minutes": "long"}, "minutes"),
        ({"who": "me"}, "who"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_by_field(hosts, api, wrong, field):
    answer = api.post(LIST, {"hosts": [str(hosts[0].pk)], "reason": "A core dump.", **wrong})

    assert problem_of(answer)[0] == 400
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not AccessRequest.objects.exists()


def test_a_token_takes_its_wish_back_once(mine, api):
    first, second = api.post(f"{LIST}{mine['name']}/withdraw/"), api.post(f"{LIST}{mine['name']}/withdraw/")

    assert (first.json()["state"], problem_of(second)[0]) == ("withdrawn", 409)


def test_a_person_decides_with_a_late_second_factor_and_no_token_does(asked, api, person):
    by_token = api.post(f"{LIST}{asked.name}/approve/", {"minutes": 30})
    by_late = posted(person(ago=TOO_LONG), asked.name, "approve/", minutes=30)
    by_plain = posted(person(factor=""), asked.name, "approve/", minutes=30)
    too_long = posted(person(), asked.name, "approve/", minutes=120)
    assert (problem_of(by_token)[0], AccessRequest.objects.get().state) == (403, "requested")
    assert (by_late.json()["type"], by_plain.json()["type"]) == (
        "/problems/reauthenticate",
        "/problems/second-factor",
    )
    assert (too_long.status_code, too_long.json()["errors"][0]["field"]) == (400, "minutes")

    answer = posted(person(), asked.name, "approve/", minutes=30, note="Only query-1.")
    again = posted(person(), asked.name, "deny/")

    given = answer.json()
    assert (given["state"], given["minutes_given"], given["note"]) == ("approved", 30, "Only query-1.")
    assert given["decided_by"] == AuditEvent.objects.get(action="access.approved").actor
    assert again.status_code == 409


def test_a_token_of_an_admin_revokes_and_one_of_a_developer_does_not(grant, program):
    refused = program(Role.DEVELOPER).post(f"{LIST}{grant.name}/revoke/")
    answer = program(Role.ADMIN).post(f"{LIST}{grant.name}/revoke/")
    again = program(Role.ADMIN).post(f"{LIST}{grant.name}/revoke/")

    assert (problem_of(refused)[0], problem_of(again)[0]) == (403, 409)
    assert (answer.json()["state"], answer.json()["end_reason"]) == ("ended", "revoked")


def test_only_whoever_asked_finishes_extends_and_gets_a_certificate(mine, approver, api, actor, monkeypatch):
    row = AccessRequest.objects.get(name=mine["name"])
    early = api.post(f"{LIST}{row.name}/certificate/", {"public_key": KEY})
    access.approve_access(row, by=approver)
    other = sign_in(Client(), actor(Role.DEVELOPER).membership.user)
    monkeypatch.setattr(certificates, "_ask", lambda body: {"id": signed(row).pk})

    refused = [
        posted(other, row.name, "finish/").status_code,
        posted(other, row.name, "extend/", reason="More.").status_code,
        posted(other, row.name, "certificate/", public_key=KEY).status_code,
    ]
    made = api.post(f"{LIST}{row.name}/certificate/", {"public_key": KEY})
    no_key = api.post(f"{LIST}{row.name}/certificate/", {"public_key": "ssh-dss AAAA"})
    more = api.post(f"{LIST}{row.name}/extend/", {"reason": "A large heap.", "minutes": 15})
    done = api.post(f"{LIST}{row.name}/finish/")

    assert (problem_of(early)[0], refused) == (409, [403, 403, 403])
    assert (made.status_code, made.json()["fingerprint"]) == (201, "SHA256:abc")
    assert [error["field"] for error in no_key.json()["errors"]] == ["public_key"]
    assert (more.status_code, more.json()["extends"]) == (201, row.name)
    assert (done.json()["state"], done.json()["end_reason"]) == ("ended", "finished")


def test_a_signer_that_does_not_answer_is_told_as_such(mine, approver, api, settings):
    settings.SIGNER_URL = ""
    access.approve_access(AccessRequest.objects.get(), by=approver)

    answer = api.post(f"{LIST}{mine['name']}/certificate/", {"public_key": KEY})

    assert problem_of(answer) == (
        409,
        "This portal has no signer, so nobody can get onto hosts. Its operators set one up.",
    )


def test_recordings_are_for_admins_and_are_read_on_from_where_one_was(grant, hosts, program, api):
    session = AccessSession.objects.create(
        tenant=grant.tenant,
        request=grant,
        host=hosts[0],
        fingerprint="f",
        source="198.51.100.7",
        recorded=len(CAST),
    )
    RecordingChunk.objects.create(tenant=grant.tenant, session=session, offset=0, text=CAST)
    path = f"{LIST}{grant.name}/recordings/"

    (told,) = program(Role.READER).get(path).json()["results"]
    whole, rest = api.get(f"{path}{session.pk}/"), api.client.get(api.at(f"{path}{session.pk}/?offset=9999"))

    assert (told["host"], told["from_address"], told["sha256"]) == (str(hosts[0].pk), "198.51.100.7", None)
    assert (whole.getvalue().decode(), rest.getvalue()) == (CAST, b"")
    assert whole["Content-Type"] == "application/x-asciicast; charset=utf-8"
    assert problem_of(api.client.get(api.at(f"{path}{session.pk}/?offset=-1")))[0] == 400
    assert problem_of(program(Role.DEVELOPER).get(f"{path}{session.pk}/"))[0] == 403


def test_lists_are_narrowed_and_cost_the_same_for_few_and_for_many(
    hosts, support, acme, actor, api, django_assert_max_num_queries
):
    def fill():
        for few in (hosts[:1], hosts[1:]):
            access.ask_access(few, by=support, tenant=acme, **HOUR)
        access.approve_access(AccessRequest.objects.first(), by=actor(Role.ADMIN))

    def count(**query):
        return len(api.get(LIST, query).json()["results"])

    access.ask_access(hosts[:1], by=support, tenant=acme, **HOUR)
    api.get(LIST)  # that the token was used is noted once
    with django_assert_max_num_queries(12) as queries:
        api.get(LIST)
    few = len(queries)
    fill()
    with django_assert_max_num_queries(12) as queries:
        api.get(LIST)

    assert (len(queries), count()) == (few, 3)
    assert (count(state="approved"), count(host=str(hosts[1].pk)), count(side="tenant")) == (1, 1, 0)
    assert problem_of(api.get(LIST, {"state": "open"}))[0] == 400


def test_rules_are_read_by_all_and_laid_down_by_a_person_who_came_lately(acme, program, person):
    body = json.dumps({"longest_minutes": 240, "delegates": True})
    path = "/api/v1/tenants/acme/access-rules/"

    late = person(ago=TOO_LONG).put(path, body, "application/json")
    wrong = person().put(path, json.dumps({"longest_minutes": 5, "delegates": 1}), "application/json")
    answer = person().put(path, body, "application/json")

    assert (late.status_code, wrong.status_code) == (403, 400)
    assert program(Role.READER).get("access-rules/").json() == answer.json() == json.loads(body)


def test_what_is_another_tenants_does_not_exist(asked, globex, program):
    stranger = program(Role.ADMIN, globex)

    deeds = ("withdraw/", "revoke/", "finish/", "deny/", "approve/")

    assert stranger.get(LIST).json()["results"] == []
    assert problem_of(stranger.get(f"{LIST}{asked.name}/"))[0] == 404
    assert [problem_of(stranger.post(f"{LIST}{asked.name}/{deed}"))[0] for deed in deeds] == [404] * 5
