"""What a host is told at its birth, through its user data: a JSON file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

METADATA_URL = "http://169.254.169.254"
_CLOUDS = ("aws", "azure")
_NAMES = {
    "host_id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "tenant": re.compile(r"[a-z][a-z0-9-]{1,30}"),
    "zone": re.compile(r"[a-z0-9][a-z0-9.-]{0,62}"),
    "login": re.compile(r"[a-z_][a-z0-9_-]{0,31}"),
}


class BadConfig(Exception):
    """The configuration cannot be used as it is."""


@dataclass(frozen=True)
class Config:
    """Who this host is, where its gateways are, and whom it believes. Keys are PEM by key id.

    `login` is an account that exists for these sessions alone: what runs in its name when no session is
    open is ended.
    """

    gateway_urls: tuple[str, ...]
    gateway_ca: str
    host_id: str
    tenant: str
    zone: str
    cloud: str
    grant_keys: dict[str, str]
    user_ca: tuple[str, ...]
    metadata_url: str = METADATA_URL
    state_dir: str = "/var/lib/enclave-agent"
    sshd: str = "/usr/sbin/sshd"
    login: str = "enclave"
    heartbeat_seconds: float = 15

    def __post_init__(self) -> None:
        for name, form in _NAMES.items():
            if not form.fullmatch(str(getattr(self, name))):
                raise BadConfig(f"{name} is not what it should be: {getattr(self, name)!r}.")
        if self.cloud not in _CLOUDS:
            raise BadConfig(f"cloud is aws or azure, not {self.cloud!r}.")
        if not self.gateway_urls or not all(url.startswith("wss://") for url in self.gateway_urls):
            raise BadConfig("gateway_urls are one or more addresses that begin with wss://.")
        if not self.grant_keys or not self.user_ca:
            raise BadConfig("Without grant_keys and user_ca nobody could be believed.")

    @property
    def principal(self) -> str:
        """What a certificate must name to open this host."""
        return f"host:{self.tenant}/{self.zone}/{self.host_id}"

    @property
    def state(self) -> Path:
        return Path(self.state_dir)


def read_config(path: Path) -> Config:
    """Read the file; raises BadConfig. Fields that this version does not know are for a later one."""
    try:
        given = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path} cannot be read: {error}.") from error
    if not isinstance(given, dict):
        raise BadConfig(f"{path} holds no object.")
    return config_from(given)


def config_from(given: dict[str, Any]) -> Config:
    """Make a configuration of plain values; raises BadConfig."""
    known = {field.name: given[field.name] for field in fields(Config) if field.name in given}
    for name in ("gateway_urls", "user_ca"):
        known[name] = tuple(known.get(name, ()))
    try:
        return Config(**known)
    except (TypeError, AttributeError) as error:
        raise BadConfig(f"The configuration is incomplete: {error}.") from error
