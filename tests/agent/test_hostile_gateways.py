"""What an agent does not do for a gateway that was taken over: the portal's word counts, and only once."""

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from agent.cages import descendants
from agent.wire import CHUNK, CREDIT
from tests.agent.gateway import SSHD, PlayedGateway
from tests.agent.made import Made

pytestmark = pytest.mark.skipif(
    not Path(SSHD).exists(), reason="NO REAL SSHD WAS TRIED: apt-get install openssh-server"
)
OTHER = "00000000-0000-4000-8000-000000000000"
STRANGER = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def gateway(metadata):
    with PlayedGateway() as played:
        played.start_agent(metadata_url=metadata)
        played.connected()
        played.stream = 0
        yield played


@pytest.fixture
def own_gateway(metadata):
    with PlayedGateway() as played:
        played.metadata = metadata
        yield played


def test_a_token_of_the_portal_opens_one_session(gateway):
    token = _token(gateway)

    assert _open(gateway, token)["op"] == "opened"
    assert gateway.heard.get(timeout=20)[4:].startswith(b"SSH-2.0-OpenSSH")
    gateway.tell(op="close", stream=gateway.stream)
    assert gateway.hear("closed")["left"] == 0


def test_a_token_is_not_taken_twice(gateway):
    token = _token(gateway)
    _open(gateway, token)
    gateway.tell(op="close", stream=gateway.stream)
    gateway.hear("closed")

    assert "used before" in _open(gateway, token)["reason"]


def test_a_token_is_not_taken_twice_by_the_next_agent_either(own_gateway):
    own_gateway.start_agent(metadata_url=own_gateway.metadata)
    own_gateway.connected()
    own_gateway.stream = 0
    token = _token(own_gateway)
    assert _open(own_gateway, token)["op"] == "opened"
    own_gateway.stop_agent()

    own_gateway.start_agent(metadata_url=own_gateway.metadata)
    own_gateway.connected()
    own_gateway.stream = 0

    assert "used before" in _open(own_gateway, token)["reason"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"host": OTHER}, "another host"),
        ({"tenant": "globex"}, "another tenant"),
        ({"login": "daemon"}, "another login"),
        ({"key": STRANGER}, "of the key"),
        ({"now_in": -300}, "just now"),
        ({"ends_in": 1}, "over"),
    ],
    ids=["other host", "other tenant", "other login", "other key", "kept", "over"],
)
def test_a_token_that_is_not_for_this_opens_nothing(gateway, changes, text):
    token = _token(gateway, **changes)
    if "ends_in" in changes:
        time.sleep(1.2)

    assert text in _open(gateway, token)["reason"]
    assert not _sessions(gateway)


@pytest.mark.parametrize("token", ["", "a.b.c", "e30.e30.", "x" * 70_000], ids=range(4))
def test_what_is_no_token_opens_nothing(gateway, token):
    assert _open(gateway, token)["op"] == "refused"
    assert not _sessions(gateway)


def test_a_statement_that_the_portal_did_not_sign_changes_nothing(gateway):
    before = (gateway.folder / "state" / "user_ca.pub").read_text()
    stranger = Made(grant_key=STRANGER, now=datetime.now(UTC), host=gateway.made.host)

    gateway.tell(op="statement", statement=stranger.statement(gateway.requests[0]))
    _open(gateway, "a.b.c")

    assert "was not believed" in gateway.log
    assert (gateway.folder / "state" / "user_ca.pub").read_text() == before


def test_an_enrolment_that_the_portal_did_not_sign_is_not_believed(own_gateway):
    own_gateway.statement = {"key": STRANGER, "grant_keys": [STRANGER.public_key()]}
    own_gateway.start_agent(metadata_url=own_gateway.metadata)

    _until(lambda: "of the key, that is asked for" in own_gateway.log)
    assert own_gateway.socket is None
    assert not (own_gateway.folder / "state" / "user_ca.pub").exists()


