"""What certificates and tokens call grants and hosts. The two kinds of names can never be mistaken."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from enclaves.signing.errors import SigningRefused

_GRANT = re.compile(r"grant-[0-9a-z][0-9a-z-]{0,62}")
_LABEL = re.compile(r"[a-z][a-z0-9-]{0,62}")
_ZONE = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What was decided. Nothing that is signed for a grant reaches beyond it.

    `id` is the whole name, `grant-…`: user name at the gateway, principal and key id at once. Empty
    `source_addresses` allow any; else each is an address or a network (`2001:db8::/32`).
    """

    id: str
    not_before: datetime
    not_after: datetime
    source_addresses: tuple[str, ...] = ()
    allow_port_forwarding: bool = False
    allow_agent_forwarding: bool = False

    def __post_init__(self) -> None:
        if not _GRANT.fullmatch(self.id):
            raise SigningRefused("The name of a grant is grant- with small letters, digits and hyphens.")
        if self.not_before.tzinfo is None or self.not_after.tzinfo is None:
            raise SigningRefused("The times of a grant need a time zone.")
        if self.not_before >= self.not_after:
            raise SigningRefused("A grant ends after it begins.")


@dataclass(frozen=True)
class HostName:
    """A host as SSH certificates call it; `id` is the host's UUID."""

    tenant: str
    zone: str
    id: str

    def __post_init__(self) -> None:
        if not (_LABEL.fullmatch(self.tenant) and _ZONE.fullmatch(self.zone)):
            raise SigningRefused("A host is named by its tenant, its zone and its id.")
        if not is_uuid(self.id):
            raise SigningRefused("The id of a host is a UUID in small letters.")

    @property
    def principal(self) -> str:
        """Who may log in to this host's sshd: the one line of its principals file."""
        return f"host:{self.tenant}/{self.zone}/{self.id}"

    @property
    def alias(self) -> str:
        """The name on the host's own certificate, which the gateway compares with the host it asked for."""
        return f"{self.id}.{self.zone}.{self.tenant}"


def is_uuid(text: str) -> bool:
    """Say whether a text is a UUID in its canonical form."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
