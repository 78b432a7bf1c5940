"""What the pretend provider knows and says: its people, its clients, its codes and its key. No HTTP here."""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CODE_LIVES = 60  # seconds
TOKEN_LIVES = 300
KEY_ID = "pretend-1"


class NotAsked(Exception):
    """A request that this provider does not answer; sending the browser back with it would not be safe."""


class Wrong(Exception):
    """A request that is answered with one of the error codes of the standard."""


@dataclass(frozen=True)
class Person:
    """Somebody who has an account at the provider."""

    subject: str
    email: str
    name: str
    email_verified: bool = True


@dataclass(frozen=True)
class Application:
    """A client that was registered here; without a secret it is a public one."""

    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Grant:
    """What a code stands for until it is redeemed, once."""

    application: Application
    person: Person
    nonce: str
    challenge: str
    given_at: float


@dataclass
class Provider:
    """One provider, which forgets everything when it ends."""

    issuer: str
    people: list[Person] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    grants: dict[str, Grant] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def check(self, asked: Mapping[str, str]) -> Application:
        """The application that asks for a sign-in. Raises NotAsked."""
        application = self._application(asked.get("client_id", ""))
        if asked.get("redirect_uri") != application.redirect_uri:
            raise NotAsked("The redirect URI is not the one that was registered.")
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            raise NotAsked("Only response_type=code with the scope openid is spoken here.")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise NotAsked("PKCE with S256 is wanted of everybody here.")
        return application

    def sign_in(self, asked: Mapping[str, str], subject: str) -> str:
        """Where to send the browser of a person who has said who they are. Raises NotAsked."""
        application, code = self.check(asked), secrets.token_urlsafe(24)
        person = next((one for one in self.people if one.subject == subject), None)
        if person is None:
            raise NotAsked("Nobody of this name has an account here.")
        nonce, challenge = asked.get("nonce", ""), asked["code_challenge"]
        with self.lock:
            self.grants[code] = Grant(application, person, nonce, challenge, time.time())
        return self.back(asked, {"code": code})

    def back(self, asked: Mapping[str, str], answer: Mapping[str, str]) -> str:
        """The address that takes an answer back to the application."""
        whole = {**answer, "state": asked.get("state", ""), "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(whole)}"

    def redeem(self, form: Mapping[str, str], authorization: str) -> dict[str, Any]:
        """Change a code for an ID token. Raises Wrong."""
        application = self._authenticated(form, authorization)
        if form.get("grant_type") != "authorization_code":
            raise Wrong("unsupported_grant_type")
        with self.lock:
            grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or grant.application != application or time.time() - grant.given_at > CODE_LIVES:
            raise Wrong("invalid_grant")
        shown = challenge_of(form.get("code_verifier", ""))
        if form.get("redirect_uri") != application.redirect_uri or shown != grant.challenge:
            raise Wrong("invalid_grant")
        token = self.sign(self.claims(grant))
        return {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": token}

    def claims(self, grant: Grant) -> dict[str, Any]:
        """What the ID token says; everybody has just chosen who they are, so nobody's sign-in is old."""
        now, person = int(time.time()), grant.person
        return {
            "iss": self.issuer,
            "sub": person.subject,
            "aud": grant.application.client_id,
            "iat": now,
            "exp": now + TOKEN_LIVES,
            "auth_time": int(grant.given_at),
            "nonce": grant.nonce,
            "email": person.email,
            "email_verified": person.email_verified,
            "name": person.name,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KEY_ID})

    def _application(self, client_id: str) -> Application:
        for application in self.applications:
            if application.client_id == client_id:
                return application
        raise NotAsked("No application of this name is registered here.")

    def _authenticated(self, form: Mapping[str, str], authorization: str) -> Application:
        client_id, secret = _basic(authorization) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        try:
            application = self._application(client_id)
        except NotAsked as error:
            raise Wrong("invalid_client") from error
        if not hmac.compare_digest(application.secret.encode(), secret.encode()):
            raise Wrong("invalid_client")
        return application


def _basic(authorization: str) -> tuple[str, str] | None:
    kind, _, pair = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    client_id, _, secret = base64.b64decode(pair).decode().partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of PKCE."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
