"""The user data of a new host, for cloud-init: it installs the agent, and closes every other way in."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

CONFIG_FOLDER = "/etc/enclave-agent"
AGENT_FILE = "/usr/local/lib/enclave-agent.pyz"
AGENT_PATH = "/enclave-agent.pyz"  # where a gateway serves it
MOST_BYTES = 16 * 1024  # of user data, AWS' limit before base64
_UNIT_FILE = "/etc/systemd/system/enclave-agent.service"
_UNIT = f"""\
[Unit]
Description=Opens this host for approved sessions, and for nobody else
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=/usr/bin/python3 {AGENT_FILE} --config {CONFIG_FOLDER}/config.json
Restart=always
RestartSec=2
# Sessions have cgroups below the agent's. Whatever ends the agent ends them too.
Delegate=yes
KillMode=control-group
TimeoutStopSec=15
# Nothing narrower: what is forbidden to the agent would be forbidden to everybody who logs in.
UMask=0022

[Install]
WantedBy=multi-user.target
"""
_INSTALL_FILE = f"{CONFIG_FOLDER}/install"
# The file comes from a gateway, and is believed because its hash is here.
_INSTALL = """\
#!/bin/sh
set -eu
is_there() {{ echo '{sha256}  {file}' | sha256sum --check --status; }}
for url in {urls}; do
    is_there && break
    curl --silent --show-error --fail --retry 5 --cacert {folder}/gateway.pem --output {file} "$url" || true
done
is_there
for way in ssh sshd ssh.socket; do systemctl disable --now "$way" 2>/dev/null || true; done
systemctl daemon-reload
systemctl enable --now enclave-agent
"""


class TooLong(Exception):
    """The user data is longer than the clouds take."""


def user_data(config: Mapping[str, Any]) -> str:
    """The whole text, always the same for the same configuration; it holds no secret. Raises TooLong.

    `config` is what `agent.config` describes, and beside it `agent_sha256`: the hash of the agent's file,
    which the gateways serve. Hosts take no other.
    The host's image must have Python 3.9 with `cryptography`, OpenSSH's server, curl and systemd.
    """
    login = str(config.get("login", "enclave"))
    told = {
        # Names the only account: without this cloud-init would make its own, with somebody's key.
        "users": [{"name": login, "lock_passwd": False, "passwd": "*", "shell": "/bin/bash"}],
        "disable_root": True,
        "ssh_pwauth": False,
        "write_files": [
            _file(f"{CONFIG_FOLDER}/config.json", json.dumps(config), "0600"),
            _file(f"{CONFIG_FOLDER}/gateway.pem", str(config["gateway_ca"]), "0644"),
            _file(_UNIT_FILE, _UNIT, "0644"),
            _file(_INSTALL_FILE, _install(config), "0755"),
            # What a person asks to be started later would outlive the grant.
            _file("/etc/cron.deny", f"{login}\n", "0644"),
            _file("/etc/at.deny", f"{login}\n", "0644"),
        ],
        "runcmd": [[_INSTALL_FILE]],
    }
    text = f"#cloud-config\n{json.dumps(told)}\n"  # JSON is YAML
    if len(text.encode()) > MOST_BYTES:
        raise TooLong(f"The user data has {len(text.encode())} bytes; {MOST_BYTES} are taken.")
    return text


def _install(config: Mapping[str, Any]) -> str:
    sha256 = str(config["agent_sha256"])
    urls = " ".join(_download(str(url)) for url in config["gateway_urls"])
    return _INSTALL.format(sha256=sha256, file=AGENT_FILE, folder=CONFIG_FOLDER, urls=urls)


def _download(gateway_url: str) -> str:
    parts = urlsplit(gateway_url)
    return urlunsplit(("https", parts.netloc, AGENT_PATH, "", ""))


def _file(path: str, content: str, permissions: str) -> dict[str, str]:
    return {"path": path, "content": content, "permissions": permissions, "owner": "root:root"}
