"""X.509 for agents and gateways: one root, an intermediate per tenant, identities of an hour.

URI name constraints would bind an intermediate to its tenant, but cryptography refuses chains that hold
them. So the tenant stands in the intermediate's subject, and `verify_peer` compares.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.spiffe import SpiffeId

ROOT_LASTS = timedelta(days=3650)
INTERMEDIATE_LASTS = timedelta(days=365)
IDENTITY_LASTS = timedelta(hours=1)
SERVER_LASTS = timedelta(days=30)
SKEW = timedelta(minutes=5)  # by how much a host's clock may be behind ours
MOST_CSR = 8192  # bytes
_HOSTS = "hosts"
_CHAIN = 3  # host, tenant, root
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True)
class Authority:
    """A certificate that may sign others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return as_pem(self.certificate)


def as_pem(*certificates: x509.Certificate) -> str:
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)


def make_root(
    key: ec.EllipticCurvePrivateKey, domain: str, purpose: str, *, now: datetime, depth: int = 1
) -> Authority:
    """A root for one purpose: `hosts` with intermediates below it, or `gateways` with `depth=0`."""
    name = _name(domain, purpose, f"{purpose} root")
    return Authority(_authority(name, key, name, key, now, ROOT_LASTS, depth), key)


def make_intermediate(
    root: Authority, key: ec.EllipticCurvePrivateKey, domain: str, tenant: str, *, now: datetime
) -> Authority:
    """The authority of one tenant's hosts; it never outlives its root."""
    lasts = min(INTERMEDIATE_LASTS, root.certificate.not_valid_after_utc - now)
    certificate = _authority(
        _name(domain, _HOSTS, tenant), key, root.certificate.subject, root.key, now, lasts, 0
    )
    return Authority(certificate, key)


def host_identity(
    intermediate: Authority,
    csr_pem: bytes,
    host: SpiffeId,
    *,
    now: datetime,
    lasts: timedelta = IDENTITY_LASTS,
) -> str:
    """Certify the key of a request as this host's: the chain in PEM; raises SigningRefused.

    Of the request only the key counts, and the proof that the sender has it; names in it are ignored.
    """
    if _tenant_of(intermediate.certificate) != (host.domain, host.tenant):
        raise SigningRefused("The authority of one tenant signs no host of another.")
    key = _key_of(csr_pem)
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(str(host))]
    leaf = _leaf(intermediate, key, names, ExtendedKeyUsageOID.CLIENT_AUTH, now, lasts)
    return as_pem(leaf, intermediate.certificate)


def requested_key(csr_pem: bytes) -> str:
    """The fingerprint of the key in a request, SHA-256 of its DER in hexadecimal; raises SigningRefused.

    A host keeps one key for life. It is the same in `certified_key` of each of its certificates.
    """
    return _fingerprint(_key_of(csr_pem))


def certified_key(certificate: x509.Certificate) -> str:
    """The fingerprint of a certificate's key, as `requested_key` writes it."""
    return _fingerprint(certificate.public_key())


def gateway_certificate(
    authority: Authority,
    key: ec.EllipticCurvePublicKey,
    names: Sequence[str],
    *,
    now: datetime,
    lasts: timedelta = SERVER_LASTS,
) -> str:
    """Certify a gateway's key for its host names and addresses: the certificate in PEM."""
    if not names:
        raise SigningRefused("A gateway needs a name that agents call it by.")
    return as_pem(
        _leaf(authority, key, [_server_name(n) for n in names], ExtendedKeyUsageOID.SERVER_AUTH, now, lasts)
    )


def verify_peer(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> SpiffeId:
    """Which host a peer is, given what it presented, its own certificate first; raises NotTrusted."""
    if not chain or not roots:
        raise NotTrusted("There is no certificate.")
    verifier = (
        verification.PolicyBuilder().store(verification.Store(list(roots))).time(now).max_chain_depth(1)
    ).build_client_verifier()
    try:
        verified = verifier.verify(chain[0], list(chain[1:]))
    except (verification.VerificationError, *_UNREADABLE) as error:
        raise NotTrusted("The certificate is not the portal's, or not valid now.") from error
    if len(verified.chain) != _CHAIN or len(verified.subjects or ()) != 1:
        raise NotTrusted("The certificate is no host's.")
    host = SpiffeId.parse(str((verified.subjects or [])[0].value))
    if _tenant_of(verified.chain[1]) != (host.domain, host.tenant):
        raise NotTrusted("The certificate names a host of another tenant than its authority's.")
    return host


def _name(domain: str, unit: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, domain),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _tenant_of(certificate: x509.Certificate) -> tuple[str, str] | None:
    """Domain and tenant that an intermediate signs for."""
    values = [str(attribute.value) for attribute in certificate.subject]
    domain, unit, tenant = values if len(values) == len(_name("", "-", "-").rdns) else ("", "", "")
    is_it = unit == _HOSTS and certificate.subject == _name(domain, unit, tenant)
    return (domain, tenant) if is_it else None


def _authority(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lasts: timedelta,
    depth: int,
) -> x509.Certificate:
    builder = _begun(name, issuer, key.public_key(), issuer_key, now, lasts)
    builder = builder.add_extension(x509.BasicConstraints(True, depth), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _leaf(
    authority: Authority,
    key: ec.EllipticCurvePublicKey,
    names: list[x509.GeneralName],
    purpose: x509.ObjectIdentifier,
    now: datetime,
    lasts: timedelta,
) -> x509.Certificate:
    end = min(now + lasts, authority.certificate.not_valid_after_utc)
    builder = _begun(x509.Name([]), authority.certificate.subject, key, authority.key, now, end - now)
    builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    # RFC 5280, 4.2.1.6: critical where the subject is empty.
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return builder.sign(authority.key, hashes.SHA256())


def _begun(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lasts: timedelta,
) -> x509.CertificateBuilder:
    if lasts <= timedelta(0):
        raise SigningRefused("The authority has ended; it needs a successor.")
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + lasts)
        .add_extension(identifier, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _fingerprint(key: CertificatePublicKeyTypes) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


def _key_of(csr_pem: bytes) -> ec.EllipticCurvePublicKey:
    if len(csr_pem) > MOST_CSR:
        raise SigningRefused("The certificate request is too long.")
    try:
        request = x509.load_pem_x509_csr(csr_pem)
        key, is_signed = request.public_key(), request.is_signature_valid
    except _UNREADABLE as error:
        raise SigningRefused("The certificate request cannot be read.") from error
    if not is_signed:
        raise SigningRefused("The certificate request is not signed with its own key.")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        return key
    raise SigningRefused("Hosts have keys on P-256 or P-384.")


def _server_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
