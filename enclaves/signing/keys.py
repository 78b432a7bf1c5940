"""Private keys: how they are made, and how they rest in the database so that a copy of it opens none."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from enclaves.signing.errors import KeyBoxError

LEAST_SECRET = 32  # characters of a secret that was made by a machine
_FORMAT = b"\x01"
_NAME_SIZE = 8
_NONCE_SIZE = 12  # bytes, NIST SP 800-38D
_HEADER_SIZE = len(_FORMAT) + _NAME_SIZE + _NONCE_SIZE

type PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


class KeyBox(Protocol):
    """Where private keys are locked and opened; a cloud's KMS fits behind it.

    `context` says what the key is for, such as `ssh-user-ca:<enclave>`. It is no secret. What was wrapped
    with one context opens with no other, so a row that was copied to another place is of no use there.
    """

    def wrap(self, plain: bytes, context: str) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Open what was wrapped; raises KeyBoxError."""
        ...


class LocalKeyBox:
    """AES-256-GCM with a key derived from a secret of the settings; older secrets still open."""

    def __init__(self, secret: str, old_secrets: Sequence[str] = ()) -> None:
        secrets = (secret, *old_secrets)
        if any(len(one) < LEAST_SECRET for one in secrets):
            raise ValueError(f"A secret that locks keys has at least {LEAST_SECRET} characters.")
        derived = [_derive(one) for one in secrets]
        self._current = derived[0].name
        self._ciphers = {key.name: key.cipher for key in derived}

    def wrap(self, plain: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE_SIZE)
        header = _FORMAT + self._current + nonce
        return header + self._ciphers[self._current].encrypt(nonce, plain, _bound(header, context))

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        header, locked = wrapped[:_HEADER_SIZE], wrapped[_HEADER_SIZE:]
        cipher = self._ciphers.get(_name_in(header))
        if len(header) != _HEADER_SIZE or header[:1] != _FORMAT or cipher is None:
            raise KeyBoxError("This key was locked with a secret that is not known here.")
        try:
            return cipher.decrypt(header[-_NONCE_SIZE:], locked, _bound(header, context))
        except InvalidTag as error:
            raise KeyBoxError("This key was changed, or belongs somewhere else.") from error

    def is_current(self, wrapped: bytes) -> bool:
        """Say whether the newest secret locks it. What an older one locks is to be wrapped again."""
        return _name_in(wrapped) == self._current


@dataclass(frozen=True)
class _Derived:
    name: bytes
    cipher: AESGCM


def _derive(secret: str) -> _Derived:
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"enclave key box 1").derive(secret.encode())
    return _Derived(hashlib.sha256(b"name of " + key).digest()[:_NAME_SIZE], AESGCM(key))


def _name_in(wrapped: bytes) -> bytes:
    return wrapped[len(_FORMAT) : len(_FORMAT) + _NAME_SIZE]


def _bound(header: bytes, context: str) -> bytes:
    return header + context.encode()


class KeyKind(StrEnum):
    ED25519 = "ed25519"  # SSH authorities and grant tokens
    P256 = "p256"  # X.509: every TLS stack knows it


@dataclass(frozen=True)
class MadeKey:
    """A new key as it is stored: the public half as SubjectPublicKeyInfo in PEM, the private one wrapped."""

    kind: KeyKind
    public: str
    wrapped: bytes


def make_key(kind: KeyKind, box: KeyBox, context: str) -> MadeKey:
    """Make a key that leaves this function locked."""
    private = _generate(kind)
    return MadeKey(kind, public_pem(private), box.wrap(private_pem(private), context))


def open_ed25519(wrapped: bytes, box: KeyBox, context: str) -> ed25519.Ed25519PrivateKey:
    """Unlock such a key; raises KeyBoxError. It takes 0.1 ms with a local box: who signs often keeps it."""
    key = _opened(wrapped, box, context)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise KeyBoxError("This is no Ed25519 key.")
    return key


def open_p256(wrapped: bytes, box: KeyBox, context: str) -> ec.EllipticCurvePrivateKey:
    """Unlock such a key; raises KeyBoxError."""
    key = _opened(wrapped, box, context)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyBoxError("This is no key on P-256.")
    return key


def _opened(wrapped: bytes, box: KeyBox, context: str) -> object:
    return serialization.load_pem_private_key(box.unwrap(wrapped, context), password=None)


def private_pem(key: PrivateKey) -> bytes:
    """The key in the clear, PKCS #8: never stored, never logged."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: PrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _generate(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())
