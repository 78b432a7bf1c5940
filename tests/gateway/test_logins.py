"""Who gets in. Each that must not is tried with OpenSSH's client, and must see no shell of the host."""

import os

import asyncssh
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing import ssh
from tests.gateway.portal import now
from tests.gateway.world import Person, eventually


def test_within_the_time_the_certificate_of_a_grant_opens_its_host(person):
    assert person.ssh("echo in").stdout == "in\n"


@pytest.mark.parametrize("times", [{"begins": 60}, {"begins": -120, "lasts": 60}], ids=["before", "after"])
def test_outside_the_time_nobody_gets_in(world, gateway, host, agent, times):
    person = world.person(world.portal.grant([host], "enclave", **times), gateway)

    _is_refused(person.ssh("echo in"), "Permission denied")


def test_the_certificate_of_one_grant_does_not_open_another(world, gateway, host, agent, person):
    other = world.portal.grant([host], "enclave")

    _is_refused(person.ssh("echo in", user=other), "Permission denied")


@pytest.mark.parametrize("user", ["root", "enclave", "grant-", "grant-../..", "GRANT-1", "grant-1+"])
def test_a_name_that_is_no_grant_opens_nothing(person, user):
    _is_refused(person.ssh("echo in", user=user), "Permission denied")


def test_a_host_that_the_grant_does_not_name_is_refused(world, person):
    other = world.portal.host("acme", "db-1")

    _is_refused(person.ssh("echo in", host=other.name), "Say which host")


@pytest.mark.parametrize("state", ["revoked", "frozen", "expired", "denied"])
def test_a_grant_that_is_not_active_opens_nothing(world, gateway, host, agent, state):
    person = world.person(world.portal.grant([host], "enclave"), gateway)
    world.portal.grants[person.grant].state = state

    _is_refused(person.ssh("echo in"), f"This access is not active: {state}")


def test_a_certificate_that_the_portal_does_not_know_opens_nothing(world, person):
    world.portal.grants[person.grant].serials.clear()

    _is_refused(person.ssh("echo in"), "This certificate is not known.")


def test_the_source_address_of_a_certificate_is_checked(world, gateway, host, agent):
    far = world.portal.grant([host], "enclave", source_addresses=("198.51.100.0/24",))
    near = world.portal.grant([host], "enclave", source_addresses=("127.0.0.1/32",))

    _is_refused(world.person(far, gateway).ssh("echo in"), "Permission denied")
    assert world.person(near, gateway).ssh("echo in").stdout == "in\n"


def test_a_key_without_certificate_opens_nothing(world, person):
    nothing = world.folder / "nothing-cert.pub"

    _is_refused(_with(person, nothing).ssh("echo in"), "Permission denied")


def test_a_certificate_of_a_strange_authority_opens_nothing(world, person):
    stranger = ssh.SshAuthority(_ed25519())

    _is_refused(_certified_by(world, person, stranger).ssh("echo in"), "Permission denied")


def test_a_certificate_of_another_enclaves_authority_opens_nothing(world, person):
    other = world.portal.enclave("globex").user_ca

    certified = _certified_by(world, person, other)
    # At first the gateway has not heard of that authority, and refuses for that.
    eventually(lambda: "another enclave" in certified.ssh("true").stderr)

    _is_refused(certified.ssh("echo in"), "another enclave")


@pytest.mark.parametrize(
    "changes",
    [
        {"principals": []},
        {"principals": ["root"]},
        {"more": ["root"]},
        {"key_id": "grant-other"},
    ],
    ids=["no principal", "another principal", "two principals", "another key id"],
)
def test_a_certificate_that_the_signer_would_never_make_opens_nothing(world, person, changes):
    authority = next(iter(world.portal.grants[person.grant].hosts)).enclave.user_ca
    principals = changes.get("principals", [person.grant, *changes.get("more", [])])
    certificate = authority.key.generate_user_certificate(
        asyncssh.read_public_key(f"{world.key}.pub"),
        changes.get("key_id", person.grant),
        serial=world.portal.serial(),
        principals=principals,
    )

    _is_refused(_with_certificate(world, person, certificate).ssh("echo in"), "Permission denied")


