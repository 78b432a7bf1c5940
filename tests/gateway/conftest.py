"""Gateways and hosts for tests that need them."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.gateway.world import SSHD, World

# A skip that nobody reads would hide that nothing was tried.
WHY_NOT = (
    "needs root and unshare, for accounts in namespaces of their own"
    if os.geteuid() or not shutil.which("unshare")
    else ""
) or ("" if SSHD.exists() else "needs OpenSSH's server: apt-get install openssh-server")


@pytest.fixture
def world():
    if WHY_NOT:
        pytest.skip(f"NO REAL SSHD WAS TRIED: {WHY_NOT}")
    # The hosts' accounts must be able to pass, which pytest's own folders refuse.
    folder = Path(tempfile.mkdtemp(prefix="enclave-world-"))
    folder.chmod(0o711)
    made = World(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture
def gateway(world):
    return world.gateway()


@pytest.fixture
def host(world):
    return world.portal.host("acme", "web-1")


@pytest.fixture
def agent(world, gateway, host):
    return world.agent(host, gateway)


@pytest.fixture
def person(world, gateway, host, agent):
    """Somebody with a grant of ten minutes on the host."""
    return world.person(world.portal.grant([host], "enclave"), gateway)
