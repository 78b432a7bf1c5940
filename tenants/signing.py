"""The key that signs checkpoints of the audit, and how its signatures are verified."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from tenants.verifier import signed_text


def can_sign() -> bool:
    """Say whether this portal was given a key. In production it always was, see portal/checks.py."""
    return bool(settings.AUDIT_KEY)


def key_id() -> str:
    """The name of the key that signs now: its thumbprint, RFC 7638."""
    return _thumbprint(_public(_private()))


def sign(checkpoint: Mapping[str, Any]) -> str:
    """The signature of a checkpoint, in small hexadecimal digits."""
    return _private().sign(signed_text(checkpoint)).hex()


def published_keys() -> list[dict[str, str]]:
    """All public keys whose signatures are to be believed, as JWK: the one that signs now, and older ones."""
    now = [_public(_private())] if can_sign() else []
    return [_jwk(public) for public in dict.fromkeys([*now, *settings.AUDIT_OLD_KEYS])]


def doubt(checkpoint: Mapping[str, Any]) -> str:
    """Why a checkpoint is not to be believed, as the end of a sentence; empty if it is."""
    keys = {key["kid"]: key["x"] for key in published_keys()}
    if checkpoint["key_id"] not in keys:
        return f"was signed with the key {checkpoint['key_id']}, which this portal does not know."
    return "" if _is_signed(checkpoint, keys[checkpoint["key_id"]]) else "was changed after it was signed."


def is_public_key(text: str) -> bool:
    """Say whether a text is a public key as it is published, in the member ``x``."""
    try:
        return _packed(_loaded(text).public_bytes_raw()) == text
    except ValueError:
        return False


def _is_signed(checkpoint: Mapping[str, Any], public: str) -> bool:
    try:
        signature = bytes.fromhex(checkpoint["signature"])
        _loaded(public).verify(signature, signed_text(checkpoint))
    except (InvalidSignature, ValueError):
        return False
    # The same bytes can be written in other ways, and what was kept was written in one.
    return bool(signature.hex() == checkpoint["signature"])


def _private() -> Ed25519PrivateKey:
    seed = hmac.digest(settings.AUDIT_KEY.encode(), b"enclave audit checkpoints", "sha256")
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(private: Ed25519PrivateKey) -> str:
    return _packed(private.public_key().public_bytes_raw())


def _loaded(public: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(public + "=" * (-len(public) % 4)))


def _jwk(public: str) -> dict[str, str]:
    return {"alg": "EdDSA", "use": "sig", "kid": _thumbprint(public), **_required(public)}


def _thumbprint(public: str) -> str:
    members = json.dumps(_required(public), sort_keys=True, separators=(",", ":"))
    return _packed(hashlib.sha256(members.encode()).digest())


def _required(public: str) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": public}


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
