"""What OpenSSH itself makes of the configuration: `sshd -T` prints what would be in force."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from agent import sshd
from agent.identity import Identity
from agent.tokens import Grant
from tests.agent.gateway import SSHD
from tests.agent.made import HOST, NOW, Made

pytestmark = pytest.mark.skipif(
    not Path(SSHD).exists(), reason="NO REAL SSHD WAS TRIED: apt-get install openssh-server"
)
GRANT = Grant(
    id="grant-7",
    tenant="acme",
    session=HOST,
    login="enclave",
    ends_at=2000,
    allow_port_forwarding=False,
    allow_agent_forwarding=False,
)


@pytest.fixture
def folder(tmp_path):
    """With a space in its path, as a person's folders may have."""
    folder = tmp_path / "a host"
    folder.mkdir()
    return folder


@pytest.fixture
def config(folder):
    made = Made()
    config = made.config(folder)
    identity = Identity(config)
    identity.take(made.statement(identity.request()), NOW.timestamp())
    sshd.write_config(config)
    return config


def test_nothing_opens_a_host_but_a_certificate_for_it(config, folder):
    in_force = _in_force(config, GRANT)

    assert in_force["authenticationmethods"] == "publickey"
    assert in_force["authorizedkeysfile"] == in_force["pidfile"] == "none"
    assert in_force["allowusers"] == "enclave"
    assert in_force["trustedusercakeys"] == str(folder / "user_ca.pub")
    assert (folder / "principals").read_text() == f"host:acme/dev.aws-us-east-1a/{HOST}\n"
    for way in ("password", "kbdinteractive", "hostbased", "gssapi"):
        assert in_force.get(f"{way}authentication", "no") == "no"


@pytest.mark.parametrize(
    "what",
    [
        "allowtcpforwarding",
        "allowstreamlocalforwarding",
        "allowagentforwarding",
        "x11forwarding",
        "permittunnel",
        "gatewayports",
        "permituserrc",
        "permituserenvironment",
        "usepam",
    ],
)
def test_what_was_not_granted_is_off(config, what):
    assert _in_force(config, GRANT)[what] == "no"


def test_what_was_granted_is_on_and_nothing_else(config):
    granted = _in_force(config, replace(GRANT, allow_port_forwarding=True))

    changed = {name for name, value in granted.items() if value != _in_force(config, GRANT)[name]}
    assert changed == {"allowtcpforwarding"}
    assert granted["allowtcpforwarding"] == "local"


def test_the_program_serves_one_stream_and_listens_nowhere(config):
    assert sshd.command(config, GRANT)[:2] == [SSHD, "-i"]


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        sshd.replace(path, "new")

        assert (reader.read(), path.read_text()) == ("old", "new")


def _in_force(config, grant):
    arguments = [one for one in sshd.command(config, grant)[2:] if one != "-E"]
    arguments.remove(str(config.state / "sshd.log"))
    done = subprocess.run([SSHD, "-T", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
