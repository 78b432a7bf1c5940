"""Who a host is: read from the certificate that its agent connected with."""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

_SPIFFE = re.compile(
    r"spiffe://(?P<domain>[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?)/t/(?P<tenant>[a-z][a-z0-9-]{1,30})"
    r"/(?:aws|azure)/[0-9a-f-]{12,36}/z/(?P<zone>[a-z0-9][a-z0-9.-]{0,62})"
    r"/h/(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_HOSTS = "hosts"
_KEY_FORM = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class NotAHost(Exception):
    """A certificate does not name a host of ours."""


@dataclass(frozen=True)
class HostIdentity:
    """A host as its certificate names it, until when (seconds since the epoch), and its key."""

    spiffe_id: str
    id: str
    ends_at: float
    key: bytes


def identify(certificate: x509.Certificate, domain: str) -> HostIdentity:
    """Read a certificate whose chain was verified; raises NotAHost.

    The authority that signed it is for one tenant, named in its subject. TLS checked the chain, so the
    issuer's name is that authority's.
    """
    uri = _only_uri(certificate)
    found = _SPIFFE.fullmatch(uri)
    if not found or found["domain"] != domain:
        raise NotAHost("The certificate names no host of this portal.")
    if certificate.issuer != _authority_of(domain, found["tenant"]):
        raise NotAHost("The certificate names a host of another tenant than its authority's.")
    key = certificate.public_key().public_bytes(*_KEY_FORM)
    return HostIdentity(uri, found["id"], certificate.not_valid_after_utc.timestamp(), key)


def _only_uri(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise NotAHost("The certificate has no name.") from error
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or len(list(names)) != 1:
        raise NotAHost("The certificate has not exactly one name.")
    return uris[0]


def _authority_of(domain: str, tenant: str) -> x509.Name:
    parts = (
        (NameOID.ORGANIZATION_NAME, domain),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, _HOSTS),
        (NameOID.COMMON_NAME, tenant),
    )
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])
