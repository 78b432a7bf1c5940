"""A gateway on this machine, and what it shares with the signer; docs/access-wire.md has its settings."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from portal.runtime.processes import ROOT, PortalProcesses
from portal.runtime.programs import Program
from portal.runtime.readiness import answers_http, free_port
from portal.runtime.secrets import Secrets

_PEOPLES_PORT, _HOSTS_PORT = 2222, 8443  # if they are free
_ADDRESS = "127.0.0.1"
_DOMAIN = "localhost"
# What only some of the portal's processes may have, whatever a person has exported.
_FOR_SOME: Mapping[str, None] = dict.fromkeys(
    ("PORTAL_PROCESS", "PORTAL_SSH_SECRET", "PORTAL_SSH_OLD_SECRETS", "PORTAL_GATEWAY_SECRET")
)


@dataclass(frozen=True)
class LocalGateway:
    """One gateway, on ports of the loopback address; its folder outlives it, so that people know it again."""

    state: Path
    redis_url: str
    ssh_port: int = field(default_factory=lambda: free_port(_PEOPLES_PORT))
    agents_port: int = field(default_factory=lambda: free_port(_HOSTS_PORT))
    signer_port: int = field(default_factory=free_port)

    @property
    def known_hosts(self) -> Path:
        """A file by which ssh knows the gateway."""
        return self._folder / "known_hosts"

    @property
    def url(self) -> str:
        """Where hosts come in."""
        return f"wss://{_ADDRESS}:{self.agents_port}"

    def environment(self) -> dict[str, str | None]:
        """What all of the portal's processes must know."""
        return {
            **_FOR_SOME,
            "PORTAL_GATEWAY_SSH": f"{_ADDRESS}:{self.ssh_port}",
            "PORTAL_SIGNER_URL": f"http://{_ADDRESS}:{self.signer_port}",
            "PORTAL_SIGNER_SECRET": self._secrets.get("signer"),
            "PORTAL_TRUST_DOMAIN": _DOMAIN,
        }

    def keys(self, given: Mapping[str, str] = MappingProxyType({})) -> dict[str, str | None]:
        """What opens the keys that sign; made if none is given."""
        return {
            "PORTAL_SSH_SECRET": given.get("PORTAL_SSH_SECRET") or self._secrets.get("ssh"),
            "PORTAL_SSH_OLD_SECRETS": given.get("PORTAL_SSH_OLD_SECRETS"),
        }

    def signer(self, portal: PortalProcesses) -> Program:
        return portal.signer(self.signer_port, {"PORTAL_GATEWAY_SECRET": self._secrets.get("gateway")})

    def files(self, portal: PortalProcesses) -> Program:
        """Writes what the gateway needs; to be run to its end before that."""
        names = ("--name", _ADDRESS, "--name", "localhost")
        return portal.command("gateway_files", str(self._folder), *names, signs=True)

    def write_known_hosts(self) -> None:
        """Once the files are there."""
        key = (self._folder / "host_key.pub").read_text()
        self.known_hosts.write_text(f"[{_ADDRESS}]:{self.ssh_port} {key}")

    def program(self) -> Program:
        """The gateway as the supervisor starts it."""
        return Program(
            "gateway",
            [sys.executable, "-m", "gateway"],
            environment={"PYTHONUNBUFFERED": "1", **self._settings()},
            is_ready=answers_http(self.agents_port, "/healthz", ca_file=self._folder / "gateway_roots.pem"),
            folder=ROOT,
        )

    def _settings(self) -> dict[str, str | None]:
        folder = self._folder
        return {
            "GATEWAY_SSH_LISTEN": f"{_ADDRESS}:{self.ssh_port}",
            "GATEWAY_AGENT_LISTEN": f"{_ADDRESS}:{self.agents_port}",
            "GATEWAY_PORTAL_URL": f"http://{_ADDRESS}:{self.signer_port}/gateway",
            "GATEWAY_PORTAL_SECRET_FILE": self._secret_file("gateway"),
            "GATEWAY_OWN_URL": self.url,
            "GATEWAY_PEER_SECRET_FILE": self._secret_file("peers"),
            "GATEWAY_DOMAIN": _DOMAIN,
            "GATEWAY_HOST_KEY_FILE": str(folder / "host_key"),
            "GATEWAY_TLS_CERTIFICATE_FILE": str(folder / "gateway.pem"),
            "GATEWAY_TLS_KEY_FILE": str(folder / "gateway.key"),
            "GATEWAY_AGENT_ROOTS_FILE": str(folder / "agent_roots.pem"),
            "GATEWAY_ROOTS_FILE": str(folder / "gateway_roots.pem"),
            "GATEWAY_SPOOL": str(folder / "spool"),
            "GATEWAY_AGENT_FILE": None,
            "REDIS_URL": self.redis_url,
        }

    @property
    def _folder(self) -> Path:
        return self.state / "gateway"

    @property
    def _secrets(self) -> Secrets:
        return Secrets(self.state / "secrets")

    def _secret_file(self, name: str) -> str:
        self._secrets.get(name)  # made now if it is not there yet
        return str(self._secrets.folder / name)
