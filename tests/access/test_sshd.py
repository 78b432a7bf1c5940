"""A host's own sshd, as its agent has set it up: what it takes from whoever could speak to it."""

import subprocess
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from enclaves.provisioning import authorities
from enclaves.signing import ssh
from enclaves.signing.names import Grant, HostName
from enclaves.signing.rotation import Purpose
from tests.access.world import web
from tests.gateway.portal import ZONE
from tests.gateway.world import LOGIN, SSHD

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

MINUTES = timedelta(minutes=1)


def test_a_hosts_sshd_takes_a_certificate_for_this_host_and_this_minute(world, portal):
    one, other, foreign = web(world), web(world, 2), portal.globex.hosts["db-1"]
    said = {
        "its own": _login(world, one, _hop(world, one)),
        "of another host": _login(world, one, _hop(world, other)),
        "of a host of another tenant": _login(world, one, _hop(world, foreign)),
        "of this host by another tenant": _login(world, one, _hop(world, one, by=foreign)),
        "over": _login(world, one, _hop(world, one, later=-2 * MINUTES)),
        "not yet": _login(world, one, _hop(world, one, later=8 * MINUTES)),
        "for root": _login(world, one, _hop(world, one), "root"),
        "of a person": _login(world, one, world.knocking(portal.granted(one)).certificate.read_text()),
        "none": _login(world, one, ""),
    }

    assert said == {**dict.fromkeys(said, ""), "its own": "in\n"}


def _hop(world, host, *, by=None, later=timedelta()):
    """What a gateway gets for a session, for the person's own key."""
    now = timezone.now() + later
    return ssh.hop_certificate(
        authorities.ssh_authority(Purpose.SSH_USERS, (by or host).row.enclave_id),
        world.key.with_suffix(".pub").read_text(),
        grant=Grant(id="grant-7", not_before=now - 60 * MINUTES, not_after=now + 60 * MINUTES),
        host=HostName(host.estate.name, ZONE, host.id),
        session=str(uuid4()),
        serial=7,
        now=now,
    )


def _login(world, host, certificate, login=LOGIN):
    """What somebody sees of a login at the sshd itself, past gateway and agent."""
    path = world.folder / "direct-cert.pub"
    path.write_text(certificate)
    agent, config = world.agents[host.name].process.pid, world.folder / f"state-{host.name}" / "sshd_config"
    options = [
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        f"CertificateFile={path}",
        f"ProxyCommand=nsenter --mount=/proc/{agent}/ns/mnt {SSHD} -i -f {config}",
    ]
    flags = [part for option in options for part in ("-o", option)]
    command = ["ssh", "-F", "none", "-i", str(world.key), *flags, f"{login}@direct", "echo in"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
