import json
import subprocess

import pytest
import yaml

from agent.config import config_from
from enclaves.blueprints.cloud_init import TooLong, user_data
from tests.agent.made import Made

SHA256 = "ab" * 32
CONFIG = {
    **Made().told("/var/lib/enclave-agent"),
    "gateway_urls": ["wss://one.example:8443", "wss://two.example"],
    "agent_sha256": SHA256,
    "gateway_ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
}


@pytest.fixture
def told():
    return yaml.safe_load(user_data(CONFIG))


def test_it_is_what_cloud_init_reads():
    assert user_data(CONFIG).startswith("#cloud-config\n")


def test_the_agent_finds_its_configuration_whole(told):
    config = json.loads(_file(told, "/etc/enclave-agent/config.json"))

    assert config == CONFIG
    assert config_from(config).login == "enclave"


def test_the_only_account_has_no_key_and_no_password(told):
    (account,) = told["users"]

    assert (account["name"], account["passwd"]) == ("enclave", "*")
    assert not [name for name in account if "ssh" in name or "sudo" in name]
    assert told["ssh_pwauth"] is False


def test_every_other_way_in_is_closed(told):
    assert "for way in ssh sshd ssh.socket" in _file(told, "/etc/enclave-agent/install")


def test_nothing_is_started_later_in_the_name_of_the_login(told):
    assert _file(told, "/etc/cron.deny") == _file(told, "/etc/at.deny") == "enclave\n"


def test_the_agent_is_taken_from_any_gateway_if_its_hash_is_right(told, tmp_path):
    script = _file(told, "/etc/enclave-agent/install")

    assert "https://one.example:8443/enclave-agent.pyz https://two.example/enclave-agent.pyz" in script
    assert SHA256 in script
    assert subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=False).returncode == 0


def test_an_agent_with_another_hash_is_not_started(told, tmp_path):
    """The script, with a curl that brings something else and a systemctl that tells what it was asked."""
    script = _file(told, "/etc/enclave-agent/install").replace("/usr/local/lib", str(tmp_path))
    for name, text in (
        ("curl", f"echo other > {tmp_path}/enclave-agent.pyz"),
        ("systemctl", f"echo $@ >> {tmp_path}/told"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)

    done = subprocess.run(
        ["/bin/sh"], input=script, text=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False
    )

    assert done.returncode != 0
    assert not (tmp_path / "told").exists()


def test_what_ends_the_agent_ends_its_sessions(told):
    unit = _file(told, "/etc/systemd/system/enclave-agent.service")

    assert {"Delegate=yes", "KillMode=control-group", "Restart=always"} <= set(unit.splitlines())


def test_more_than_the_clouds_take_is_refused():
    with pytest.raises(TooLong):
        user_data({**CONFIG, "gateway_ca": "x" * 20_000})


def _file(told, path):
    (found,) = [file["content"] for file in told["write_files"] if file["path"] == path]
    return found
