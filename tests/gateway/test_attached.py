"""Who may connect as a host, for how long, and what happens to one that does not keep to the protocol."""

import contextlib
import json
import subprocess
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from agent.wire import CHUNK, CREDIT
from enclaves.signing import x509
from tests.gateway.portal import DOMAIN, now
from tests.gateway.pretended import PretendedHost, hear, tell
from tests.gateway.world import eventually, processes


@pytest.fixture
def pretended(world, gateway):
    return PretendedHost(world, gateway)


@pytest.fixture
def db(world):
    """A host that no agent runs for."""
    return world.portal.host("acme", "db-1")


def test_a_host_with_its_certificate_is_connected(world, pretended, db):
    with pretended.certified(db.spiffe, db.enclave.intermediate).connect() as socket:
        tell(socket, op="hello", facts={"agent": "test"}, grants=[])

        eventually(lambda: world.portal.heartbeats.get(str(db.spiffe)) == {"agent": "test"})
        assert world.redis.get(f"agent:{db.id}")


def test_a_host_that_leaves_is_not_looked_for_any_more(world, pretended, db):
    with pretended.certified(db.spiffe, db.enclave.intermediate).connect():
        eventually(lambda: world.redis.get(f"agent:{db.id}"))

    eventually(lambda: world.redis.get(f"agent:{db.id}") is None)


def test_nobody_is_connected_without_a_certificate(pretended):
    _is_refused(pretended, "There is no certificate.")


def test_a_certificate_of_a_strange_root_is_refused(pretended, db):
    root = x509.make_root(_key(), DOMAIN, "hosts", now=now())
    authority = x509.make_intermediate(root, _key(), DOMAIN, "acme", now=now())

    _is_refused(pretended.certified(db.spiffe, authority))


def test_a_certificate_that_is_over_is_refused(pretended, db):
    authority = db.enclave.intermediate

    _is_refused(pretended.certified(db.spiffe, authority, timedelta(seconds=60), ago=600))


def test_the_authority_of_one_tenant_makes_no_host_of_another(world, pretended, db, monkeypatch):
    monkeypatch.setattr(x509, "_tenant_of", lambda certificate: (DOMAIN, "acme"))
    globex = world.portal.enclave("globex").intermediate

    _is_refused(pretended.certified(db.spiffe, globex), "another tenant")


def test_a_host_of_another_portal_is_refused(world, pretended, db):
    elsewhere = replace(db.spiffe, domain="elsewhere.example")
    authority = x509.make_intermediate(
        world.portal.hosts_root, _key(), "elsewhere.example", "acme", now=now()
    )

    _is_refused(pretended.certified(elsewhere, authority), "no host of this portal")


def test_a_gateways_own_certificate_is_no_hosts(world, pretended):
    root = world.portal.gateways_root
    chain = x509.gateway_certificate(root, pretended.key.public_key(), ["127.0.0.1"], now=now())

    _is_refused(pretended.certified_as_is(chain))


def test_a_connection_ends_with_its_certificate(pretended, db):
    certified = pretended.certified(db.spiffe, db.enclave.intermediate, timedelta(seconds=3))

    with certified.connect() as socket, pytest.raises(ConnectionClosed) as closed:
        hear(socket, "challenge", 20)
    assert closed.value.rcvd.reason == "The certificate is over."


def test_a_connection_goes_on_with_a_new_certificate_for_the_same_key(world, pretended, db):
    certified = pretended.certified(db.spiffe, db.enclave.intermediate, timedelta(seconds=4))
    with certified.connect() as socket:
        tell(socket, op="renew", csr=pretended.request().decode(), host_key=_host_key(world))
        hear(socket, "statement")

        with pytest.raises(TimeoutError):
            hear(socket, "challenge", 6)


