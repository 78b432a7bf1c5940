"""Grant tokens: what a host's agent is shown before it opens a session, and checks by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing import tokens
from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.names import Grant, is_uuid

KIND = "grant+jwt"
CLAIMS: Mapping[str, type] = {
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
# A token is for the session that it was asked for. Nobody can keep one for the time after a revocation.
FRESH = timedelta(seconds=60)
LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_LAST_MOMENT = int(datetime.max.replace(tzinfo=UTC).timestamp())


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
    if not (is_uuid(host) and is_uuid(session) and LOGIN.fullmatch(login)):
        raise SigningRefused("A grant token names a host, a session and a login.")
    if not grant.not_before <= now < grant.not_after:
        raise SigningRefused("The grant is not in force.")
    named = {"aud": f"host:{host}", "jti": session, "tenant": tenant, "login": login}
    return tokens.signed(KIND, {**named, **_granted(grant), "iat": int(now.timestamp())}, key)


def _granted(grant: Grant) -> dict[str, str | int | bool]:
    return {
        "sub": grant.id,
        "nbf": int(grant.not_before.timestamp()),
        "exp": int(grant.not_after.timestamp()),
        "port_forwarding": grant.allow_port_forwarding,
        "agent_forwarding": grant.allow_agent_forwarding,
    }


def read_grant_token(
    token: str, keys: Mapping[str, ed25519.Ed25519PublicKey], *, host: str, now: datetime
) -> GrantToken:
    """What a token allows on this host now; raises NotTrusted. Single use is the caller's to see to."""
    claims = tokens.verified(KIND, token, keys, CLAIMS)
    if claims["aud"] != f"host:{host}":
        raise NotTrusted("The token is for another host.")
    if not 0 <= claims["nbf"] <= now.timestamp() < claims["exp"] < _LAST_MOMENT:
        raise NotTrusted("The token is not valid now.")
    if abs(int(now.timestamp()) - claims["iat"]) > FRESH.seconds:
        raise NotTrusted("The token was made for an earlier session.")
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
