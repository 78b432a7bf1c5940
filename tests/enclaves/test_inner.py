"""The signer over HTTP: what it answers gateways, and what it refuses."""

from datetime import timedelta

import asyncssh
import pytest
from django.test import Client, override_settings
from django.utils import timezone

from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest, AccessSession, Agent, Authority, RecordingChunk
from enclaves.provisioning import authorities
from enclaves.services import access
from enclaves.signing.grants import read_grant_token
from enclaves.signing.rotation import Purpose
from enclaves.signing.tokens import key_id
from tenants.models import AuditEvent, StaffMember, Tenant
from tenants.policy import Role
from tests.enclaves.asking import GATEWAY, PAGES

pytestmark = [
    pytest.mark.django_db(databases=["default", "system"], transaction=True),
    pytest.mark.usefixtures("signer"),
]


@pytest.fixture
def person():
    """The key of whoever asked for access, on their own machine."""
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def active(grant, agents):
    AccessRequest.objects.update(state=AccessState.ACTIVE, activated_at=timezone.now())
    grant.refresh_from_db()
    return grant


@pytest.fixture
def certify(ask, person):
    def make(request, key=person):
        line = key.export_public_key().decode()
        return ask("certificates", PAGES, "/", request=str(request.pk), public_key=line)

    return make


@pytest.fixture
def knock(ask, certify, person):
    """Sign in at the gateway with the certificate of a grant: ``knock(grant, host_name="query-1")``."""

    def make(request, **changed):
        hop = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        serial = request.certificates.order_by("-serial").values_list("serial", flat=True).first() or 0
        authority = authorities.ssh_authority(Purpose.SSH_USERS, request.enclave_id)
        shown = {
            "grant": request.name,
            "host_name": "query-1",
            "key_fingerprint": person.get_fingerprint(),
            "certificate_serial": serial,
            "authority_fingerprint": authority.fingerprint,
            "source": "198.51.100.7",
            "hop_key": hop,
        }
        return ask("authorize", **{**shown, **changed})

    return make


def test_a_certificate_names_the_grant_alone_and_ends_with_it(active, certify, person):
    status, answer = certify(active)

    made = active.certificates.get(pk=answer["id"])
    certificate = asyncssh.import_certificate(made.certificate)
    assert status == 200
    assert (certificate.principals, made.fingerprint) == ([active.name], person.get_fingerprint())
    assert made.not_after == active.ends_at
    assert AuditEvent.objects.get(action="access.certificate_issued").detail["serial"] == made.serial


def test_whoever_was_certified_gets_onto_the_host_and_nothing_more(active, certify, knock, hosts):
    certify(active)

    status, answer = knock(active)

    key = authorities.grant_key().public_key()
    now = timezone.now()
    token = read_grant_token(answer["grant_token"], {key_id(key): key}, host=str(hosts[0].pk), now=now)
    hop = asyncssh.import_certificate(answer["hop_certificate"])
    assert (status, token.session, token.grant) == (200, answer["id"], active.name)
    assert hop.principals == [f"host:acme/prod.aws-us-east-1c/{hosts[0].pk}"]
    assert AccessSession.objects.get().host == hosts[0]
    assert AuditEvent.objects.get(action="access.session_opened").detail["source"] == "198.51.100.7"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"certificate_serial": 0}, "was not made for"),
        ({"key_fingerprint": "SHA256:another"}, "was not made for"),
        ({"authority_fingerprint": "SHA256:another"}, "another enclave"),
        ({"host_name": "query-3"}, "Say which host"),
        ({"host_name": ""}, "query-1, query-2"),
        ({"grant": "grant-unknown"}, "There is no access"),
    ],
)
def test_a_caller_who_shows_something_else_is_refused(active, certify, knock, changed, words):
    certify(active)

    status, answer = knock(active, **changed)

    assert status == 409
    assert words in answer["detail"]
    assert not AccessSession.objects.exists()


def test_a_certificate_outlives_the_turn_of_its_authority_and_not_its_end(active, certify, knock):
    certify(active)
    old = authorities.ssh_authority(Purpose.SSH_USERS, active.enclave_id).fingerprint

    authorities.replace_keys(Purpose.SSH_USERS, timedelta(hours=1))
    believed = knock(active)[0]
    authorities.replace_keys(Purpose.SSH_USERS, timedelta(0))
    over, answer = knock(active, authority_fingerprint=old)
    certify(active)

    assert (believed, over, "another enclave" in answer["detail"]) == (200, 409, True)
    assert knock(active)[0] == 200


def test_nobody_gets_in_after_the_end_with_a_certificate_that_is_still_good(active, certify, knock, actor):
    certify(active)
    access.revoke_access(active, by=actor(Role.ADMIN))

    assert knock(active)[0] == 409


def test_nobody_gets_in_when_the_clock_says_so_although_no_worker_has_looked(active, certify, knock):
    certify(active)
    ended = timezone.now() - timedelta(seconds=1)
    AccessRequest.objects.update(begins_at=ended - timedelta(hours=1), ends_at=ended)

    assert knock(active)[0] == 409


def test_nobody_gets_in_where_it_is_frozen(active, certify, knock):
    certify(active)
    Tenant.objects.filter(pk=active.tenant_id).update(frozen_at=timezone.now())

    status, answer = knock(active)

    assert (status, "frozen" in answer["detail"]) == (409, True)
    assert certify(active)[0] == 409


def test_staff_who_left_do_not_get_in(active, certify, knock, support):
    certify(active)
    StaffMember.objects.filter(user_id=support.id).update(roles=["operator"])

    status, answer = knock(active)

    assert (status, "any more" in answer["detail"]) == (409, True)


