"""Signed documents in CMS (RFC 5652) as clouds use it: one signer, RSA, the content inside.

All else is refused, also what the standard would allow.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from enclaves.identity.errors import IdentityRefused

MOST_BYTES = 32_768
LEAST_RSA_BITS = 2048
# Azure names the signature's algorithm where the digest's belongs.
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
}
_SIGNATURES = ("rsassa_pkcs1v15", "sha256_rsa", "sha384_rsa")
# Whatever the libraries trip over while they take a hostile document apart; they do so late and lazily.
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True)
class Envelope:
    """A document taken apart. Nothing in it is to be believed before `verify` with a trusted certificate.

    `certificate` is the one that it brings along for its signer, empty if it brings none.
    """

    content: bytes
    issuer: bytes
    serial: int
    digest: hashes.HashAlgorithm
    signed: bytes
    signature: bytes
    certificate: bytes

    def is_of(self, certificate: x509.Certificate) -> bool:
        """Say whether the document names this certificate as its signer's."""
        return (certificate.serial_number, certificate.issuer.public_bytes()) == (self.serial, self.issuer)

    def verify(self, certificate: x509.Certificate) -> bytes:
        """The content, if this certificate's key signed it; raises IdentityRefused."""
        key = certificate.public_key()
        if not self.is_of(certificate):
            raise IdentityRefused("The document names another signer.")
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_RSA_BITS:
            raise IdentityRefused(f"The signer's key is not RSA with {LEAST_RSA_BITS} bits or more.")
        try:
            key.verify(self.signature, self.signed, padding.PKCS1v15(), self.digest)
        except InvalidSignature as error:
            raise IdentityRefused("The signature is wrong.") from error
        return self.content


def open_envelope(document: bytes) -> Envelope:
    """Take a document apart, DER or BER; raises IdentityRefused."""
    if len(document) > MOST_BYTES:
        raise IdentityRefused("The document is too long.")
    try:
        return _opened(document)
    except IdentityRefused:
        raise
    except UNREADABLE as error:
        raise IdentityRefused("The document cannot be read.") from error


def embedded_signer(envelope: Envelope) -> x509.Certificate:
    """The certificate that the document brings along for its signer; raises IdentityRefused.

    Who asks builds the chain, because anybody can put a certificate into a document.
    """
    if not envelope.certificate:
        raise IdentityRefused("The document does not bring its signer's certificate.")
    try:
        return x509.load_der_x509_certificate(envelope.certificate)
    except UNREADABLE as error:
        raise IdentityRefused("The certificate in the document cannot be read.") from error


def _opened(document: bytes) -> Envelope:
    outer = cms.ContentInfo.load(document, strict=True)
    _demand(outer["content_type"].native == "signed_data", "The document is not signed.")
    data = outer["content"]
    _demand(len(data["signer_infos"]) == 1, "The document has not exactly one signer.")
    signer, inside = data["signer_infos"][0], data["encap_content_info"]
    _demand(inside["content_type"].native == "data", "The document holds no data.")
    content, digest = inside["content"].native, _DIGESTS.get(signer["digest_algorithm"]["algorithm"].native)
    _demand(isinstance(content, bytes) and len(content) > 0, "The document is empty.")
    if digest is None or signer["signature_algorithm"]["algorithm"].native not in _SIGNATURES:
        raise IdentityRefused("The document is not signed with RSA and SHA-256 or SHA-384.")
    issuer, serial = _named(signer["sid"])
    return Envelope(
        content=content,
        issuer=issuer,
        serial=serial,
        digest=digest,
        signed=_signed_part(signer["signed_attrs"], inside, digest),
        signature=signer["signature"].native,
        certificate=_brought(data["certificates"], issuer, serial),
    )


def _named(identifier: Any) -> tuple[bytes, int]:
    _demand(identifier.name == "issuer_and_serial_number", "The signer is not named by issuer and serial.")
    issuer: bytes = identifier.chosen["issuer"].dump()
    serial: int = identifier.chosen["serial_number"].native
    _demand(serial > 0, "The signer's serial number is not positive.")
    return issuer, serial


def _brought(certificates: Any, issuer: bytes, serial: int) -> bytes:
    found: list[bytes] = []
    for item in certificates or ():
        _demand(item.name == "certificate", "The document holds a certificate of an unknown kind.")
        if (item.chosen.issuer.dump(), item.chosen.serial_number) == (issuer, serial):
            found.append(item.chosen.dump())
    _demand(len(found) <= 1, "The document brings two certificates of one name.")
    return found[0] if found else b""


def _signed_part(attributes: Any, inside: Any, digest: hashes.HashAlgorithm) -> bytes:
    """What the signature is about: the attributes, which must fit the content, or the content itself."""
    content: bytes = inside["content"].native
    if not attributes:
        return content
    values = {attribute["type"].native: attribute["values"].native for attribute in attributes}
    _demand(len(values) == len(attributes), "An attribute of the signature is repeated.")
    _demand(values.get("content_type") == ["data"], "The signature is about another type of content.")
    sum_ = hashlib.new(digest.name, content).digest()
    _demand(values.get("message_digest") == [sum_], "The content does not fit the signature.")
    # RFC 5652, 5.4: signed is the DER of the SET OF, not of the tag that it is carried under.
    signed: bytes = attributes.untag().dump(force=True)
    return signed


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise IdentityRefused(otherwise)
