"""How another process, or a test, speaks with a running sandbox."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.aws.credentials import Credentials

PREFIX = "/_sandbox/"


class SandboxError(Exception):
    """The sandbox refused; `events` tells the story of a stack that failed."""

    def __init__(self, message: str, events: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.events = events or []


@dataclass(frozen=True)
class StackView:
    """A stack as the sandbox describes it; `resources` maps logical to physical ids."""

    name: str
    status: str
    outputs: dict[str, Any]
    resources: dict[str, str]
    events: list[dict[str, Any]]

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "StackView":
        resources = {name: item["physical_id"] for name, item in answer["resources"].items()}
        return cls(answer["name"], answer["status"], answer["outputs"], resources, answer["events"])


def control(url: str, method: str, noun: str, body: Mapping[str, Any] | None = None) -> Any:
    """Call one of the sandbox's own pages; raises SandboxError."""
    request = urllib.request.Request(  # noqa: S310 -- the address is the sandbox's own
        url.rstrip("/") + PREFIX + noun,
        method=method,
        data=None if method == "GET" else json.dumps(body or {}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with _opener().open(request) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as refusal:
        answer = json.load(refusal)
        raise SandboxError(answer["error"], answer.get("events")) from refusal


@cache
def _opener() -> urllib.request.OpenerDirector:
    """Asks directly, through no proxy. Made once: it reads all the certificate authorities of the system."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def apply_template(
    url: str,
    credentials: Credentials | str,
    body: str,
    region: str,
    stack_name: str,
    parameters: Mapping[str, str] | None = None,
) -> StackView:
    """Create or update a stack with the root credentials of an account, or by the account's id."""
    wish = {"region": region, "stack_name": stack_name, "template": body, "parameters": parameters or {}}
    return StackView.read(control(url, "POST", "stacks", {**_account(credentials), **wish}))


def delete_stack(url: str, credentials: Credentials | str, region: str, stack_name: str) -> StackView:
    """Remove a stack and what it made."""
    wish = {"region": region, "stack_name": stack_name}
    return StackView.read(control(url, "DELETE", "stacks", {**_account(credentials), **wish}))


def _account(credentials: Credentials | str) -> dict[str, str]:
    if isinstance(credentials, str):
        return {"account": credentials}
    return {"access_key_id": credentials.access_key_id}
