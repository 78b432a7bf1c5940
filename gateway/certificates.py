"""Which certificate a person logs in with. asyncssh checks it and tells nobody which one it was.

This is the one place that reaches behind asyncssh's public interface: its serial number and key id have
to be known to ask the portal about it. If a later asyncssh names things differently, nobody gets in.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncssh

_LOGIN = re.compile(r"(?P<grant>grant-[0-9a-z][0-9a-z-]{0,62})(?:\+(?P<host>[0-9a-z][0-9a-z.-]{0,62}))?")


@dataclass(frozen=True)
class Login:
    """A user name at the gateway: a grant, and a host's short name where the grant has several."""

    grant: str
    host_name: str

    @classmethod
    def parse(cls, username: str) -> "Login | None":
        found = _LOGIN.fullmatch(username)
        return cls(found["grant"], found["host"] or "") if found else None


@dataclass(frozen=True)
class Shown:
    """A certificate that was shown and is valid for its grant. `ends_at` is in seconds since the epoch."""

    serial: int
    key_fingerprint: str
    authority_fingerprint: str
    ends_at: float


def watch(connection: asyncssh.SSHServerConnection, accepted: Callable[[Shown], None]) -> None:
    """Let a connection accept certificates for the grant of its user name only, and say which it was."""
    asyncssh_check: Callable[[str, Any], Awaitable[Any]] = connection._validate_openssh_certificate

    async def check(username: str, certificate: Any) -> Any:
        login = Login.parse(username)
        if login is None or not _is_for(certificate, login.grant):
            return None
        key = await asyncssh_check(login.grant, certificate)
        if key is not None:
            accepted(_shown(certificate))
        return key

    connection._validate_openssh_certificate = check  # type: ignore[assignment, method-assign] # see above


def _is_for(certificate: Any, grant: str) -> bool:
    """One principal, the grant, and the same as key id. (Without any, asyncssh lets it in as anybody.)"""
    return list(certificate.principals) == [grant] and certificate._key_id == grant


def _shown(certificate: Any) -> Shown:
    return Shown(
        serial=certificate._serial,
        key_fingerprint=certificate.key.get_fingerprint(),
        authority_fingerprint=certificate.signing_key.get_fingerprint(),
        ends_at=certificate._valid_before,
    )