def test_a_new_certificate_for_another_key_does_not_prolong_a_connection(world, gateway, pretended, db):
    """As if a portal were talked into certifying the key of somebody who only carries the connection."""
    other = PretendedHost(world, gateway)
    certified = pretended.certified(db.spiffe, db.enclave.intermediate, timedelta(seconds=4))
    with certified.connect() as socket:
        tell(socket, op="renew", csr=other.request().decode(), host_key=_host_key(world))
        hear(socket, "statement")

        with pytest.raises(ConnectionClosed):
            hear(socket, "challenge", 20)


def test_a_host_that_the_portal_does_not_want_is_let_go(world, pretended, db):
    world.portal.unwelcome.add(str(db.spiffe))

    certified = pretended.certified(db.spiffe, db.enclave.intermediate)
    with certified.connect() as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(20)
    assert "does not know this host" in closed.value.rcvd.reason


def test_the_newest_connection_of_a_host_counts(world, gateway, pretended, db):
    certified = pretended.certified(db.spiffe, db.enclave.intermediate)
    with certified.connect() as old, certified.connect() as new:
        with pytest.raises(ConnectionClosed):
            old.recv(20)
        person = world.person(world.portal.grant([db], "enclave"), gateway)
        with _asking(person):
            assert hear(new, "open")["stream"] == 1


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '{"op": 7}',
        '{"op": "window", "stream": 1, "credit": "much"}',
        '{"op": "closed", "stream": "1"}',
        '{"op": "heartbeat", "facts": 7}',
        '{"op": "heartbeat", "facts": {"kernel": "' + "x" * 4096 + '"}}',
        '{"op": "renew"}',
        b"",
        b"\0\0\0\1",
        b"\0\0\0\7data for a stream that nobody opened",
        "[" * 100_000,
    ],
    ids=range(12),
)
def test_a_host_that_breaks_the_protocol_is_let_go(pretended, db, frame):
    with pretended.certified(db.spiffe, db.enclave.intermediate).connect() as socket:
        socket.send(frame)

        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
    assert closed.value.rcvd.code == 1008


