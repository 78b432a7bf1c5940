"""Grant tokens: what a host's agent is shown before it opens a session, and checks by itself (RFC 7519)."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.names import Grant, is_uuid

ALGORITHM = "EdDSA"
TYPE = "grant+jwt"  # so that no other token of the portal is ever taken for one (RFC 8725, 3.11)
CLAIMS = frozenset(
    {"aud", "sub", "jti", "tenant", "login", "nbf", "exp", "port_forwarding", "agent_forwarding"}
)
MOST_CHARACTERS = 4096
_LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_LAST_MOMENT = int(datetime.max.replace(tzinfo=UTC).timestamp())
_UNCHECKED: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False}


@dataclass(frozen=True, kw_only=True)
class GrantToken:
    """What a token allows: one session of a grant on one host, until its end."""

    grant: str
    tenant: str
    host: str
    session: str
    login: str
    not_before: datetime
    not_after: datetime
    allow_port_forwarding: bool
    allow_agent_forwarding: bool


def key_id(key: ed25519.Ed25519PublicKey) -> str:
    """The name of a key, which follows from the key alone."""
    return urlsafe_b64encode(hashlib.sha256(key.public_bytes_raw()).digest()[:12]).decode()


def grant_token(
    key: ed25519.Ed25519PrivateKey,
    *,
    grant: Grant,
    tenant: str,
    host: str,
    session: str,
    login: str,
    now: datetime,
) -> str:
    """Allow one session on one host until the grant ends; raises SigningRefused.

    `host` and `session` are UUIDs; an agent takes each session once.
    """
    if not (is_uuid(host) and is_uuid(session) and _LOGIN.fullmatch(login)):
        raise SigningRefused("A grant token names a host, a session and a login.")
    if not grant.not_before <= now < grant.not_after:
        raise SigningRefused("The grant is not in force.")
    claims = {
        "aud": f"host:{host}",
        "sub": grant.id,
        "jti": session,
        "tenant": tenant,
        "login": login,
        "nbf": int(grant.not_before.timestamp()),
        "exp": int(grant.not_after.timestamp()),
        "port_forwarding": grant.allow_port_forwarding,
        "agent_forwarding": grant.allow_agent_forwarding,
    }
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": key_id(key.public_key()), "typ": TYPE})


def read_grant_token(
    token: str, keys: Mapping[str, ed25519.Ed25519PublicKey], *, host: str, now: datetime
) -> GrantToken:
    """What a token allows on this host now; raises NotTrusted. Single use is the caller's to see to."""
    claims = _verified(token, keys)
    if claims["aud"] != f"host:{host}":
        raise NotTrusted("The token is for another host.")
    if not claims["nbf"] <= now.timestamp() < claims["exp"]:
        raise NotTrusted("The token is not valid now.")
    return GrantToken(
        grant=claims["sub"],
        tenant=claims["tenant"],
        host=host,
        session=claims["jti"],
        login=claims["login"],
        not_before=datetime.fromtimestamp(claims["nbf"], UTC),
        not_after=datetime.fromtimestamp(claims["exp"], UTC),
        allow_port_forwarding=claims["port_forwarding"],
        allow_agent_forwarding=claims["agent_forwarding"],
    )


def _verified(token: str, keys: Mapping[str, ed25519.Ed25519PublicKey]) -> dict[str, Any]:
    if len(token) > MOST_CHARACTERS:
        raise NotTrusted("The token is too long.")
    try:
        header = jwt.get_unverified_header(token)
        key = keys[header["kid"]]
        claims: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options=_UNCHECKED)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise NotTrusted("The token is not signed by the portal.") from error
    if header.get("typ") != TYPE or set(header) != {"alg", "kid", "typ"} or not _is_complete(claims):
        raise NotTrusted("This is no grant token.")
    return claims


def _is_complete(claims: Mapping[str, Any]) -> bool:
    if set(claims) != CLAIMS:
        return False
    numbers = (claims["nbf"], claims["exp"])
    flags = (claims["port_forwarding"], claims["agent_forwarding"])
    texts = (claims[name] for name in ("aud", "sub", "jti", "tenant", "login"))
    return (
        all(type(value) is int and 0 <= value < _LAST_MOMENT for value in numbers)
        and all(type(value) is bool for value in flags)
        and all(type(value) is str for value in texts)
    )
