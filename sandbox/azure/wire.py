"""Requests and replies, apart from how they travel: by TLS or inside the process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.azure.errors import refused


@dataclass(frozen=True)
class Request:
    """One call; header names are in lower case, names of query parameters too."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def read(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Request":
        path, _, query = target.partition("?")
        asked = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
        told = {name.lower(): value for name, value in headers.items()}
        return cls(method, unquote(path), asked, told, body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace")))

    def json(self) -> dict[str, Any]:
        """The body as an object, empty if there is none; raises ArmError for anything else."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            text = "The request content was invalid and could not be deserialized."
            raise refused("InvalidRequestContent", text)
        return found


@dataclass(frozen=True)
class Reply:
    """One answer; `cut` means that the line breaks before it arrives."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


def reply(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with a body in JSON, or with none."""
    if body is None:
        return Reply(status, headers=dict(headers or {}))
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, json.dumps(body).encode(), {**kind, **(headers or {})})