def test_a_host_that_sends_more_than_there_is_room_for_is_let_go(world, gateway, pretended, db):
    person = world.person(world.portal.grant([db], "enclave"), gateway)
    with pretended.certified(db.spiffe, db.enclave.intermediate).connect() as socket, _asking(person):
        hear(socket, "open")
        for _ in range(CREDIT // CHUNK + 1):
            socket.send(b"\0\0\0\1" + bytes(CHUNK))

        with pytest.raises(ConnectionClosed) as closed:
            hear(socket, "opened")
    assert "more than there was room for" in closed.value.rcvd.reason


def test_a_host_that_answers_for_the_stream_of_another_changes_nothing(
    world, gateway, agent, person, pretended, db
):
    with pretended.certified(db.spiffe, db.enclave.intermediate).connect() as socket:
        for number in range(1, 50):
            tell(socket, op="opened", stream=number)
            tell(socket, op="closed", stream=number, why="exited", left=0)

        assert person.ssh("sleep 0.5; echo in").stdout == "in\n"


def test_an_impostor_with_a_hosts_certificate_still_is_not_the_hosts_sshd(
    world, gateway, agent, pretended, db
):
    person = world.person(world.portal.grant([db], "enclave"), gateway)
    certified = pretended.certified(db.spiffe, db.enclave.intermediate)
    with (
        certified.connect() as socket,
        world.strange_sshd(db.ssh_name.alias) as sshd,
        _asking(person) as asking,
    ):
        number = hear(socket, "open")["stream"]
        tell(socket, op="opened", stream=number)
        _bridge(socket, number, sshd)
        _, said = asking.communicate(timeout=30)

    assert "does not let the gateway in: Host CA key is not trusted" in said


def test_a_host_that_does_not_end_a_session_keeps_nobody_in(world, gateway, pretended, db, mark):
    person = world.person(world.portal.grant([db], "root", lasts=10), gateway)
    certified = pretended.certified(db.spiffe, db.enclave.intermediate)
    with (
        certified.connect() as socket,
        world.sshd_of(db) as sshd,
        _asking(person, f"echo in; sleep {mark}") as client,
    ):
        number = hear(socket, "open")["stream"]
        tell(socket, op="opened", stream=number)
        _carry(socket, number, sshd)
        assert client.stdout.readline() == "in\n"

        assert client.wait(20) == 255
        assert "its time is over" in client.stderr.read()
        assert processes(mark)
        (told,) = eventually(
            lambda: [one for one in world.portal.sessions_of(person.grant) if one.closing], 30
        )
    assert (told.closing["reason"], told.closing["left"]) == ("expired", None)


def test_a_host_that_does_not_answer_is_told_to_the_person(world, gateway, db):
    person = world.person(world.portal.grant([db], "enclave"), gateway)

    done = person.ssh("true")

    assert (done.returncode, "The host is not connected now." in done.stderr) == (255, True)


def test_what_is_no_path_of_ours_is_not_found(pretended):
    with pytest.raises(InvalidStatus) as refused:
        pretended.connect("/anything")
    assert refused.value.response.status_code == 404


def test_enrolling_needs_the_clouds_word(world, gateway, db):
    somebody = PretendedHost(world, gateway)
    with somebody.connect("/enrol") as socket:
        tell(socket, op="ask", host=db.id)
        hear(socket, "challenge")
        request = {"csr": somebody.request().decode(), "host_key": _host_key(world)}
        tell(socket, op="enrol", document="forged", **request)

        assert hear(socket, "denied")["reason"] == "The document is not this host's."


@pytest.mark.parametrize(
    "said", ["no json", json.dumps({"op": "enrol"}), json.dumps({"op": "ask", "host": 7})]
)
def test_enrolling_in_another_way_is_denied(world, gateway, said):
    with PretendedHost(world, gateway).connect("/enrol") as socket:
        socket.send(said)

        assert hear(socket, "denied")


def _is_refused(pretended, reason=""):
    """With TLS 1.3 a client learns that its certificate was refused only when it reads."""
    with pytest.raises((WebSocketException, OSError)) as refused, pretended.connect() as socket:
        socket.recv(20)
    if reason:
        assert reason in str(refused.value)


@contextlib.contextmanager
def _asking(person, command="true"):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(["ssh", *person.options(), person.at(), command], text=True, **pipes) as client:
        try:
            yield client
        finally:
            client.kill()


def _bridge(socket, number, sshd):
    """Carry what the gateway says to an sshd, and back, until the gateway hangs up."""
    _carry_back(socket, number, sshd)
    while True:
        message = socket.recv(20)
        if isinstance(message, bytes):
            sshd.sendall(message[4:])
        elif json.loads(message)["op"] == "close":
            break
    tell(socket, op="closed", stream=number, why="told", left=0)


def _carry(socket, number, sshd):
    """The same, in the background and whatever the gateway says."""

    def there():
        with contextlib.suppress(ConnectionClosed, OSError):
            for message in socket:
                if isinstance(message, bytes):
                    sshd.sendall(message[4:])

    _carry_back(socket, number, sshd)
    threading.Thread(target=there, daemon=True).start()


def _carry_back(socket, number, sshd):
    header = number.to_bytes(4, "big")

    def back():
        with contextlib.suppress(ConnectionClosed, OSError):
            while data := sshd.recv(4096):
                socket.send(header + data)

    threading.Thread(target=back, daemon=True).start()


def _host_key(world):
    return (world.folder / "person.pub").read_text().strip()


def _key():
    return ec.generate_private_key(ec.SECP256R1())


def test_a_host_that_was_asked_and_kept_silent_is_not_taken_for_empty(world, gateway, pretended, db):
    person = world.person(world.portal.grant([db], "enclave"), gateway)
    with pretended.certified(db.spiffe, db.enclave.intermediate).connect() as socket, _asking(person):
        hear(socket, "open")
        hear(socket, "close", 20)

        (told,) = eventually(lambda: [one for one in world.portal.sessions_of(person.grant) if one.closing])
    assert told.closing["left"] is None
