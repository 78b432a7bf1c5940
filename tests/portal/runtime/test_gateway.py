import pytest

from gateway.settings import Settings
from portal.runtime.gateway import LocalGateway
from portal.runtime.processes import PortalProcesses

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFfR2gK"


@pytest.fixture
def gateway(tmp_path):
    return LocalGateway(tmp_path, "redis://127.0.0.1:6379/0")


@pytest.fixture
def portal(gateway):
    return PortalProcesses(8000, gateway.state, gateway.environment(), {}, gateway.keys())


def test_gateway_and_signer_find_and_believe_each_other(gateway, portal):
    given = {name: value for name, value in gateway.program().environment.items() if value is not None}
    signer = gateway.signer(portal).environment

    settings = Settings.from_environment(given)

    assert settings.portal_url == f"{signer['PORTAL_SIGNER_URL']}/gateway"
    assert settings.portal_secret == signer["PORTAL_GATEWAY_SECRET"]
    assert settings.domain == signer["PORTAL_TRUST_DOMAIN"]
    assert signer["PORTAL_PROCESS"] == "signer"


def test_the_gateway_has_no_secret_of_the_portal_but_its_own(gateway, portal):
    portals = {*gateway.keys().values(), gateway.environment()["PORTAL_SIGNER_SECRET"]} - {None}

    assert portals & set(gateway.program().environment.values()) == set()
    web = portal.web().environment
    assert web["PORTAL_SSH_SECRET"] is web["PORTAL_GATEWAY_SECRET"] is None


def test_ssh_knows_the_gateway_by_a_file(gateway):
    gateway.known_hosts.parent.mkdir()
    (gateway.known_hosts.parent / "host_key.pub").write_text(f"{KEY}\n")

    gateway.write_known_hosts()

    place = gateway.environment()["PORTAL_GATEWAY_SSH"].rpartition(":")
    assert gateway.known_hosts.read_text() == f"[127.0.0.1]:{place[2]} {KEY}\n"


def test_a_secret_that_somebody_brings_is_taken(gateway):
    made, brought = gateway.keys(), gateway.keys({"PORTAL_SSH_SECRET": "mine", "HOME": "/"})

    assert made == gateway.keys() != brought
    assert brought["PORTAL_SSH_SECRET"] == "mine"
