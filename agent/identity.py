"""Who this host is: two keys for life, certificates for a while, and whom the portal said to believe."""

from __future__ import annotations

import contextlib
import json
import ssl
from dataclasses import asdict, dataclass
from datetime import timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from agent.config import Config
from agent.sshd import replace
from agent.tokens import Statement, TokenRefused, read_statement

_HALF = 2


@dataclass(frozen=True)
class Lifetime:
    """When the host's certificate is valid, in seconds since the epoch."""

    begins_at: float
    ends_at: float

    def renew_at(self) -> float:
        return self.begins_at + (self.ends_at - self.begins_at) / _HALF


class Identity:
    """The keys and certificates of this host in its state folder.

    Both keys are made once. The portal pins them at the first enrolment, so a host that was off for long
    enrols again with the key that is known, and a copy of its identity document is of no use elsewhere.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._state = config.state
        self._make_keys()
        self._trusted = self._read_trusted()

    @property
    def grant_keys(self) -> dict[str, str]:
        """Whose grant tokens and statements are believed: PEM by key id."""
        return dict(self._trusted.grant_keys) if self._trusted else self._config.grant_keys

    def lifetime(self) -> Lifetime | None:
        """When the certificate is valid; None if there is none."""
        if not self._trusted:
            return None
        return _lifetime(x509.load_pem_x509_certificate(self._trusted.chain.encode()))

    def is_valid(self, now: float) -> bool:
        lifetime = self.lifetime()
        return lifetime is not None and now < lifetime.ends_at

    def request(self) -> dict[str, str]:
        """What the portal is to certify: the request for the X.509 key, and the public SSH host key."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        signed = builder.sign(self._key(), hashes.SHA256())
        csr = signed.public_bytes(serialization.Encoding.PEM).decode()
        return {"csr": csr, "host_key": (self._state / "host_key.pub").read_text().strip()}

    def take(self, statement: str, now: float) -> None:
        """Believe what the portal says; raises TokenRefused."""
        said = read_statement(statement, self.grant_keys, host=self._config.host_id, now=now)
        self._check_is_ours(said)
        replace(self._state / "chain.pem", said.chain)
        replace(self._state / "host_key-cert.pub", said.host_certificate + "\n")
        replace(self._state / "user_ca.pub", "".join(f"{line}\n" for line in said.user_ca))
        replace(self._state / "trusted.json", json.dumps(asdict(said)))
        self._trusted = said

    def client_context(self, *, named: bool) -> ssl.SSLContext:
        """How the gateway is called: it must be the portal's, and sees who we are if `named`."""
        told = self._trusted.gateway_ca if self._trusted else ""
        context = ssl.create_default_context(cadata=told or self._config.gateway_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if named:
            context.load_cert_chain(self._state / "chain.pem", self._state / "identity.key")
        return context

    def _make_keys(self) -> None:
        if not (self._state / "identity.key").exists():
            replace(self._state / "identity.key", _private(ec.generate_private_key(ec.SECP256R1())))
        if not (self._state / "host_key.pub").exists():
            key = ed25519.Ed25519PrivateKey.generate()
            replace(self._state / "host_key", _private_ssh(key))
            replace(self._state / "host_key.pub", _public_ssh(key))

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key((self._state / "identity.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 -- as _make_keys made it
        return key

    def _read_trusted(self) -> Statement | None:
        """What was believed last; None at the first start, or if it was damaged: then the host enrols."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Statement(**json.loads((self._state / "trusted.json").read_text()))
        return None

    def _check_is_ours(self, said: Statement) -> None:
        try:
            certificate = x509.load_pem_x509_certificate(said.chain.encode())
        except ValueError as error:
            raise TokenRefused("The statement holds no certificate.") from error
        if _spki(certificate.public_key()) != _spki(self._key().public_key()):
            raise TokenRefused("The certificate is for another key.")
        # Whoever takes roots that cannot be read never calls a gateway again.
        if said.gateway_ca:
            _check_roots(said.gateway_ca)


def _check_roots(pem: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise TokenRefused("The statement holds no roots of gateways.") from error


def _lifetime(certificate: x509.Certificate) -> Lifetime:
    # The names without _utc are deprecated from cryptography 42 on, and all there is before.
    if hasattr(certificate, "not_valid_after_utc"):
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return Lifetime(begins.timestamp(), ends.timestamp())
    return _naive_lifetime(certificate)


def _naive_lifetime(certificate: x509.Certificate) -> Lifetime:
    begins, ends = certificate.not_valid_before, certificate.not_valid_after
    utc = timezone.utc
    return Lifetime(begins.replace(tzinfo=utc).timestamp(), ends.replace(tzinfo=utc).timestamp())


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _private_ssh(key: ed25519.Ed25519PrivateKey) -> str:
    form = serialization.PrivateFormat.OpenSSH
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _public_ssh(key: ed25519.Ed25519PrivateKey) -> str:
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(encoding, form).decode()


def _spki(key: object) -> bytes:
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form)  # type: ignore[attr-defined, no-any-return] # any public key
