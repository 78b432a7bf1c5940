"""Public SSH keys as people paste them: which are taken, and what to say about the others."""

import base64
import binascii
import re
from dataclasses import dataclass

import asyncssh
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from enclaves.signing.errors import SigningRefused

LEAST_RSA_BITS = 3072
MOST_RSA_BITS = 16384  # OpenSSH's own limit
MOST_CHARACTERS = 8192
_LINE = re.compile(r"([!-~]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+(.*))?")
_COMMENT = 100  # characters that are kept
_SMALL_EXPONENT = 3
# Points of small order on Curve25519, in both spellings where there are two, without the sign: whoever
# knows that a key is one of these can sign for it (libsodium refuses the same ones).
_FORGEABLE = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)

KINDS = {
    "ssh-ed25519": ("Ed25519", 256),
    "sk-ssh-ed25519@openssh.com": ("Ed25519 on a security key", 256),
    "ecdsa-sha2-nistp256": ("ECDSA", 256),
    "ecdsa-sha2-nistp384": ("ECDSA", 384),
    "ecdsa-sha2-nistp521": ("ECDSA", 521),
    "sk-ecdsa-sha2-nistp256@openssh.com": ("ECDSA on a security key", 256),
    "ssh-rsa": ("RSA", 0),
}


@dataclass(frozen=True)
class PublicKey:
    """A public key that may be certified. `line` is its one written form, without the comment."""

    kind: str
    bits: int
    fingerprint: str
    comment: str
    line: str
    key: asyncssh.SSHKey


def parse_public_key(text: str) -> PublicKey:
    """Read one line of a .pub file; raises SigningRefused, which says what is wrong with it."""
    algorithm, blob, comment = _taken_apart(text.strip())
    kind, bits = KINDS[algorithm]
    key = _loaded(algorithm, blob)
    return PublicKey(
        kind=kind,
        bits=bits or _rsa_bits(key),
        fingerprint=key.get_fingerprint(),
        comment=comment,
        line=f"{algorithm} {base64.b64encode(blob).decode()}",
        key=key,
    )


def _taken_apart(text: str) -> tuple[str, bytes, str]:
    if len(text) > MOST_CHARACTERS:
        raise SigningRefused("This is too long to be a public key.")
    if "PRIVATE KEY" in text:
        raise SigningRefused(
            "This is a private key. Paste the .pub file, and make a new key: this one is known now."
        )
    if len(text.splitlines()) > 1:
        raise SigningRefused("Paste one public key, on one line, as it stands in the .pub file.")
    found = _LINE.fullmatch(text)
    if not found:
        raise SigningRefused("This is no public key as OpenSSH writes it, such as ssh-ed25519 AAAA… name.")
    algorithm, encoded, comment = found.groups()
    if algorithm not in KINDS:
        raise SigningRefused(_unknown(algorithm))
    return algorithm, _decoded(encoded), _printable(comment or "")


def _unknown(algorithm: str) -> str:
    if "-cert-v0" in algorithm:
        return "This is a certificate. Paste the public key that it was made for."
    if algorithm == "ssh-dss":
        return "DSA keys are too weak. Make one with ssh-keygen -t ed25519."
    return "Keys of this kind are not taken: use Ed25519, ECDSA, RSA or a security key."


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise SigningRefused("This public key is damaged: a part of it is missing.") from None


def _printable(comment: str) -> str:
    return "".join(letter for letter in comment if letter.isprintable())[:_COMMENT].strip()


def _loaded(algorithm: str, blob: bytes) -> asyncssh.SSHKey:
    line = f"{algorithm} {base64.b64encode(blob).decode()}"
    try:
        key = asyncssh.import_public_key(line)
    except (asyncssh.KeyImportError, ValueError, OverflowError):
        raise SigningRefused("This public key is damaged.") from None
    # What is certified is exactly what was pasted: no other spelling, nothing behind the end.
    if key.public_data != blob or key.get_algorithm() != algorithm or _is_forgeable(key):
        raise SigningRefused("This public key is damaged.")
    return key


def _is_forgeable(key: asyncssh.SSHKey) -> bool:
    public = key.pyca_key
    if not isinstance(public, ed25519.Ed25519PublicKey):
        return False
    raw = public.public_bytes_raw()
    return raw[:-1] + bytes([raw[-1] & 0x7F]) in _FORGEABLE


def _rsa_bits(key: asyncssh.SSHKey) -> int:
    public = key.pyca_key
    assert isinstance(public, rsa.RSAPublicKey)  # noqa: S101 -- the algorithm said so
    if public.key_size < LEAST_RSA_BITS:
        raise SigningRefused(f"RSA keys need {LEAST_RSA_BITS} bits, this one has {public.key_size}.")
    if public.key_size > MOST_RSA_BITS or public.public_numbers().e < _SMALL_EXPONENT:
        raise SigningRefused("OpenSSH does not take this RSA key.")
    return public.key_size