def test_a_host_certificate_is_no_way_in(world, person):
    authority = next(iter(world.portal.grants[person.grant].hosts)).enclave.user_ca
    certificate = authority.key.generate_host_certificate(
        asyncssh.read_public_key(f"{world.key}.pub"), person.grant, principals=[person.grant]
    )

    _is_refused(_with_certificate(world, person, certificate).ssh("echo in"), "Permission denied")


@pytest.mark.parametrize(
    ("kind", "size"), [("ecdsa-sha2-nistp256", {}), ("ssh-rsa", {"key_size": 3072})], ids=["ecdsa", "rsa"]
)
def test_other_kinds_of_keys_open_too(world, gateway, host, agent, kind, size):
    person = world.person(world.portal.grant([host], "enclave"), gateway)
    key = world.new_key(kind, kind, **size)
    certificate = world.folder / f"{kind}-cert.pub"
    certificate.write_text(world.portal.certificate(person.grant, key.with_suffix(".pub").read_text()) + "\n")

    assert Person(world, person.grant, gateway, key, certificate).ssh("echo in").stdout == "in\n"


@pytest.mark.parametrize(
    "flags",
    [
        ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1"],
        ["-W", "127.0.0.1:1"],
    ],
    ids=["remote", "direct"],
)
def test_forwarding_that_was_not_granted_is_refused(person, flags):
    done = person.ssh(flags=flags)

    assert done.returncode != 0
    assert done.stdout == ""


def test_no_agent_and_no_display_of_the_person_reach_the_host(person):
    done = person.ssh(
        "echo ${SSH_AUTH_SOCK:-none} ${DISPLAY:-none}",
        flags=["-A", "-X"],
        env={"DISPLAY": ":7", "PATH": os.environ["PATH"]},
    )

    assert done.stdout == "none none\n"


def test_forwarding_that_was_granted_leads_to_what_the_host_sees(world, gateway, host, agent, listener):
    grant = world.portal.grant([host], "enclave", allow_port_forwarding=True)
    person = world.person(grant, gateway)

    done = person.ssh(flags=["-W", f"127.0.0.1:{listener.port}"], input="hello")

    assert done.stdout == "hello back"
    (told,) = world.portal.sessions_of(grant)
    eventually(lambda: told.closing)
    assert told.said("m") == (
        f"forward to 127.0.0.1:{listener.port} opened"
        f"forward to 127.0.0.1:{listener.port} closed, 5 bytes there, 10 bytes back"
    )


def test_a_session_that_was_granted_forwarding_still_records(world, gateway, host, agent):
    person = world.person(world.portal.grant([host], "enclave", allow_port_forwarding=True), gateway)

    assert person.ssh("echo in").stdout == "in\n"


def test_who_does_not_log_in_is_not_let_stay_for_long_in_numbers(world, gateway, person):
    strangers = world.strangers(gateway, 20)
    try:
        assert world.is_dropped(gateway)
    finally:
        for one in strangers:
            one.close()
    eventually(lambda: person.ssh("echo in").stdout == "in\n")


def _is_refused(done, text):
    assert done.stdout == ""
    assert done.returncode != 0
    assert text in done.stderr, done.stderr


def _ed25519():
    return ed25519.Ed25519PrivateKey.generate()


def _with(person, path):
    return Person(person.world, person.grant, person.gateway, person.key, path)


def _with_certificate(world, person, certificate):
    """As if the portal had given it out."""
    world.portal.grants[person.grant].serials.add(certificate._serial)
    path = world.folder / f"{person.grant}-odd-cert.pub"
    certificate.write_certificate(str(path))
    return _with(person, path)


def _certified_by(world, person, authority):
    granted = world.portal.grants[person.grant]
    serial = world.portal.serial()
    granted.serials.add(serial)
    line = ssh.user_certificate(
        authority,
        (world.folder / "person.pub").read_text(),
        grant=granted.signed,
        serial=serial,
        not_before=granted.signed.not_before,
        not_after=granted.signed.not_after,
    )
    path = world.folder / f"{person.grant}-strange-cert.pub"
    path.write_text(line + "\n")
    assert now() < granted.signed.not_after
    return _with(person, path)
