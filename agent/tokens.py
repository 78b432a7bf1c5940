"""What the portal signed for this host: checked here, because whoever carries it may lie (RFC 7519, 8037)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

GRANT_TYPE = "grant+jwt"
STATEMENT_TYPE = "statement+jwt"
FRESH = 60  # seconds between signing and use, in either direction: clocks differ
MOST_CHARACTERS = 64 * 1024
_PARTS = 3
_GRANT = re.compile(r"grant-[0-9a-z][0-9a-z-]{0,62}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GRANT_CLAIMS: dict[str, type] = {
    "aud": str,
    "sub": str,
    "jti": str,
    "tenant": str,
    "login": str,
    "iat": int,
    "nbf": int,
    "exp": int,
    "port_forwarding": bool,
    "agent_forwarding": bool,
}
_STATEMENT_CLAIMS: dict[str, type] = {
    "aud": str,
    "iat": int,
    "exp": int,
    "chain": str,
    "host_certificate": str,
    "user_ca": list,
    "grant_keys": dict,
    "gateway_ca": str,
}


class TokenRefused(Exception):
    """A token is not the portal's, not for this host, or not for now."""


@dataclass(frozen=True)
class Grant:
    """One session of a grant on this host. `ends_at` is in seconds since the epoch."""

    id: str
    tenant: str
    session: str
    login: str
    ends_at: int
    allow_port_forwarding: bool
    allow_agent_forwarding: bool


@dataclass(frozen=True)
class Statement:
    """What the portal says about this host: its certificates, and whom it is to believe from now on.

    `gateway_ca` is empty if gateways are known by what the host was told at its birth.
    """

    chain: str
    host_certificate: str
    user_ca: tuple[str, ...]
    grant_keys: Mapping[str, str]
    gateway_ca: str


def read_grant(token: str, keys: Mapping[str, str], *, host: str, tenant: str, now: float) -> Grant:
    """Check a grant token; raises TokenRefused. That each session is taken once is the caller's to see to."""
    claims = _claims(token, keys, GRANT_TYPE, _GRANT_CLAIMS)
    _check_use(claims, host, now)
    if claims["tenant"] != tenant:
        raise TokenRefused("The token is for another tenant.")
    if not claims["nbf"] <= now:
        raise TokenRefused("The grant has not begun.")
    if not (_GRANT.fullmatch(claims["sub"]) and _UUID.fullmatch(claims["jti"])):
        raise TokenRefused("The token names no grant and session.")
    return Grant(
        id=claims["sub"],
        tenant=claims["tenant"],
        session=claims["jti"],
        login=claims["login"],
        ends_at=claims["exp"],
        allow_port_forwarding=claims["port_forwarding"],
        allow_agent_forwarding=claims["agent_forwarding"],
    )


def read_statement(token: str, keys: Mapping[str, str], *, host: str, now: float) -> Statement:
    """Check what the portal says about this host; raises TokenRefused."""
    claims = _claims(token, keys, STATEMENT_TYPE, _STATEMENT_CLAIMS)
    _check_use(claims, host, now)
    texts = [*claims["user_ca"], *claims["grant_keys"], *claims["grant_keys"].values()]
    if not claims["user_ca"] or not claims["grant_keys"] or not all(isinstance(one, str) for one in texts):
        raise TokenRefused("The statement names nobody to believe.")
    if any("\n" in one for one in [*claims["user_ca"], claims["host_certificate"]]):
        raise TokenRefused("The statement has a key of more than one line.")
    return Statement(
        chain=claims["chain"],
        host_certificate=claims["host_certificate"],
        user_ca=tuple(claims["user_ca"]),
        grant_keys=dict(claims["grant_keys"]),
        gateway_ca=claims["gateway_ca"],
    )


def _check_use(claims: Mapping[str, Any], host: str, now: float) -> None:
    if claims["aud"] != f"host:{host}":
        raise TokenRefused("The token is for another host.")
    # Whoever took over a gateway could keep unused tokens, and use them after the revocation.
    if abs(now - claims["iat"]) > FRESH:
        raise TokenRefused("The token was not signed just now.")
    if not now < claims["exp"]:
        raise TokenRefused("The token is over.")


def _claims(token: str, keys: Mapping[str, str], kind: str, wanted: Mapping[str, type]) -> dict[str, Any]:
    parts = token.split(".")
    if len(token) > MOST_CHARACTERS or len(parts) != _PARTS:
        raise TokenRefused("This is no token.")
    header, claims = _object(parts[0]), _object(parts[1])
    key = keys.get(str(header.get("kid")))
    if header != {"alg": "EdDSA", "typ": kind, "kid": header.get("kid")} or key is None:
        raise TokenRefused("The token is not of the kind, or of the key, that is asked for.")
    _check_signature(key, f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2]))
    if set(claims) != set(wanted) or any(type(claims[name]) is not kind for name, kind in wanted.items()):
        raise TokenRefused("The token does not say what such a token says.")
    return claims


def _check_signature(pem: str, signed: bytes, signature: bytes) -> None:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise TokenRefused("The key is of another kind.")
    try:
        key.verify(signature, signed)
    except InvalidSignature as error:
        raise TokenRefused("The token is not signed by the portal.") from error


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(text))
    except (ValueError, RecursionError) as error:
        raise TokenRefused("This is no token.") from error
    if not isinstance(value, dict):
        raise TokenRefused("This is no token.")
    return value


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise TokenRefused("This is no token.") from error
