"""The pretend AWS as the demo uses it: a process of its own, spoken to over HTTP only."""

import http.client
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from portal.runtime.processes import ROOT
from portal.runtime.programs import Program
from portal.runtime.readiness import answers_http


class SandboxRefused(Exception):
    """The sandbox did not do what it was asked for."""


@dataclass(frozen=True)
class SandboxAws:
    """A pretend AWS on a port of the loopback address. It forgets everything when it ends."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def program(self, portal_account: str, accounts: Sequence[str]) -> Program:
        """The sandbox as the supervisor starts it, with these accounts in it."""
        named = [text for account in accounts for text in ("--account", account)]
        where = ("--port", str(self.port), "--portal-account", portal_account)
        return Program(
            "sandbox",
            [sys.executable, "-m", "sandbox.aws", "serve", *where, *named],
            environment={"PYTHONUNBUFFERED": "1"},
            is_ready=answers_http(self.port, "/_sandbox/accounts"),
            folder=ROOT,
        )

    def portal_keys(self) -> dict[str, str]:
        """The keys of the portal's own identity, for the worker."""
        return dict(self.ask("POST", "portal", {}))

    def accounts(self) -> list[dict[str, str]]:
        """Every account with the keys of its root user."""
        return list(self.ask("GET", "accounts"))

    def apply_stack(self, account: str, region: str, name: str, template: str, **parameters: str) -> None:
        """Do what the cloud administrator of an account does with a template."""
        wish = {"account": account, "region": region, "stack_name": name, "template": template}
        self.ask("POST", "stacks", {**wish, "parameters": parameters})

    def ask(self, method: str, noun: str, body: dict[str, Any] | None = None) -> Any:
        """Call one of the sandbox's own pages; raises SandboxRefused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        content = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/_sandbox/{noun}", content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise SandboxRefused(f"{method} {noun}: {answer.status} {text}")
        return json.loads(text)
