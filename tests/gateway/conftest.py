"""Gateways and hosts for tests that need them."""

import itertools
import os
import shutil
import socketserver
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import settings

from tests.gateway.world import SSHD, World

# How long an example takes says how busy the machine is, and nothing else.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A skip that nobody reads would hide that nothing was tried.
WHY_NOT = (
    "needs root and unshare, for accounts in namespaces of their own"
    if os.geteuid() or not shutil.which("unshare")
    else ""
) or ("" if SSHD.exists() else "needs OpenSSH's server: apt-get install openssh-server")


def _new_world():
    if WHY_NOT:
        pytest.skip(f"NO REAL SSHD WAS TRIED: {WHY_NOT}")
    # The hosts' accounts must be able to pass, which pytest's own folders refuse.
    folder = Path(tempfile.mkdtemp(prefix="enclave-world-"))
    folder.chmod(0o711)
    made = World(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def world():
    """Shared by the tests of a file, because a gateway takes a second to start."""
    yield from _new_world()


@pytest.fixture
def own_world():
    """For tests that break things."""
    yield from _new_world()


@pytest.fixture(scope="module")
def gateway(world):
    return world.gateway()


@pytest.fixture(scope="module")
def host(world):
    return world.portal.host("acme", "web-1")


@pytest.fixture(scope="module")
def agent(world, gateway, host):
    return world.agent(host, gateway)


@pytest.fixture
def person(world, gateway, host, agent):
    """Somebody with a grant of ten minutes on the host."""
    return world.person(world.portal.grant([host], "enclave"), gateway)


_marks = itertools.count(os.getpid() % 10_000 * 1_000)


@pytest.fixture
def mark():
    """A number that is in the command lines of this test's processes on hosts, and in no others."""
    return f"7{next(_marks):09d}"


@pytest.fixture
def listener():
    """Something on loopback that answers what it is told with more, as a service of a host would."""
    server = _Listener(("127.0.0.1", 0), _Answering)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True

    @property
    def port(self):
        return self.server_address[1]


class _Answering(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.request.recv(100) + b" back")
