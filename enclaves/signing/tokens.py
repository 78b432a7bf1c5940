"""Signed statements of the portal as JSON Web Tokens (RFC 7519), strict in both directions.

Each kind has its own `typ` and its own exact set of claims, so that none is taken for another (RFC 8725).
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing.errors import NotTrusted

ALGORITHM = "EdDSA"
MOST_CHARACTERS = 65536
_HEADER = {"alg", "kid", "typ"}
_UNCHECKED: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


def key_id(key: ed25519.Ed25519PublicKey) -> str:
    """The name of a key, which follows from the key alone."""
    return urlsafe_b64encode(hashlib.sha256(key.public_bytes_raw()).digest()[:12]).decode()


def signed(kind: str, claims: dict[str, Any], key: ed25519.Ed25519PrivateKey) -> str:
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": key_id(key.public_key()), "typ": kind})


def verified(
    kind: str, token: str, keys: Mapping[str, ed25519.Ed25519PublicKey], claims: Mapping[str, type]
) -> dict[str, Any]:
    """The claims of a token of a kind, exactly those and of those types; raises NotTrusted.

    Times are not looked at.
    """
    if len(token) > MOST_CHARACTERS:
        raise NotTrusted("The token is too long.")
    try:
        header = jwt.get_unverified_header(token)
        found: dict[str, Any] = jwt.decode(token, keys[header["kid"]], [ALGORITHM], options=_UNCHECKED)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise NotTrusted("The token is not signed by the portal.") from error
    # By the type itself: a bool is an int too, and true is no time.
    if set(header) != _HEADER or header["typ"] != kind or {n: type(v) for n, v in found.items()} != claims:
        raise NotTrusted("This is another kind of token.")
    return found
