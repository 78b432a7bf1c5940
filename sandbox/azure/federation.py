"""Whether an assertion of another issuer stands for a managed identity: its keys are really fetched."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

import jwt
from jwt.types import Options

from sandbox.azure.principals import Principal
from sandbox.azure.refusals import EntraError, invalid_client
from sandbox.azure.world import World

CREDENTIALS = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECONDS = 5
KEYS_KEPT = 100
LEEWAY = 300
# The number of the refusal, the assertion's claim, and the credential's word for it.
CLAIMS = ((700211, "iss", "issuer"), (700212, "aud", "audience"), (700213, "sub", "subject"))

NONSENSE = (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError)

type Fetch = Callable[[str], Any]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An issuer's documents are where it says; a redirect could lead away from TLS."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Federation:
    """Checks assertions against the federated credentials of an identity."""

    def __init__(self, world: World, fetch: Fetch | None = None) -> None:
        self._world = world
        self._context = ssl.create_default_context()
        self.fetch: Fetch = fetch or self._fetch

    def trust(self, ca_file: str) -> None:
        """Believe issuers whose certificates this authority signed, too."""
        self._context.load_verify_locations(ca_file)

    def check(self, principal: Principal, form: Mapping[str, str]) -> None:
        """Raises EntraError unless the assertion speaks for the identity."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise invalid_client(50027, "JWT token is invalid or malformed.")
        assertion = form["client_assertion"]
        header, claims = _unverified(assertion)
        self._match(principal, claims)
        if header.get("alg") != "RS256":
            raise invalid_client(5002738, "The assertion must be signed with RS256.")
        _verify(assertion, self._key(claims["iss"], header.get("kid")), claims["aud"])

    def _match(self, principal: Principal, claims: Mapping[str, Any]) -> None:
        """The issuer, the audience and the subject are those of one credential, to the letter."""
        with self._world.lock:
            known = [item["properties"] for item in self._world.under(principal.resource, CREDENTIALS)]
        if not known:
            text = (
                f"The client '{principal.client_id}'({principal.name}) has no configured federated identity"
            )
            raise invalid_client(70025, f"{text} credentials.")
        for code, claim, name in CLAIMS:
            value = claims.get(claim)
            known = [item for item in known if value == _single(item.get(name) or item.get(f"{name}s"))]
            if not known:
                text = (
                    f"No matching federated identity record found for presented assertion {name} '{value}'."
                )
                raise invalid_client(code, text)

    def _key(self, issuer: str, key_id: str | None) -> jwt.PyJWK:
        """The issuer's key, fetched each time: an issuer that is down, or drops a key, is noticed at once."""
        try:
            document = self.fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
            if document["issuer"] != issuer:
                raise _unreachable("the issuer names another one in its configuration")
            keys = self.fetch(document["jwks_uri"])["keys"][:KEYS_KEPT]
            found = next((key for key in keys if key.get("kid") == key_id), None)
            if found is None:
                raise invalid_client(7000272, f"The key '{key_id}' was not found at the external issuer.")
            return jwt.PyJWK(found, "RS256")
        except (OSError, HTTPException, *NONSENSE) as error:
            raise _unreachable(type(error).__name__) from error

    def _fetch(self, url: str) -> Any:
        if not url.startswith("https://"):
            raise ValueError(f"{url} is not https.")
        secure = urllib.request.HTTPSHandler(context=self._context)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), secure, _NoRedirects)
        with opener.open(url, timeout=SECONDS) as answer:
            return json.load(answer)


def _single(value: object) -> object:
    """The value of a list with one, and of what is no list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _unverified(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        read = jwt.decode_complete(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise invalid_client(50027, "JWT token is invalid or malformed.") from error
    return read["header"], read["payload"]


def _verify(assertion: str, key: jwt.PyJWK, audience: str) -> None:
    demanded: Options = {"require": ["exp", "iss", "sub", "aud"]}
    try:
        jwt.decode(assertion, key, ["RS256"], audience=audience, options=demanded, leeway=LEEWAY)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise invalid_client(700024, "Client assertion is not within its valid time range.") from error
    except jwt.PyJWTError as error:
        raise invalid_client(700027, f"Client assertion failed signature validation. {error}") from error


def _unreachable(reason: str) -> EntraError:
    return invalid_client(50166, f"Request to External OIDC endpoint failed: {reason}.")
