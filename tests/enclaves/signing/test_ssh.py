from dataclasses import replace
from datetime import timedelta

import asyncssh
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing.errors import SigningRefused
from enclaves.signing.names import Grant, HostName
from enclaves.signing.ssh import (
    MOST_SERIAL,
    SshAuthority,
    hop_certificate,
    host_certificate,
    user_certificate,
)
from tests.enclaves.signing.made import HOST, NOW, SESSION, needs_ssh_keygen, ssh_keygen, ssh_line
from tests.enclaves.signing.test_ssh_keys import GOOD

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def certified(authority, public_key, grant, **changes):
    wish = {"grant": grant, "serial": 7, "not_before": grant.not_before, "not_after": grant.not_after}
    return user_certificate(authority, public_key, **{**wish, **changes})


def hop(authority, public_key, grant, host, **changes):
    wish = {"grant": grant, "host": host, "session": SESSION, "serial": 8, "now": NOW}
    return hop_certificate(authority, public_key, **{**wish, **changes})


def read(line):
    """What asyncssh reads in a certificate; it checks the signature on the way."""
    return asyncssh.import_certificate(line)


def told(line, tmp_path):
    """What OpenSSH reads in a certificate, by the names that it gives to things."""
    file = tmp_path / "key-cert.pub"
    file.write_text(line + "\n")
    status, shown = ssh_keygen("-Lf", file)
    assert status == 0
    return [line.strip() for line in shown.splitlines()]


def test_a_persons_certificate_is_for_one_grant_and_its_time(authority, grant, public_key):
    made = read(certified(authority, public_key, grant))

    assert (made.principals, made._key_id, made._serial) == (["grant-41"], "grant-41", 7)
    assert (made._valid_after, made._valid_before) == (NOW.timestamp(), (NOW + HOUR).timestamp())
    assert made.signing_key.public_data == authority.key.public_data


@needs_ssh_keygen
@pytest.mark.parametrize("kind", GOOD)
def test_openssh_reads_a_certificate_of_every_kind_of_key(authority, grant, kind, tmp_path):
    lines = told(certified(authority, GOOD[kind], grant), tmp_path)

    assert 'Key ID: "grant-41"' in lines
    assert "Serial: 7" in lines
    assert lines[-2:] == ["Extensions:", "permit-pty"]


@pytest.mark.parametrize(
    ("rights", "extensions"),
    [
        ({}, {"permit-pty"}),
        ({"allow_port_forwarding": True}, {"permit-pty", "permit-port-forwarding"}),
        ({"allow_agent_forwarding": True}, {"permit-pty", "permit-agent-forwarding"}),
    ],
)
def test_forwarding_is_certified_only_if_it_was_granted(
    authority, grant, public_key, host, rights, extensions
):
    wider = replace(grant, **rights)

    for line in (certified(authority, public_key, wider), hop(authority, public_key, wider, host)):
        assert {name for name, value in read(line).options.items() if value} == extensions


def test_a_certificate_is_bound_to_the_networks_of_the_grant(authority, grant, public_key):
    bound = replace(grant, source_addresses=("198.51.100.7", "2001:db8::/32"))

    networks = read(certified(authority, public_key, bound)).options["source-address"]

    assert [str(network) for network in networks] == ["198.51.100.7/32", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"not_before": NOW - SECOND}, "beyond its grant"),
        ({"not_after": NOW + HOUR + SECOND}, "beyond its grant"),
        ({"not_after": NOW}, "over before it begins"),
        ({"not_before": NOW + SECOND / 4, "not_after": NOW + SECOND / 2}, "over before it begins"),
        ({"not_after": (NOW + HOUR).replace(tzinfo=None)}, "time zone"),
        ({"serial": 0}, "serial number"),
        ({"serial": -1}, "serial number"),
        ({"serial": MOST_SERIAL + 1}, "serial number"),
    ],
)
def test_nothing_beyond_the_grant_is_signed(authority, grant, public_key, change, says):
    with pytest.raises(SigningRefused, match=says):
        certified(authority, public_key, grant, **change)


