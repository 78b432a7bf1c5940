import pytest

from enclaves.signing.errors import SigningRefused
from enclaves.signing.krl import MAGIC, revocation_list
from tests.enclaves.signing.made import NOW, needs_ssh_keygen, ssh_keygen
from tests.enclaves.signing.test_ssh import certified

pytestmark = needs_ssh_keygen


@pytest.fixture
def is_revoked(authority, grant, public_key, tmp_path):
    """Ask OpenSSH whether a list revokes the certificate with a serial."""

    def ask(content, serial):
        files = tmp_path / "list", tmp_path / "key-cert.pub"
        files[0].write_bytes(content)
        files[1].write_text(certified(authority, public_key, grant, serial=serial) + "\n")
        status, said = ssh_keygen("-Qf", *files)
        assert ("REVOKED" in said) == (status != 0), said
        return status != 0

    return ask


def made(authority, **what):
    return revocation_list(authority.line, version=3, made_at=NOW, **what)


def test_a_serial_is_revoked_and_its_neighbours_are_not(authority, is_revoked):
    content = made(authority, serials=[9, 7, 7])

    assert [serial for serial in range(6, 11) if is_revoked(content, serial)] == [7, 9]


def test_all_certificates_of_a_grant_are_revoked_by_its_name(authority, is_revoked):
    assert is_revoked(made(authority, key_ids=["grant-41"]), 1)
    assert not is_revoked(made(authority, key_ids=["grant-42"]), 1)


def test_serials_and_names_go_together(authority, is_revoked):
    content = made(authority, serials=[5], key_ids=["grant-9"])

    assert is_revoked(content, 5)
    assert not is_revoked(content, 6)


def test_a_list_of_nothing_is_still_a_list(authority, is_revoked):
    content = made(authority)

    assert content.startswith(MAGIC)
    assert not is_revoked(content, 1)


def test_a_list_of_many_stays_small(authority, is_revoked):
    content = made(authority, serials=range(1, 100_001))

    assert len(content) < 800_500
    assert is_revoked(content, 100_000)


@pytest.mark.parametrize("what", [{"serials": [0]}, {"serials": [2**64]}, {"key_ids": [""]}])
def test_a_list_says_nothing_that_openssh_would_misread(authority, what):
    with pytest.raises(SigningRefused):
        made(authority, **what)
