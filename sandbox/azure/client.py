"""How another process, or a test, speaks with a running sandbox: by HTTP, as the az CLI does."""

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

type Json = Any

PREFIX = "/_sandbox/"
DEPLOYMENTS_VERSION = "2025-04-01"
ASSIGNMENTS = "microsoft.authorization/roleassignments"
DEFINITIONS = "microsoft.authorization/roledefinitions"
ROLES_VERSION = "2022-04-01"
PAUSE_SECONDS = 0.2


class SandboxError(Exception):
    """The sandbox refused; `code` and `details` are as Azure tells them."""

    def __init__(self, message: str, code: str = "", details: list[dict[str, Json]] | None = None) -> None:
        super().__init__(message)
        self.code, self.details = code, details or []


class Owner(Protocol):
    """Who may do everything in a subscription."""

    @property
    def subscription_id(self) -> str: ...
    @property
    def directory_id(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def client_secret(self) -> str: ...


@dataclass(frozen=True)
class Login:
    """An owner as the sandbox's control page tells of it."""

    subscription_id: str
    directory_id: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Applied:
    """A template that was carried out."""

    name: str
    state: str
    outputs: dict[str, Json]
    operations: list[dict[str, Json]]


@dataclass(frozen=True)
class Reply:
    headers: Mapping[str, str]
    body: Json


def control(
    arm_url: str, ca_file: str, method: str, noun: str, body: Mapping[str, Json] | None = None
) -> Json:
    """Call one of the sandbox's own pages; raises SandboxError."""
    wish = None if method == "GET" else json.dumps(body or {}).encode()
    url = arm_url.rstrip("/") + PREFIX + noun
    return _send(ca_file, method, url, wish, {"Content-Type": "application/json"}).body


def owner_of(arm_url: str, ca_file: str, subscription_id: str) -> Login:
    """The credentials that the sandbox made up for a subscription's owner; raises SandboxError."""
    for one in control(arm_url, ca_file, "GET", "subscriptions"):
        if one["subscription_id"].lower() == subscription_id.lower():
            return Login(one["subscription_id"], one["directory_id"], one["client_id"], one["client_secret"])
    raise SandboxError(f"The sandbox has no subscription {subscription_id}.")


def apply_template(
    arm_url: str,
    authority_url: str,
    ca_file: str,
    owner: Owner,
    location: str,
    template: str,
    name: str,
    parameters: Mapping[str, Json] | None = None,
) -> Applied:
    """Deploy a template at a subscription's scope and wait; raises SandboxError if it fails."""
    session = _Session(arm_url, authority_url, ca_file, owner)
    wish = {
        "location": location,
        "properties": {
            "mode": "Incremental",
            "template": _read(template),
            "parameters": {key: {"value": value} for key, value in (parameters or {}).items()},
        },
    }
    session.finish(session.call("PUT", _deployment(owner, name), wish))
    return session.applied(name)


def _read(template: str) -> Json:
    try:
        return json.loads(template)
    except ValueError as error:
        raise SandboxError(f"The template is no JSON: {error}") from error


def delete_deployment(arm_url: str, authority_url: str, ca_file: str, owner: Owner, name: str) -> list[str]:
    """Remove what a deployment made, and its record; the ids of what was removed."""
    session = _Session(arm_url, authority_url, ca_file, owner)
    made = session.call("GET", _deployment(owner, name)).body["properties"].get("outputResources", [])
    gone = list(_outermost([item["id"] for item in made]))
    for id in gone:
        version = ROLES_VERSION if "/providers/" in id else DEPLOYMENTS_VERSION
        session.finish(session.call("DELETE", id, version=version))
    session.finish(session.call("DELETE", _deployment(owner, name)))
    return gone


def _deployment(owner: Owner, name: str) -> str:
    return f"/subscriptions/{owner.subscription_id}/providers/Microsoft.Resources/deployments/{name}"


def _outermost(ids: list[str]) -> Iterator[str]:
    """What has to be deleted by itself, in an order that Azure allows; a group takes along what it holds."""
    groups = [id for id in ids if "/providers/" not in id]
    inside = tuple(id.lower() + "/" for id in groups)
    others = [id for id in ids if id not in groups and not id.lower().startswith(inside)]
    yield from (id for id in reversed(others) if _kind(id) == ASSIGNMENTS)
    yield from reversed(groups)
    # A role is held by its assignments, those inside the groups as well.
    yield from (id for id in reversed(others) if _kind(id) == DEFINITIONS)


def _kind(id: str) -> str:
    namespace, word = id.lower().rsplit("/providers/", 1)[-1].split("/")[:2]
    return f"{namespace}/{word}"


class _Session:
    """One owner's calls, with the token that they need."""

    def __init__(self, arm_url: str, authority_url: str, ca_file: str, owner: Owner) -> None:
        self._arm_url, self._ca_file, self._owner = arm_url.rstrip("/"), ca_file, owner
        self._token = self._fetch_token(authority_url.rstrip("/"))

    def call(self, method: str, path: str, body: Json = None, version: str = DEPLOYMENTS_VERSION) -> Reply:
        return self._call(method, f"{self._arm_url}{path}?api-version={version}", body)

    def finish(self, reply: Reply) -> None:
        """Wait for what a call started; raises SandboxError if it failed."""
        url = reply.headers.get("Azure-AsyncOperation")
        while url:
            standing = self._call("GET", url).body
            if standing["status"] in ("Failed", "Canceled"):
                raise _refusal(standing)
            if standing["status"] == "Succeeded":
                return
            time.sleep(PAUSE_SECONDS)

    def applied(self, name: str) -> Applied:
        path = _deployment(self._owner, name)
        properties = self.call("GET", path).body["properties"]
        outputs = {key: item.get("value") for key, item in properties.get("outputs", {}).items()}
        operations = [item["properties"] for item in self.call("GET", f"{path}/operations").body["value"]]
        return Applied(name, properties["provisioningState"], outputs, operations)

    def _call(self, method: str, url: str, body: Json = None) -> Reply:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return _send(self._ca_file, method, url, None if body is None else json.dumps(body).encode(), headers)

    def _fetch_token(self, authority_url: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._owner.client_id,
            "client_secret": self._owner.client_secret,
            "scope": "https://management.azure.com/.default",
        }
        url = f"{authority_url}/{self._owner.directory_id}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = _send(self._ca_file, "POST", url, urllib.parse.urlencode(form).encode(), headers)
        return str(reply.body["access_token"])


def _send(ca_file: str, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    request = urllib.request.Request(url, method=method, data=body, headers=dict(headers))  # noqa: S310 -- the address is the sandbox's own
    trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting)
    try:
        with opener.open(request) as reply:
            text = reply.read()
            return Reply(dict(reply.headers.items()), json.loads(text) if text else None)
    except urllib.error.HTTPError as refusal:
        raise _refusal(json.load(refusal)) from refusal
    except urllib.error.URLError as error:
        raise SandboxError(f"The sandbox does not answer at {url}: {error.reason}") from error


def _refusal(answer: Json) -> SandboxError:
    error = answer.get("error", "")
    if isinstance(error, dict):
        return SandboxError(error["message"], error["code"], error.get("details"))
    return SandboxError(answer.get("error_description", error), error)