def test_the_end_is_never_rounded_up(authority, grant, public_key):
    ends = grant.not_after - SECOND / 4

    made = read(certified(authority, public_key, grant, not_after=ends))

    assert made._valid_before == (NOW + HOUR).timestamp() - 1


def test_weak_keys_are_not_certified(authority, grant):
    with pytest.raises(SigningRefused, match="bits"):
        certified(authority, ssh_line("ssh-rsa", key_size=2048), grant)


def test_a_bad_network_is_not_certified_as_any_network(authority, grant, public_key):
    with pytest.raises(SigningRefused, match="no network"):
        certified(authority, public_key, replace(grant, source_addresses=("10.0.0.1/8",)))


@pytest.mark.parametrize(
    "name", ["", "41", "grant-", "grant-A", "grant-1,root", "host:acme/z/1", "grant-1\n"]
)
def test_a_grant_without_a_proper_name_is_none(name):
    with pytest.raises(SigningRefused, match="name of a grant"):
        Grant(id=name, not_before=NOW, not_after=NOW + HOUR)


def test_a_grant_has_a_beginning_before_its_end_in_a_time_zone():
    with pytest.raises(SigningRefused, match="ends after"):
        Grant(id="grant-1", not_before=NOW, not_after=NOW)
    with pytest.raises(SigningRefused, match="time zone"):
        Grant(id="grant-1", not_before=NOW, not_after=(NOW + HOUR).replace(tzinfo=None))


@pytest.mark.parametrize(
    "parts",
    [("", "z", HOST), ("acme", "", HOST), ("a/b", "z", HOST), ("acme", "z,x", HOST), ("acme", "z", "1")],
)
def test_a_host_without_a_proper_name_is_none(parts):
    with pytest.raises(SigningRefused):
        HostName(*parts)


def test_the_last_hop_opens_one_host_for_a_minute(authority, grant, public_key, host):
    made = read(hop(authority, public_key, grant, host))

    assert made.principals == [f"host:acme/prod.aws-us-east-1c/{HOST}"]
    assert made._key_id == f"grant-41/{SESSION}"
    assert made._valid_before == NOW.timestamp() + 60


def test_the_last_hop_never_outlives_the_grant(authority, grant, public_key, host):
    late = grant.not_after - timedelta(seconds=10)

    assert (
        read(hop(authority, public_key, grant, host, now=late))._valid_before == grant.not_after.timestamp()
    )


@pytest.mark.parametrize("moment", [NOW - SECOND, NOW + HOUR])
def test_there_is_no_last_hop_outside_the_grant(authority, grant, public_key, host, moment):
    with pytest.raises(SigningRefused):
        hop(authority, public_key, grant, host, now=moment)


@pytest.mark.parametrize("session", ["", "1", f"{SESSION}\nAccepted"])
def test_what_a_host_logs_of_a_session_is_its_id(authority, grant, public_key, host, session):
    with pytest.raises(SigningRefused, match="session"):
        hop(authority, public_key, grant, host, session=session)


def test_a_host_is_certified_by_its_alias_and_as_a_host(authority, host, public_key):
    line = host_certificate(authority, public_key, host=host, serial=9, not_before=NOW, not_after=NOW + HOUR)

    made = read(line)
    assert made.principals == [f"{HOST}.prod.aws-us-east-1c.acme"]
    assert made._cert_type == asyncssh.public_key.CERT_TYPE_HOST


def test_a_persons_certificate_opens_no_host_and_a_hop_no_grant(authority, grant, public_key, host):
    person, last = (
        read(certified(authority, public_key, grant)),
        read(hop(authority, public_key, grant, host)),
    )

    assert set(person.principals).isdisjoint({host.principal, host.alias})
    assert grant.id not in last.principals


def test_an_authority_is_known_by_one_line():
    authority = SshAuthority(ed25519.Ed25519PrivateKey.generate())

    kind, blob = authority.line.split()
    assert kind == "ssh-ed25519"
    assert asyncssh.import_public_key(f"{kind} {blob}").get_fingerprint() == authority.fingerprint
