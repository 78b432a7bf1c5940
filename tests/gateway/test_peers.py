"""Several gateways: a person may come in at one that does not have the host."""

import os

import pytest
from websockets.exceptions import ConnectionClosed

from tests.gateway.pretended import PretendedHost
from tests.gateway.world import PEER_SECRET, eventually, processes


@pytest.fixture(scope="module")
def second(world, gateway):
    return world.gateway("second")


@pytest.fixture
def far(world, host, agent, second):
    """Somebody who comes in at the gateway that the host is not connected to."""
    return world.person(world.portal.grant([host], "enclave"), second)


def test_a_session_passes_through_the_gateway_that_has_the_host(far):
    done = far.ssh("wc -c; exit 3", input="x" * 2_000_000)

    assert (done.stdout.strip(), done.returncode) == ("2000000", 3)


def test_files_pass_there_and_back(far, world):
    content = os.urandom(1_000_000)
    (world.folder / "up").write_bytes(content)

    far.copy("scp", str(world.folder / "up"), f"{far.at()}:there")
    far.copy("scp", f"{far.at()}:there", str(world.folder / "back"))

    assert (world.folder / "back").read_bytes() == content


def test_a_revocation_ends_it_everywhere_and_is_verified(far, world, host, mark):
    with far.staying(mark) as client:
        world.end(far.grant)
        eventually(lambda: not processes(mark))
        eventually(lambda: world.portal.verified[far.grant].get(host.id) == 0)
        assert client.wait(20) == 255


def test_a_person_who_hangs_up_leaves_nothing_behind(far, world, mark):
    with far.staying(mark) as client:
        client.kill()
        eventually(lambda: not processes(mark))

    (told,) = eventually(lambda: [one for one in world.portal.sessions_of(far.grant) if one.closing])
    assert (told.closing["reason"], told.closing["left"]) == ("left", 0)


def test_a_host_that_went_to_another_gateway_is_found_there(own_world):
    gateways = [own_world.gateway("first"), own_world.gateway("second")]
    host = own_world.portal.host("acme", "web-1")
    own_world.agent(host, *gateways)
    person = own_world.person(own_world.portal.grant([host], "enclave"), gateways[0])
    assert person.ssh("echo in").stdout == "in\n"

    _gateway_of(own_world, host, gateways).running.kill()
    (left,) = [one for one in gateways if one.running.process.poll() is None]

    moved = own_world.person(person.grant, left)
    assert eventually(lambda: moved.ssh("echo in").stdout) == "in\n"


@pytest.mark.parametrize("end", ["first", "second"])
def test_nothing_survives_the_death_of_either_gateway(own_world, mark, end):
    gateways = {"first": own_world.gateway("first"), "second": own_world.gateway("second")}
    host = own_world.portal.host("acme", "web-1")
    own_world.agent(host, gateways["first"])
    person = own_world.person(own_world.portal.grant([host], "enclave"), gateways["second"])
    with person.staying(mark):
        gateways[end].running.kill()
        eventually(lambda: not processes(mark))


@pytest.mark.parametrize("secret", ["", "Bearer ", "Bearer wrong", PEER_SECRET])
def test_who_is_no_gateway_gets_no_stream(world, gateway, agent, host, secret):
    socket = PretendedHost(world, gateway).connect(
        f"/peer/{host.id}", additional_headers={"Authorization": secret}
    )

    with socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(20)
    assert closed.value.rcvd.reason == "This is for gateways."


def test_a_gateway_still_needs_the_portals_token_for_a_host(world, gateway, agent, host):
    headers = {"Authorization": f"Bearer {PEER_SECRET}"}
    with PretendedHost(world, gateway).connect(f"/peer/{host.id}", additional_headers=headers) as socket:
        socket.send('{"op": "open", "stream": 1, "token": "a.b.c"}')

        assert "This is no token." in socket.recv(20)


def _gateway_of(world, host, gateways):
    url = eventually(lambda: world.redis.get(f"agent:{host.id}")).decode()
    (found,) = [one for one in gateways if url.endswith(f":{one.agent_port}")]
    return found
