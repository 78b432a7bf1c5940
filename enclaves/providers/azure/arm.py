"""Speaking to Azure Resource Manager and Entra: each request, its bounds, its errors. The SDK is here."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline import PipelineResponse, policies
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import ClientAssertionCredential
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.resource.resources import ResourceManagementClient

from enclaves.providers.azure import errors
from enclaves.providers.azure.config import AzureConfig
from enclaves.providers.azure.versions import VERSIONS
from enclaves.providers.base import ProviderError, Trouble

type Transport = HttpTransport[Any, Any]

SCOPE = "https://management.azure.com/.default"  # whatever the address that a sandbox answers at
EXCHANGE = "the token exchange"

# A worker holds a lease while it waits, so each call ends long before the lease does.
CONNECT_SECONDS, READ_SECONDS = 5, 30
LONGEST_WAIT = 10.0
RETRIES = 2

NOT_FOUND = 404
REDIRECT, BAD_REQUEST = 300, 400
# Said of a missing subscription, which is never merely a thing that is not there.
NO_SUBSCRIPTION = "SubscriptionNotFound"

# The SDK writes what it presented to Entra into its warnings about refusals.
logging.getLogger("azure").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Answer:
    """What Azure said; ``operation`` is where it will say more, and ``retry_after`` when to ask there."""

    body: Mapping[str, Any]
    operation: str = ""
    retry_after: float | None = None


class Arm:
    """Azure Resource Manager as one identity sees it. Raises only ProviderError."""

    def __init__(self, client: ResourceManagementClient, config: AzureConfig, subscription: str) -> None:
        self._client = client
        self._arm_url = config.arm_url
        self._subscription = subscription

    def read(self, kind: str, path: str) -> Mapping[str, Any]:
        return self._send("read", kind, "GET", _versioned(kind, path)).body

    def find(self, kind: str, path: str) -> Mapping[str, Any] | None:
        """Read a thing, or return None if there is none."""
        try:
            return self.read(kind, path)
        except Absent:
            return None

    def listed(self, kind: str, path: str, **query: str) -> list[Mapping[str, Any]]:
        """Read a list to its last page."""
        found: list[Mapping[str, Any]] = []
        url = _versioned(kind, path, query)
        while url:
            page = self._send("read", kind, "GET", url).body
            found += page.get("value", [])
            url = self._checked(page.get("nextLink") or "", f"{kind}/read")
        return found

    def create(self, kind: str, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask for a thing to be made, without waiting for it. One that is there already is not touched."""
        return self._send("write", kind, "PUT", _versioned(kind, path), body, {"If-None-Match": "*"})

    def delete(self, kind: str, path: str) -> None:
        """Ask for a thing to be deleted, without waiting for it; none is no error."""
        try:
            self._send("delete", kind, "DELETE", _versioned(kind, path))
        except Absent:
            return

    def ask(self, operation: str, kind: str) -> Answer:
        """Ask how an operation goes, at the address that Azure gave for it."""
        return self._send("write", kind, "GET", self._checked(operation, f"{kind}/write"))

    def _send(
        self,
        verb: str,
        kind: str,
        method: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        action = f"{kind}/{verb}"
        request = HttpRequest(method, url, json=body, headers={**(headers or {})})
        with _translated(action):
            response = self._client.send_request(request)
            content = response.text()
        return _answer(action, response, content)

    def _checked(self, url: str, action: str) -> str:
        """Return an address that an answer named. Raises ProviderError if our token must not go there."""
        if not url:
            return ""
        named, ours = urlsplit(url), urlsplit(self._arm_url)
        below = f"{ours.path.rstrip('/')}/subscriptions/{self._subscription}/".lower()
        same_place = (named.scheme, named.netloc.lower()) == (ours.scheme, ours.netloc.lower())
        if not same_place or not named.path.lower().startswith(below) or ".." in named.path:
            raise errors.made(action, Trouble.INVALID, "ForeignAddress", f"It leads to {named.netloc}.")
        return url


class Absent(ProviderError):
    """What was asked for is not there."""


class _Retry(policies.RetryPolicy[Any, Any]):
    """Wait as Azure asks, but not for long: then the caller is told, and comes back by itself."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        wanted = self.get_retry_after(response) or 0
        return wanted <= LONGEST_WAIT and super().is_retry(settings, response)


def transport(config: AzureConfig) -> Transport:
    """Make what carries all requests of one piece of work, so that they share its connections."""
    return config.transport or RequestsTransport(
        connection_verify=config.ca_file or True,
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )


def credential(
    config: AzureConfig, directory: str, client_id: str, sign: Callable[[], str], carrier: Transport
) -> ClientAssertionCredential:
    return ClientAssertionCredential(
        directory,
        client_id,
        sign,
        authority=config.authority_url,
        transport=carrier,
        policies=[policies.UserAgentPolicy(), _retry()],
    )


def exchange(credential: ClientAssertionCredential) -> None:
    """Get a token, or raise ProviderError; the token stays inside the credential."""
    with _translated(EXCHANGE):
        credential.get_token(SCOPE)


def connect(
    credential: ClientAssertionCredential, config: AzureConfig, subscription: str, carrier: Transport
) -> Arm:
    # Our own list leaves out three of the SDK's: one registers providers and sleeps meanwhile, one follows
    # redirects with the token, one logs.
    steps = [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy(),
        _retry(),
        ARMChallengeAuthenticationPolicy(credential, SCOPE),
    ]
    client = ResourceManagementClient(
        credential, subscription, base_url=config.arm_url, transport=carrier, policies=steps
    )
    return Arm(client, config, subscription)


def _retry() -> _Retry:
    return _Retry(retry_total=RETRIES, retry_status=RETRIES, retry_read=1, retry_backoff_max=4)


def _versioned(kind: str, path: str, query: Mapping[str, str] | None = None) -> str:
    return f"{path}?{urlencode({'api-version': VERSIONS[kind], **(query or {})})}"


def _answer(action: str, response: HttpResponse, content: str) -> Answer:
    retry_after = _seconds(response.headers.get("Retry-After"))
    body = _parsed(response, content, action)
    if response.status_code >= REDIRECT:
        error = errors.from_answer(action, response.status_code, body, retry_after)
        if response.status_code == NOT_FOUND and error.code != NO_SUBSCRIPTION:
            raise Absent(str(error), trouble=error.trouble, code=error.code, action=action)
        raise error
    operation = response.headers.get("Azure-AsyncOperation") or response.headers.get("Location") or ""
    return Answer(body, operation, retry_after)


def _parsed(response: HttpResponse, content: str, action: str) -> Mapping[str, Any]:
    try:
        body = response.json() if content else {}
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    if response.status_code >= REDIRECT:
        return {}
    raise errors.made(action, Trouble.UNAVAILABLE, "NoJson", "The answer is not JSON.")


def _seconds(header: str | None) -> float | None:
    return float(header) if header and re.fullmatch(r"\d+(\.\d+)?", header) else None


@contextmanager
def _translated(action: str) -> Iterator[None]:
    """Raise ProviderError for whatever the SDK raises inside.

    Its own errors hold the request, and that holds what was presented: they end here.
    """
    try:
        yield
    except ClientAuthenticationError as error:
        raise _of_exchange(error) from None
    except HttpResponseError as error:
        raise errors.made(action, Trouble.UNAVAILABLE, type(error).__name__, error.message) from None
    except AzureError as error:
        raise errors.made(action, Trouble.UNAVAILABLE, type(error).__name__, error.message) from None


def _of_exchange(error: ClientAuthenticationError) -> ProviderError:
    # Entra's numbers may change, so they are shown and never decide: its HTTP status does.
    status = error.status_code or 0
    code = re.search(r"AADSTS\d+", error.message)
    answer = cast("HttpResponse | None", error.response)
    retry_after = _seconds(answer.headers.get("Retry-After")) if answer is not None else None
    if status == 429:  # noqa: PLR2004 -- the one status that means "slow down"
        trouble = Trouble.THROTTLED
    else:
        trouble = Trouble.REFUSED if BAD_REQUEST <= status < 500 else Trouble.UNAVAILABLE  # noqa: PLR2004
    told = code[0] if code else f"HTTP {status}"
    return errors.made(EXCHANGE, trouble, told, error.message, retry_after)
