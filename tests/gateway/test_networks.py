"""Access between networks: a gateway, a host and two people who see each other by a switch alone."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from tests.gateway import namespaces
from tests.gateway.conftest import WHY_NOT
from tests.gateway.namespaces import Networks, address
from tests.gateway.portal import FakePortal
from tests.gateway.world import World, processes

SSHD_PORT = 22


class Apart(World):
    """The portal is on the gateway's machine, metadata on the host's; nobody else has a way to either."""

    here = address("gateway")

    def __init__(self, folder, networks, portal):
        self.networks = networks
        super().__init__(folder, portal)

    def _placed(self, name, command):
        return self.networks.inside("gateway" if name == "gateway" else "host", command)

    def _answers(self, port):
        return self.networks.reaches("near", self.here, port)

    def person_at(self, place, grant, gateway):
        return replace(self.person(grant, gateway), through=tuple(self.networks.inside(place, [])))


@pytest.fixture(scope="module")
def networks():
    if why := WHY_NOT or namespaces.WHY_NOT:
        pytest.skip(f"NO OTHER NETWORK WAS TRIED: {why}")
    made = Networks()
    try:
        made.open()
    except CalledProcessError as error:
        made.close()
        pytest.skip(f"NO OTHER NETWORK WAS TRIED: {error.stderr.decode().strip()}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(networks):
    folder = Path(tempfile.mkdtemp(prefix="enclave-world-"))
    folder.chmod(0o711)
    portal = FakePortal()
    networks.at("gateway", portal.start)
    made = networks.at("host", lambda: Apart(folder, networks, portal))
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def gateway(world):
    return world.gateway(REDIS_URL="redis://127.0.0.1:9")


@pytest.fixture(scope="module")
def agent(world, gateway, host):
    """Once it is known, nobody asks its cloud any more: then nothing is left that listens there."""
    running = world.agent(host, gateway)
    world.metadata.stop()
    return running


def test_a_certificate_for_one_network_opens_nothing_from_another(world, gateway, host, agent, mark):
    grant = world.portal.grant([host], "enclave", source_addresses=(f"{address('near')}/32",))

    refused = world.person_at("far", grant, gateway).ssh(f"sleep {mark}")
    allowed = world.person_at("near", grant, gateway).ssh("echo in")

    assert (refused.stdout, "Permission denied" in refused.stderr, processes(mark)) == ("", True, [])
    assert allowed.stdout == "in\n"
    (told,) = world.portal.sessions_of(grant)
    assert told.lines()[0]["source"] == address("near")


def test_a_host_takes_nothing_from_the_network_also_while_somebody_is_in(
    world, networks, gateway, host, agent, mark
):
    person = world.person_at("near", world.portal.grant([host], "enclave"), gateway)
    assert networks.reaches("near", address("gateway"), gateway.ssh_port)
    with networks.listening("host", SSHD_PORT):
        assert networks.listeners("host") == {f"tcp 0.0.0.0:{SSHD_PORT}"}
        assert networks.reaches("near", address("host"), SSHD_PORT)

    with person.staying(mark):
        assert networks.listeners("host") == set()
        for place in ("near", "far", "gateway"):
            for port in (SSHD_PORT, gateway.ssh_port, gateway.agent_port):
                assert not networks.reaches(place, address("host"), port)
