"""Keys with which the pretend clouds sign what they say about their machines.

They are made when first needed, because that takes a while, and never kept.
"""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS = dt.timedelta(days=30)

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class _Chain:
    root: x509.Certificate
    middle: x509.Certificate
    leaf: x509.Certificate
    key: rsa.RSAPrivateKey


class RegionalNotary:
    """AWS' way: a self-signed certificate per region, which documents name without bringing it along."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._signers: dict[str, tuple[x509.Certificate, rsa.RSAPrivateKey]] = {}

    def certificate(self, region: str) -> str:
        return _pem(self._signer(region)[0])

    def sign(self, content: bytes, region: str) -> bytes:
        """The content in CMS, DER, with signed attributes."""
        certificate, key = self._signer(region)
        options = (pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCerts, pkcs7.PKCS7Options.NoCapabilities)
        return _signed(content, certificate, key, options)

    def _signer(self, region: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
        with self._lock:
            if region not in self._signers:
                key, name = _rsa_key(), _name(f"sandbox AWS, {region}")
                self._signers[region] = _begin(name, name, key, key).sign(key, hashes.SHA256()), key
            return self._signers[region]


class ChainNotary:
    """Azure's way: a root, an authority below it and a service's certificate, which documents bring along."""

    def __init__(self, service: str) -> None:
        self._lock = threading.Lock()
        self._service = service
        self._made: _Chain | None = None

    def certificates(self) -> dict[str, str]:
        """What a relying party is given, in PEM: roots and intermediates."""
        chain = self._chain()
        return {"roots": _pem(chain.root), "intermediates": _pem(chain.middle)}

    def sign(self, content: bytes) -> bytes:
        """The content in CMS, DER, without signed attributes."""
        chain, options = self._chain(), (pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoAttributes)
        return _signed(content, chain.leaf, chain.key, options)

    def _chain(self) -> _Chain:
        with self._lock:
            if self._made is None:
                self._made = _make_chain(self._service)
            return self._made


def _make_chain(service: str) -> _Chain:
    root_key, middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, middle_name = _name("sandbox Azure root"), _name("sandbox Azure issuing authority")
    root = _authority(root_name, root_name, root_key, root_key)
    middle = _authority(middle_name, root_name, middle_key, root_key)
    key = _rsa_key()
    names = [x509.DNSName(service), x509.DNSName(f"sandbox.{service}")]
    leaf = (
        _begin(_name(service), middle_name, key, middle_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(middle_key, hashes.SHA256())
    )
    return _Chain(root, middle, leaf, key)


def _authority(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _begin(name, issuer, key, issuer_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def _begin(name: x509.Name, issuer: x509.Name, key: Key, issuer_key: Key) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
    )


def _signed(
    content: bytes,
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey,
    options: Sequence[pkcs7.PKCS7Options],
) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, list(options))


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