def test_no_certificate_is_made_for_what_was_not_granted(asked, certify):
    status, answer = certify(asked)

    assert (status, "opens nothing now" in answer["detail"]) == (409, True)
    assert not asked.certificates.exists()


def test_a_weak_key_is_refused_with_the_reason(active, certify):
    status, answer = certify(active, asyncssh.generate_private_key("ssh-rsa", key_size=2048))

    assert status == 409
    assert "3072" in answer["detail"]


@pytest.mark.parametrize("question", ["authorize", "revocations", "user-authorities", "enrol"])
def test_who_has_not_the_secret_is_told_nothing(ask, question):
    assert ask(question, "x" * 40)[0] == 401
    assert ask(question, "")[0] == 401
    assert ask(question, PAGES)[0] == 401


def test_a_gateway_cannot_make_certificates(active, ask):
    assert ask("certificates", GATEWAY, "/", request=str(active.pk), public_key="x")[0] == 401


@override_settings(GATEWAY_SECRET="")
def test_without_a_secret_in_the_settings_nobody_is_answered(ask):
    assert ask("revocations", "")[0] == 401


def test_a_recording_grows_by_whole_pieces_and_takes_each_once(active, certify, knock, ask):
    certify(active)
    session = knock(active)[1]["id"]

    assert ask("chunk", session=session, offset=0, text='{"version": 2}\n')[0] == 200
    assert ask("chunk", session=session, offset=0, text='{"version": 2}\n')[0] == 200
    assert ask("chunk", session=session, offset=99, text="[0, 1]\n")[0] == 409
    # The next gateway begins anew with the file, and cuts it in another way.
    assert ask("chunk", session=session, offset=0, text='{"version": 2}\n[0, 1]\n')[0] == 200

    assert [chunk.text for chunk in RecordingChunk.objects.all()] == ['{"version": 2}\n', "[0, 1]\n"]
    assert AccessSession.objects.get().recorded == 22


def test_a_hash_that_comes_after_the_hosts_own_word_is_kept(active, certify, knock, ask, actor, hosts):
    certify(active)
    session = knock(active)[1]["id"]
    access.revoke_access(active, by=actor(Role.ADMIN))
    ask("verified", grant=active.name, host=str(hosts[0].pk), left=0)

    ask("closed", session=session, reason="revoked", sha256="0" * 64, size=15, left=0)

    assert AccessSession.objects.get().sha256 == "0" * 64


def test_a_session_whose_grant_ended_meanwhile_does_not_begin(active, certify, knock, ask, actor):
    certify(active)
    session = knock(active)[1]["id"]
    assert ask("opened", session=session)[0] == 200

    access.revoke_access(active, by=actor(Role.ADMIN))

    assert ask("opened", session=session)[0] == 409


def test_a_closing_is_noted_once_and_says_whether_anything_is_left(active, certify, knock, ask):
    certify(active)
    session = knock(active)[1]["id"]
    closing = {"session": session, "reason": "hang-up", "sha256": "0" * 64, "size": 15}

    assert ask("closed", **closing, left=None)[0] == 200
    assert AccessSession.objects.get().nothing_left_at is None
    assert ask("closed", **closing, left=0)[0] == 200

    assert AccessSession.objects.get().nothing_left_at is not None
    assert AuditEvent.objects.filter(action="access.session_closed").count() == 1
    assert ask("chunk", session=session, offset=0, text="[0, 1]\n")[0] == 409


def test_what_is_over_is_asked_about_until_the_host_has_looked(active, certify, knock, ask, actor, hosts):
    certify(active)
    knock(active)
    assert ask("revocations")[1] == []
    access.revoke_access(active, by=actor(Role.ADMIN))

    told = {"grant": active.name, "reason": "revoked", "hosts": [str(hosts[0].pk)]}
    assert ask("revocations")[1] == [told]
    ask("verified", grant=active.name, host=str(hosts[0].pk), left=2)
    assert ask("revocations")[1] == [told]
    ask("verified", grant=active.name, host=str(hosts[0].pk), left=0)

    assert ask("revocations")[1] == []
    assert AccessSession.objects.get().close_reason == "revoked"


def test_heartbeats_of_many_hosts_are_noted_at_once(agents, hosts, ask, django_assert_max_num_queries):
    Agent.objects.update(seen_at=None)
    place = "spiffe://portal.example/t/acme/aws/111122223333/z/prod.aws-us-east-1c/h/"
    unknown = place + "00000000-0000-4000-8000-000000000000"
    beats = {place + str(host.pk): {"agent": "1.0", "load": [0.1, 0.2, 0.3]} for host in hosts}

    status, answer = ask("heartbeats", hosts={**beats, unknown: {}})

    assert (status, answer) == (200, {"unwelcome": [unknown]})
    assert {agent.version for agent in Agent.objects.all()} == {"1.0"}
    with django_assert_max_num_queries(4):
        ask("heartbeats", hosts=beats)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"session": 1}', b'{"session": "x", "offset": 0}'])
def test_what_makes_no_sense_is_a_bad_question(body):
    client = Client(headers={"Authorization": f"Bearer {GATEWAY}"})

    assert client.post("/gateway/chunk", body, content_type="application/json").status_code == 400


def test_keys_lie_locked_in_the_database(active, certify):
    certify(active)

    row = Authority.objects.using("system").get(purpose=Purpose.SSH_USERS)
    assert b"PRIVATE KEY" not in bytes(row.private)
    with override_settings(SSH_SECRET=""), pytest.raises(authorities.NoSecret):
        authorities.ssh_authority(Purpose.SSH_USERS, active.enclave_id)
