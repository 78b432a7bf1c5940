import stat
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from agent.identity import Identity
from agent.tokens import TokenRefused
from enclaves.signing import x509 as signing
from tests.agent.made import NOW, Made, serial_of

AT = NOW.timestamp()


@pytest.fixture
def made():
    return Made()


@pytest.fixture
def identity(made, tmp_path):
    return Identity(made.config(tmp_path))


def test_the_keys_of_a_host_are_made_once_and_are_its_own(made, identity, tmp_path):
    again = Identity(made.config(tmp_path))

    assert _key_in(again.request()) == _key_in(identity.request())
    assert again.request()["host_key"] == identity.request()["host_key"]
    for name in ("identity.key", "host_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_host_without_certificate_has_to_enrol(identity):
    assert not identity.is_valid(AT)


def test_what_the_portal_says_is_kept_over_restarts(made, identity, tmp_path):
    identity.take(made.statement(identity.request()), AT)

    again = Identity(made.config(tmp_path))
    assert again.is_valid(AT)
    assert not again.is_valid(AT + 3600)
    assert (tmp_path / "chain.pem").read_text().count("BEGIN CERTIFICATE") == 2
    assert (tmp_path / "host_key-cert.pub").read_text().startswith("ssh-ed25519-cert-v01@openssh.com ")


def test_a_certificate_is_renewed_at_half_of_its_life(made, identity):
    identity.take(made.statement(identity.request()), AT)

    lifetime = identity.lifetime()
    assert lifetime.begins_at < lifetime.renew_at() < lifetime.ends_at
    assert lifetime.renew_at() - lifetime.begins_at == lifetime.ends_at - lifetime.renew_at()


def test_new_keys_are_believed_when_an_old_one_says_so(made, identity):
    following = Made()
    both = [made.grant_key.public_key(), following.grant_key.public_key()]
    identity.take(made.statement(identity.request(), grant_keys=both), AT)

    identity.take(following.statement(identity.request()), AT)

    assert identity.grant_keys == following.grant_keys


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ed25519.Ed25519PrivateKey.generate()},
        {"host": "00000000-0000-4000-8000-000000000000"},
        {"now": NOW - timedelta(minutes=5)},
        {"now": NOW + timedelta(minutes=5)},
        {"chain": "no certificate"},
        {"user_ca": ["ssh-ed25519 AAAA\nssh-ed25519 BBBB"]},
        {"host_certificate": "ssh-ed25519 AAAA\nHostKey /tmp/x"},
        {"gateway_ca": "no roots"},
    ],
    ids=[
        "other key",
        "other host",
        "old",
        "from the future",
        "no certificate",
        "two lines",
        "more lines",
        "no roots",
    ],
)
def test_what_is_not_said_by_the_portal_now_to_this_host_changes_nothing(made, identity, tmp_path, changes):
    identity.take(made.statement(identity.request()), AT)
    before = _files(tmp_path)

    with pytest.raises(TokenRefused):
        identity.take(made.statement(identity.request(), **changes), AT)

    assert _files(tmp_path) == before


def test_a_certificate_for_another_key_is_not_taken(made, identity, tmp_path):
    other = Identity(made.config(tmp_path / "other")) if (tmp_path / "other").mkdir() is None else None

    with pytest.raises(TokenRefused, match="another key"):
        identity.take(made.statement(other.request()), AT)
    assert not (tmp_path / "chain.pem").exists()


def test_a_new_certificate_replaces_the_old_one(made, identity, tmp_path):
    identity.take(made.statement(identity.request()), AT)
    first = serial_of((tmp_path / "chain.pem").read_text())

    identity.take(made.statement(identity.request()), AT)

    assert serial_of((tmp_path / "chain.pem").read_text()) != first


def test_gateways_are_known_by_the_roots_that_the_portal_named_last(made, tmp_path):
    born, later = (_root() for _ in range(2))
    identity = Identity(made.config(tmp_path, gateway_ca=born.pem))
    identity.take(made.statement(identity.request()), AT)
    before = _known(identity)
    identity.take(made.statement(identity.request(), gateway_ca=born.pem + later.pem), AT)

    assert before == {born.certificate.serial_number}
    assert _known(identity) == before | {later.certificate.serial_number}
    assert _known(Identity(made.config(tmp_path, gateway_ca=born.pem))) == _known(identity)


def test_a_damaged_memory_makes_the_host_enrol_again(made, identity, tmp_path):
    identity.take(made.statement(identity.request()), AT)
    (tmp_path / "trusted.json").write_text('{"chain"')

    assert not Identity(made.config(tmp_path)).is_valid(AT)


def _root():
    return signing.make_root(ec.generate_private_key(ec.SECP256R1()), "portal.example", "gateways", now=NOW)


def _known(identity):
    roots = identity.client_context(named=False).get_ca_certs(binary_form=True)
    return {x509.load_der_x509_certificate(root).serial_number for root in roots}


def _key_in(request):
    return x509.load_pem_x509_csr(request["csr"].encode()).public_key()


def _files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
