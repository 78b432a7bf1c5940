"""Entra: tokens for Resource Manager, in exchange for an issuer's assertion or an owner's secret."""

import json
import re
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from sandbox.azure.errors import ArmError
from sandbox.azure.federation import Federation
from sandbox.azure.ids import ResourceId
from sandbox.azure.principals import Principal
from sandbox.azure.refusals import EntraError, invalid_client
from sandbox.azure.wire import Reply, Request, reply
from sandbox.azure.world import World

PATHS = re.compile(
    r"/([^/]+)/(oauth2/v2\.0/token|discovery/v2\.0/keys|v2\.0/\.well-known/openid-configuration)"
)
AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
LIFETIME = 3599
THROTTLED = 429


class Entra:
    """All directories of the sandbox. Tokens live by real time: the SDK's cache of them does too."""

    def __init__(self, world: World, federation: Federation) -> None:
        self._world = world
        self._federation = federation
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._key_id = uuid.uuid4().hex
        self._known: dict[str, dict[str, Any]] = {}

    def answers(self, path: str) -> bool:
        return PATHS.fullmatch(path) is not None

    def answer(self, request: Request) -> Reply:
        """One of Entra's own pages."""
        matched = PATHS.fullmatch(request.path)
        assert matched  # noqa: S101 -- `answers` said so
        directory, page = matched.groups()
        try:
            self._need_directory(directory)
            if page.endswith("keys"):
                return reply(200, self._keys())
            if page.endswith("configuration"):
                return reply(200, self._discovery(directory))
            return self._token(directory, request.form())
        except EntraError as error:
            return reply(error.status, error.body(), error.headers)

    def issue(self, principal: Principal, audience: str = AUDIENCES[0], lifetime: int = LIFETIME) -> str:
        """A signed token of a principal."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"{self._world.base_url}/{principal.directory}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": principal.client_id,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": principal.directory,
            "idtyp": "app",
            "ver": "1.0",
        }
        return jwt.encode(claims, self._key, "RS256", headers={"kid": self._key_id})

    def caller(self, authorization: str) -> Principal:
        """Who presents a token to Resource Manager; raises the ArmError with status 401."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or not token:
            text = "Authentication failed. The 'Authorization' header is missing."
            raise self._unauthenticated("AuthenticationFailed", text)
        claims = self._claims(token)
        if claims["aud"].rstrip("/") not in AUDIENCES:
            text = f"The access token has been obtained for wrong audience or resource '{claims['aud']}'."
            raise self._unauthenticated("InvalidAuthenticationTokenAudience", text)
        known = self._world.principals.get(claims["oid"])
        name, resource = (known.name, known.resource) if known else ("", "")
        return Principal(claims["oid"], claims["appid"], claims["tid"], name, resource)

    def _claims(self, token: str) -> dict[str, Any]:
        claims = self._known.get(token) or self._verified(token)
        if claims["exp"] < time.time():
            text = "The access token expiry UTC time is earlier than current UTC time."
            raise self._unauthenticated("ExpiredAuthenticationToken", text)
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        unasked: Options = {"verify_aud": False, "verify_exp": False}
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key.public_key(), ["RS256"], options=unasked)
        except jwt.PyJWTError as error:
            text = "The access token is invalid."
            raise self._unauthenticated("InvalidAuthenticationToken", text) from error
        self._known[token] = claims
        return claims

    def _unauthenticated(self, code: str, text: str) -> ArmError:
        where = f'Bearer authorization_uri="{self._world.base_url}/common", error="invalid_token"'
        return ArmError(401, code, text, headers={"WWW-Authenticate": where})

    def _need_directory(self, directory: str) -> None:
        if all(one.directory != directory for one in list(self._world.subscriptions.values())):
            text = f"Tenant '{directory}' not found. Check to make sure you have the correct tenant ID."
            raise EntraError(400, "invalid_request", 90002, text)

    def _token(self, directory: str, form: Mapping[str, str]) -> Reply:
        client_id = form.get("client_id", "")
        principal = self._world.principals.of_client(directory, client_id)
        if principal is None:
            text = f"Application with identifier '{client_id}' was not found in the directory '{directory}'."
            raise EntraError(400, "unauthorized_client", 700016, text)
        cut = self._suffer(principal)
        try:
            answer = self._granted(principal, form)
        except EntraError as error:
            self._record(principal, f"AADSTS{error.code}")
            raise
        self._record(principal, "ok")
        return Reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, cut)

    def _granted(self, principal: Principal, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("grant_type") != "client_credentials":
            text = "The app requested an unsupported grant type."
            raise EntraError(400, "unsupported_grant_type", 70003, text)
        audience, default, rest = form.get("scope", "").partition("/.default")
        if not default or rest:
            text = f"The provided value for scope {form.get('scope')} is not valid."
            raise EntraError(400, "invalid_scope", 1002012, text)
        if "client_assertion" in form:
            self._federation.check(principal, form)
        elif not principal.secret or not _same(form.get("client_secret", ""), principal.secret):
            raise invalid_client(7000215, "Invalid client secret provided.")
        token = self.issue(principal, audience)
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": token,
        }

    def _suffer(self, principal: Principal) -> bool:
        """Let a waiting fault strike; True if the line is to be cut."""
        fault = self._world.faults.take(_subscription(principal), "token")
        if fault is None:
            return False
        time.sleep(fault.delay)
        if told := fault.as_error():
            number = int(re.sub(r"\D", "", told.code) or 0)
            status = told.status if told.status >= THROTTLED else 401
            self._record(principal, told.code)
            raise EntraError(status, "invalid_client", number, told.message, told.headers)
        return fault.cut

    def _record(self, principal: Principal, outcome: str) -> None:
        self._world.record.add(
            subscription=_subscription(principal),
            principal=principal.object_id,
            role=principal.role,
            action="token",
            resource=principal.resource,
            outcome=outcome,
        )

    def _keys(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._key_id, "use": "sig"}]}

    def _discovery(self, directory: str) -> dict[str, Any]:
        base = f"{self._world.base_url}/{directory}"
        return {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
        }


def _subscription(principal: Principal) -> str:
    """Where a managed identity lives; an owner's tokens belong to no subscription."""
    return ResourceId.parse(principal.resource).subscription if principal.resource else ""


def _same(given: str, kept: str) -> bool:
    return secrets.compare_digest(given.encode(), kept.encode())
