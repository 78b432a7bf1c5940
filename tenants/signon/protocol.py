"""OpenID Connect as we speak it: authorization code with PKCE, state and nonce, and a verified ID token.

Knows no tenant and no row. What a provider says is believed only after `verify_token`.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tenants.signon.fetching import FetchFailed, check_url, fetch_json

# With a public key each, so that nobody can take one for the secret of a MAC.
ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC"}
SMALLEST_RSA: Final = 2048  # bits
CLOCKS_DIFFER: Final = 60  # seconds
OLDEST_TOKEN: Final = 600  # seconds
LONGEST_SUBJECT: Final = 255
MOST_KEYS: Final = 50
LIFE: Final = timedelta(minutes=10)  # of an attempt
FRESHLY: Final = 120  # seconds since the person authenticated there, where that was asked for


class SignOnFailed(Exception):
    """The provider did not vouch for anybody. The text is for the person, and for the tenant's admin."""


@dataclass(frozen=True)
class Client:
    """How the portal presents itself to one provider."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Attempt:
    """What is kept in the browser's session between leaving for the provider and coming back."""

    tenant: str
    issuer: str
    client_id: str
    nonce: str
    verifier: str
    token_endpoint: str
    jwks_uri: str
    names_issuer: bool
    posts_secret: bool
    purpose: str
    page: str
    begun_at: float

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Attempt":
        return cls(**kept)

    def as_kept(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_over(self) -> bool:
        return time.time() - self.begun_at > LIFE.total_seconds()


@dataclass(frozen=True)
class Claims:
    """What the provider vouches for."""

    issuer: str
    subject: str
    email: str
    email_verified: bool | None
    name: str
    authenticated_at: float | None


def begin(client: Client, *, tenant: str, purpose: str, page: str) -> tuple[str, Attempt, str]:
    """Ask the provider where it is; return a new state, what to keep under it, and where to send the browser.

    Raises SignOnFailed.
    """
    facts = _discover(client.issuer)
    attempt = Attempt(
        tenant=tenant,
        issuer=client.issuer,
        client_id=client.client_id,
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        token_endpoint=_endpoint(facts, "token_endpoint"),
        jwks_uri=_endpoint(facts, "jwks_uri"),
        names_issuer=facts.get("authorization_response_iss_parameter_supported") is True,
        posts_secret=_posts_secret(facts),
        purpose=purpose,
        page=page,
        begun_at=time.time(),
    )
    state = secrets.token_urlsafe(32)
    where = _endpoint(facts, "authorization_endpoint")
    query = urlencode(_question(client, attempt, state))
    return state, attempt, f"{where}{'&' if '?' in where else '?'}{query}"


def _discover(issuer: str) -> dict[str, Any]:
    facts = _fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if facts.get("issuer") != issuer:
        raise SignOnFailed(f"The provider calls itself {str(facts.get('issuer'))[:200]}, not {issuer}.")
    return facts


def _endpoint(facts: Mapping[str, Any], name: str) -> str:
    url = facts.get(name)
    if not isinstance(url, str) or len(url) > 1_000:  # noqa: PLR2004 -- longer than any that we keep
        raise SignOnFailed(f"The provider's configuration has no {name}.")
    try:
        check_url(url)
    except FetchFailed as error:
        raise SignOnFailed(f"The provider's {name} is not usable: {error}") from error
    return url


def _posts_secret(facts: Mapping[str, Any]) -> bool:
    ways = facts.get("token_endpoint_auth_methods_supported")
    return isinstance(ways, list) and "client_secret_post" in ways and "client_secret_basic" not in ways


def _question(client: Client, attempt: Attempt, state: str) -> dict[str, str]:
    question = {
        "response_type": "code",
        "scope": "openid email profile",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "state": state,
        "nonce": attempt.nonce,
        "code_challenge": challenge_of(attempt.verifier),
        "code_challenge_method": "S256",
    }
    if attempt.purpose == "again":
        return {**question, "max_age": "0", "prompt": "login"}
    return question


def challenge_of(verifier: str) -> str:
    """What PKCE shows of a verifier before it is asked for."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def finish(client: Client, attempt: Attempt, *, code: str, issuer: str | None) -> Claims:
    """Change the code for an ID token, and return what it says. ``issuer`` is what the answer calls itself.

    Raises SignOnFailed.
    """
    if (issuer is None and attempt.names_issuer) or (issuer is not None and issuer != attempt.issuer):
        raise SignOnFailed("The answer came from another provider than the one that was asked.")
    token = _redeem(client, attempt, code)
    keys = _fetched(attempt.jwks_uri).get("keys")
    claims = verify_token(token, keys, attempt)
    if attempt.purpose == "again":
        _is_fresh(claims)
    return claims


def _redeem(client: Client, attempt: Attempt, code: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "client_id": client.client_id,
        "code_verifier": attempt.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if client.secret and attempt.posts_secret:
        form["client_secret"] = client.secret
    elif client.secret:
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = _fetched(attempt.token_endpoint, data=urlencode(form).encode(), headers=headers)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise SignOnFailed("The provider gave no ID token.")
    return token


def verify_token(token: str, keys: Any, attempt: Attempt) -> Claims:
    """What an ID token says, if the provider made it for us, for this attempt, and lately.

    Raises SignOnFailed.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise SignOnFailed(f"The ID token is signed with {str(algorithm)[:20]}, which is not accepted.")
        said = jwt.decode(
            token,
            _key(keys, header, algorithm),
            algorithms=[algorithm],
            audience=attempt.client_id,
            issuer=attempt.issuer,
            leeway=CLOCKS_DIFFER,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
        )
    except jwt.PyJWTError as error:
        raise SignOnFailed(f"The ID token is not good: {error}.") from error
    _check(said, attempt)
    return _claims(said)


def _key(keys: Any, header: Mapping[str, Any], algorithm: str) -> Any:
    """The one key of the provider that may have signed; a second candidate is a doubt, and doubt refuses."""
    known = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    fit = [key for key in known[:MOST_KEYS] if _fits(key, header.get("kid"), algorithm)]
    if len(fit) != 1:
        raise SignOnFailed("The provider does not show the key that its ID token was signed with.")
    key = jwt.PyJWK(fit[0], algorithm=algorithm).key
    if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_RSA:
        return key
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise SignOnFailed("The key of the provider is too weak, or no public key.")


def _fits(key: Mapping[str, Any], kid: Any, algorithm: str) -> bool:
    if key.get("kty") != ALGORITHMS[algorithm] or key.get("use", "sig") != "sig":
        return False
    return key.get("alg", algorithm) == algorithm and (kid is None or key.get("kid") == kid)


def _check(said: Mapping[str, Any], attempt: Attempt) -> None:
    """What the library leaves to us."""
    if not hmac.compare_digest(str(said["nonce"]).encode(), attempt.nonce.encode()):
        raise SignOnFailed("The ID token was made for another attempt.")
    audience, party = said["aud"], said.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several and party is None) or party not in (None, attempt.client_id):
        raise SignOnFailed("The ID token was made for another application.")
    if time.time() - float(said["iat"]) > OLDEST_TOKEN:
        raise SignOnFailed("The ID token is too old.")


def _claims(said: Mapping[str, Any]) -> Claims:
    subject, email, name = said["sub"], said.get("email"), said.get("name")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise SignOnFailed("The ID token names nobody.")
    verified, at = said.get("email_verified"), said.get("auth_time")
    return Claims(
        issuer=said["iss"],
        subject=subject,
        email=email.strip().lower() if isinstance(email, str) else "",
        # Some providers write the word.
        email_verified=None if verified is None else verified is True or verified == "true",
        name=name.strip()[:80] if isinstance(name, str) else "",
        authenticated_at=float(at) if isinstance(at, int | float) else None,
    )


def _is_fresh(claims: Claims) -> None:
    at = claims.authenticated_at
    if at is None or time.time() - at > FRESHLY:
        raise SignOnFailed("The provider did not ask who you are again, or does not say when it did.")


def _fetched(url: str, **given: Any) -> dict[str, Any]:
    try:
        status, answer = fetch_json(url, **given)
    except FetchFailed as error:
        raise SignOnFailed(str(error)) from error
    if status != HTTPStatus.OK:
        said = str(answer.get("error", ""))[:60]
        raise SignOnFailed(f"The provider answered {status}{f' ({said})' if said else ''}.")
    return answer