def test_a_gateway_without_the_portals_certificate_is_not_spoken_to(own_gateway):
    with PlayedGateway() as other:
        own_gateway.start_agent(
            metadata_url=own_gateway.metadata, gateway_ca=(other.folder / "root.pem").read_text()
        )

        _until(lambda: "CERTIFICATE_VERIFY_FAILED" in own_gateway.log)
        assert own_gateway.requests == []


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[]",
        '{"op": "open", "stream": 0, "token": "a"}',
        '{"op": "open", "stream": 4294967296, "token": "a"}',
        '{"op": "open", "stream": 900}',
        '{"op": "verify"}',
        '{"op": "statement"}',
        b"\0\0\0\0",
        b"\xff\xff\xff\xffdata",
    ],
    ids=range(9),
)
def test_a_gateway_that_breaks_the_protocol_is_left_and_found_again(own_gateway, said):
    own_gateway.start_agent(metadata_url=own_gateway.metadata)
    own_gateway.connected()

    own_gateway.socket.send(said)

    assert own_gateway.connected()
    assert len(own_gateway.requests) == 1


def test_more_bytes_than_there_is_room_for_end_the_connection_and_its_sessions(own_gateway):
    own_gateway.start_agent(metadata_url=own_gateway.metadata)
    own_gateway.connected()
    own_gateway.stream = 0
    _open(own_gateway, _token(own_gateway))
    _until(lambda: _sessions(own_gateway))
    header = own_gateway.stream.to_bytes(4, "big")
    for _ in range(8 * CREDIT // CHUNK):
        own_gateway.socket.send(header + bytes(CHUNK))

    own_gateway.connected()
    _until(lambda: not _sessions(own_gateway))


def test_what_a_grant_left_is_ended_and_counted_on_demand(gateway):
    _open(gateway, _token(gateway))
    _until(lambda: _sessions(gateway))

    gateway.tell(op="verify", grant="grant-7")

    assert gateway.hear("verified") == {"op": "verified", "grant": "grant-7", "left": 0}
    assert not _sessions(gateway)


def test_a_message_that_a_later_version_may_send_is_no_violation(gateway):
    gateway.tell(op="dance", stream=1)

    assert _open(gateway, "a.b.c")["op"] == "refused"


def test_a_close_of_what_was_never_opened_changes_nothing(gateway):
    gateway.tell(op="close", stream=4_000_000_000)

    assert _open(gateway, "a.b.c")["op"] == "refused"


def test_heartbeats_tell_what_the_host_is(own_gateway):
    own_gateway.start_agent(metadata_url=own_gateway.metadata, heartbeat_seconds=0.2)
    own_gateway.connected()

    facts = own_gateway.hear("heartbeat")["facts"]

    assert {"agent", "os", "kernel", "sshd", "uptime_seconds", "load", "disk_free_bytes", "cage"} <= set(
        facts
    )
    assert facts["sshd"].startswith("OpenSSH_")
    own_gateway.hear("heartbeat")


def _token(gateway, now_in=0, ends_in=600, **changes):
    now = datetime.now(UTC) + timedelta(seconds=now_in)
    begins = datetime.now(UTC) - timedelta(minutes=10)
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=ends_in)
    return gateway.made.token(now=now, begins=begins, ends=ends, **{"login": "root", **changes})


def _open(gateway, token):
    gateway.stream += 1
    gateway.tell(op="open", stream=gateway.stream, token=token)
    while True:
        said = gateway.heard.get(timeout=20)
        if isinstance(said, str) and f'"stream":{gateway.stream}' in said and '"op":"window"' not in said:
            return json.loads(said)


def _sessions(gateway):
    """The sshds of this agent that live."""
    found = []
    for pid in descendants(gateway.agent_pid):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "sshd":
                found.append(pid)
    return found


def _until(claim):
    until = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < until, "This never came true."
        time.sleep(0.05)
