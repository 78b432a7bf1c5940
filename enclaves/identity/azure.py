"""Azure's attested documents, from /metadata/attested/document of a machine.

A document brings its signer's certificate, a common TLS certificate of the metadata service. The
intermediates above it are shipped to us, never fetched from where a document says.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification

from enclaves.identity.cms import UNREADABLE, embedded_signer, open_envelope
from enclaves.identity.content import SKEW, from_base64, read_object, read_text, read_time
from enclaves.identity.errors import IdentityRefused

SERVICE = "metadata.azure.com"  # national clouds have others, such as metadata.azure.us
LEAST_NONCE = 10  # characters; Azure takes ten digits
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ANY = re.compile(r"[ -~]{0,100}")
_TIME = re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-]0000")
_DEPTH = 3  # intermediates above a metadata service's certificate, at most


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom to believe: the roots, what stands between, and the name of the cloud's metadata service."""

    roots: Sequence[x509.Certificate]
    intermediates: Sequence[x509.Certificate]
    service: str = SERVICE


@dataclass(frozen=True, kw_only=True)
class AzureInstance:
    """What Azure says about a machine, good for some hours. Ids are in small letters."""

    subscription: str
    vm_id: str
    sku: str
    nonce: str
    created: datetime
    expires: datetime


def verify_attested(signature: bytes, nonce: str, now: datetime, trust: Trust) -> AzureInstance:
    """What Azure says in the `signature` of an attested document (base64); raises IdentityRefused.

    `nonce` are the ten digits that this machine was given a moment ago, and nobody else.
    """
    if len(nonce) < LEAST_NONCE:
        raise IdentityRefused("A nonce that is so short can be guessed.")
    envelope = open_envelope(from_base64(signature))
    signer = embedded_signer(envelope)
    _check_chain(signer, now, trust)
    found = _read(read_object(envelope.verify(signer)))
    if not hmac.compare_digest(found.nonce, nonce):
        raise IdentityRefused("The document was made for another question.")
    if not found.created - SKEW <= now < found.expires:
        raise IdentityRefused("The document is not valid now.")
    return found


def _check_chain(signer: x509.Certificate, now: datetime, trust: Trust) -> None:
    try:
        issuer, name = signer.issuer.rfc4514_string(), x509.DNSName(_service_name(signer, trust.service))
    except IdentityRefused:
        raise
    except UNREADABLE as error:
        raise IdentityRefused("The certificate in the document cannot be read.") from error
    store = verification.Store(list(trust.roots))
    policy = verification.PolicyBuilder().store(store).time(now).max_chain_depth(_DEPTH)
    try:
        policy.build_server_verifier(name).verify(signer, list(trust.intermediates))
    except (verification.VerificationError, *UNREADABLE) as error:
        raise IdentityRefused(
            f"The signer's chain, by {issuer}, leads to no root that is trusted."
        ) from error


def _service_name(signer: x509.Certificate, service: str) -> str:
    """The metadata service's name on a certificate, maybe with its region before it."""
    try:
        named = signer.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise IdentityRefused("The signer has no name.") from None
    for name in named.get_values_for_type(x509.DNSName):
        if name == service or name.endswith(f".{service}"):
            return name
    raise IdentityRefused(f"The signer is not {service}.")


def _read(document: Mapping[str, object]) -> AzureInstance:
    times = document.get("timeStamp")
    if not isinstance(times, dict):
        raise IdentityRefused("The document has no time.")
    return AzureInstance(
        subscription=read_text(document, "subscriptionId", _UUID).lower(),
        vm_id=read_text(document, "vmId", _UUID).lower(),
        sku=read_text(document, "sku", _ANY),
        nonce=read_text(document, "nonce", _ANY),
        created=_moment(times, "createdOn"),
        expires=_moment(times, "expiresOn"),
    )


def _moment(times: Mapping[str, object], name: str) -> datetime:
    return read_time(read_text(times, name, _TIME), "%m/%d/%y %H:%M:%S ")
