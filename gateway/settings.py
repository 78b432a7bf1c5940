"""The gateway's settings, from the environment. docs/access-wire.md lists them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_LEAST_SECRET = 32


class BadSettings(Exception):
    """Something that the gateway needs is missing or unusable."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit():
            raise BadSettings(f"{text!r} is no address with a port.")
        return cls(host=host.strip("[]"), port=int(port))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the gateway listens, whom it asks, and who it is."""

    ssh: Address
    agents: Address
    portal_url: str
    portal_secret: str
    redis_url: str
    domain: str
    own_url: str
    peer_secret: str
    host_key: Path
    tls_certificate: Path
    tls_key: Path
    agent_roots: Path
    gateway_roots: Path
    spool: Path
    agent_file: Path | None

    @classmethod
    def from_environment(cls, given: Mapping[str, str] = os.environ) -> Self:
        """Raises BadSettings, which names what is missing."""
        agent_file = given.get("GATEWAY_AGENT_FILE")
        return cls(
            ssh=Address.parse(given.get("GATEWAY_SSH_LISTEN", "0.0.0.0:2222")),
            agents=Address.parse(given.get("GATEWAY_AGENT_LISTEN", "0.0.0.0:8443")),
            portal_url=_need(given, "GATEWAY_PORTAL_URL"),
            portal_secret=_secret(given, "GATEWAY_PORTAL_SECRET_FILE"),
            redis_url=_need(given, "REDIS_URL"),
            domain=_need(given, "GATEWAY_DOMAIN"),
            own_url=_need(given, "GATEWAY_OWN_URL").rstrip("/"),
            peer_secret=_secret(given, "GATEWAY_PEER_SECRET_FILE"),
            host_key=Path(_need(given, "GATEWAY_HOST_KEY_FILE")),
            tls_certificate=Path(_need(given, "GATEWAY_TLS_CERTIFICATE_FILE")),
            tls_key=Path(_need(given, "GATEWAY_TLS_KEY_FILE")),
            agent_roots=Path(_need(given, "GATEWAY_AGENT_ROOTS_FILE")),
            gateway_roots=Path(_need(given, "GATEWAY_ROOTS_FILE")),
            spool=Path(_need(given, "GATEWAY_SPOOL")),
            agent_file=Path(agent_file) if agent_file else None,
        )


def _need(given: Mapping[str, str], name: str) -> str:
    value = given.get(name)
    if not value:
        raise BadSettings(f"{name} is not set.")
    return value


def _secret(given: Mapping[str, str], name: str) -> str:
    path = Path(_need(given, name))
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise BadSettings(f"{name} cannot be read: {error}.") from error
    if len(secret) < _LEAST_SECRET:
        raise BadSettings(f"{name} holds less than {_LEAST_SECRET} characters.")
    return secret
