from pathlib import Path

import pytest

from portal.runtime.certificates import ServerFiles
from portal.runtime.processes import PortalProcesses


@pytest.fixture
def portal(tmp_path):
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
    return PortalProcesses(8000, tmp_path, {**dict.fromkeys(keys), "PORTAL_ENVIRONMENT": "demo"}, keys)


def issuer(portal):
    files = ServerFiles(portal.state / "issuer.pem", portal.state / "issuer.key")
    return portal.issuer(8443, files, portal.state / "ca.pem")


def test_only_the_worker_has_the_credentials_of_a_cloud(portal):
    given = {
        program.name: program.environment["AWS_ACCESS_KEY_ID"]
        for program in (
            portal.web(),
            issuer(portal),
            portal.worker(),
            portal.beat(),
            portal.command("seed_demo"),
        )
    }

    assert given == {"web": None, "issuer": None, "worker": "AKIA", "beat": None, "seed_demo": None}


def test_only_migrations_connect_as_the_owner(portal):
    assert portal.command("migrate", as_owner=True).environment["PORTAL_DATABASE_ROLE"] == "owner"
    assert portal.command("seed_demo").environment["PORTAL_DATABASE_ROLE"] is None


def test_open_streams_are_not_capped_at_what_granian_thinks_enough(portal):
    arguments = portal.web().arguments

    assert int(arguments[arguments.index("--backpressure") + 1]) == 4096


def test_the_issuer_is_the_same_application_over_tls(portal):
    arguments = issuer(portal).arguments

    assert arguments[-1] == portal.web().arguments[-1]
    assert arguments[arguments.index("--ssl-certificate") + 1] == str(portal.state / "issuer.pem")
    assert arguments[arguments.index("--ssl-keyfile") + 1] == str(portal.state / "issuer.key")


def test_what_is_started_stands_in_the_project(portal):
    assert (Path(portal.web().folder) / "manage.py").exists()
