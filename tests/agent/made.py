"""What agents are told, made by the real signing code."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from agent.config import Config, config_from
from enclaves.signing import keys, names, ssh, statements, tokens, x509
from enclaves.signing.grants import grant_token
from enclaves.signing.spiffe import SpiffeId

HOST = "3f0c1f9e-33a5-4a3b-8c50-5d0a1b8f6a10"
ZONE = "dev.aws-us-east-1a"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Made:
    """One portal and one host, without either."""

    grant_key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    now: datetime = NOW
    host: str = HOST

    @property
    def grant_keys(self) -> dict[str, str]:
        return {tokens.key_id(self.grant_key.public_key()): keys.public_pem(self.grant_key)}

    def token(self, **changes: Any) -> str:
        """A grant token; what it says can be changed, and is signed then."""
        begin = changes.pop("begins", self.now - timedelta(minutes=5))
        end = changes.pop("ends", self.now + timedelta(hours=1))
        grant = names.Grant(id="grant-7", not_before=begin, not_after=end, **changes.pop("flags", {}))
        told = {
            "tenant": "acme",
            "host": self.host,
            "session": str(uuid.uuid4()),
            "login": "enclave",
            "now": self.now,
        }
        return grant_token(changes.pop("key", self.grant_key), grant=grant, **{**told, **changes})

    def statement(self, request: dict[str, str], **changes: Any) -> str:
        """What the portal answers to a host's request."""
        chain = self.chain(request["csr"].encode())
        authority = ssh.SshAuthority(ed25519.Ed25519PrivateKey.generate())
        certificate = ssh.host_certificate(
            authority,
            request["host_key"],
            host=names.HostName("acme", ZONE, self.host),
            serial=1,
            not_before=self.now,
            not_after=self.now + timedelta(hours=1),
        )
        told = {
            "host": self.host,
            "chain": chain,
            "host_certificate": certificate,
            "user_ca": [authority.line],
            "grant_keys": [self.grant_key.public_key()],
            "now": self.now,
        }
        return statements.host_statement(changes.pop("key", self.grant_key), **{**told, **changes})

    def chain(self, csr: bytes) -> str:
        root = x509.make_root(
            ec.generate_private_key(ec.SECP256R1()), "portal.example", "hosts", now=self.now
        )
        key = ec.generate_private_key(ec.SECP256R1())
        authority = x509.make_intermediate(root, key, "portal.example", "acme", now=self.now)
        place = {"cloud": "aws", "account": "111122223333", "zone": ZONE, "host": self.host}
        host = SpiffeId(domain="portal.example", tenant="acme", **place)
        return x509.host_identity(authority, csr, host, now=self.now)

    def config(self, folder: Any, **changes: Any) -> Config:
        return config_from({**self.told(folder), **changes})

    def told(self, folder: Any) -> dict[str, Any]:
        return {
            "gateway_urls": ["wss://gateway.example:8443"],
            "gateway_ca": "",
            "host_id": self.host,
            "tenant": "acme",
            "zone": ZONE,
            "cloud": "aws",
            "grant_keys": self.grant_keys,
            "user_ca": ["ssh-ed25519 AAAA"],
            "state_dir": str(folder),
        }


def serial_of(pem: str) -> int:
    return pyca.load_pem_x509_certificate(pem.encode()).serial_number
