"""What the gateway asks of the portal, which alone decides and signs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Refused(Exception):
    """The portal said no. The text is for the person, or the host's operator."""


class PortalUnreachable(Exception):
    """The portal did not answer: nothing new begins, what runs ends by its own clock."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks for a session: the certificate that the gateway has checked, and where it was shown.

    `host_name` is the host's short name if the person gave one. `hop_key` is the public half of a key
    that the gateway made for this session alone.
    """

    grant: str
    host_name: str
    key_fingerprint: str
    certificate_serial: int
    authority_fingerprint: str
    source: str
    hop_key: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """One session that the portal allows. `ends_at` is in seconds since the epoch."""

    id: str
    grant: str
    actor: str
    reason: str
    tenant: str
    zone: str
    host: str
    host_name: str
    host_alias: str
    login: str
    ends_at: float
    grant_token: str
    hop_certificate: str
    host_authorities: tuple[str, ...]
    allow_port_forwarding: bool = False


@dataclass(frozen=True, kw_only=True)
class Closing:
    """How a session ended. `left` counts processes on the host; None if the host could not say."""

    reason: str
    sha256: str
    size: int
    left: int | None


@dataclass(frozen=True)
class Revocation:
    """A grant that is over, on hosts where that was not verified yet."""

    grant: str
    reason: str
    hosts: tuple[str, ...] = field(default=())


class Portal(Protocol):
    """Every call may raise PortalUnreachable; those that decide may raise Refused."""

    async def user_authorities(self) -> Sequence[str]:
        """The SSH user authorities of all enclaves, as lines. Which is right for a grant `authorize` says."""
        ...

    async def authorize(self, caller: Caller) -> Session: ...

    async def opened(self, session: str) -> None: ...

    async def chunk(self, session: str, offset: int, text: str) -> None:
        """A piece of a recording. The same piece may come twice."""
        ...

    async def closed(self, session: str, closing: Closing) -> None:
        """The same closing may come twice."""
        ...

    async def challenge(self, host: str) -> str: ...

    async def enrol(self, host: str, request: Mapping[str, str]) -> str:
        """A statement for the host. The gateway carries it and need not understand it."""
        ...

    async def renew(self, spiffe_id: str, request: Mapping[str, str]) -> str: ...

    async def heartbeats(self, hosts: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
        """Facts by SPIFFE id of the host; which of the hosts are not to be connected."""
        ...

    async def revocations(self) -> Sequence[Revocation]:
        """All that were not verified yet."""
        ...

    async def verified(self, grant: str, host: str, left: int) -> None: ...
