"""Authorities, a grant of an hour and a host, all made of keys that live as long as the test."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing.names import Grant, HostName
from enclaves.signing.ssh import SshAuthority
from tests.enclaves.signing.made import HOST, NOW, ssh_line


@pytest.fixture(scope="session")
def authority():
    return SshAuthority(ed25519.Ed25519PrivateKey.generate())


@pytest.fixture
def grant():
    return Grant(id="grant-41", not_before=NOW, not_after=NOW + timedelta(hours=1))


@pytest.fixture
def host():
    return HostName("acme", "prod.aws-us-east-1c", HOST)


@pytest.fixture(scope="session")
def public_key():
    return ssh_line("ssh-ed25519")
