"""The names of hosts in X.509: spiffe://<domain>/t/<tenant>/<cloud>/<account>/z/<zone>/h/<host>."""

import re
from dataclasses import dataclass

from enclaves.signing.errors import NotTrusted, SigningRefused

_FORM = re.compile(
    r"spiffe://(?P<domain>[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?)"
    r"/t/(?P<tenant>[a-z][a-z0-9-]{1,30})"
    r"/(?P<cloud>aws|azure)"
    r"/(?P<account>[0-9a-f-]{12,36})"
    r"/z/(?P<zone>[a-z0-9][a-z0-9.-]{0,62})"
    r"/h/(?P<host>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


@dataclass(frozen=True, kw_only=True)
class SpiffeId:
    """One host of one tenant. Its text is the only spelling: no escapes, no capitals, no empty parts."""

    domain: str
    tenant: str
    cloud: str
    account: str
    zone: str
    host: str

    def __post_init__(self) -> None:
        if not _FORM.fullmatch(str(self)):
            raise SigningRefused(f"{self} is no name of a host.")

    def __str__(self) -> str:
        place = f"t/{self.tenant}/{self.cloud}/{self.account}/z/{self.zone}/h/{self.host}"
        return f"spiffe://{self.domain}/{place}"

    @classmethod
    def parse(cls, text: str) -> "SpiffeId":
        """Read a name; raises NotTrusted."""
        found = _FORM.fullmatch(text)
        if not found:
            raise NotTrusted("The certificate names no host.")
        return cls(**found.groupdict())
