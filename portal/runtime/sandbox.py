"""The pretend clouds as the demo uses them: each a process of its own, spoken to over HTTP only."""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from portal.runtime.certificates import ServerFiles
from portal.runtime.identity import Login
from portal.runtime.processes import ROOT
from portal.runtime.programs import Program
from portal.runtime.readiness import answers_http, local_connection


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
            "aws",
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
        return _ask(local_connection(self.port, seconds=60), method, noun, body)


@dataclass(frozen=True)
class SandboxAzure:
    """A pretend Azure and its Entra, over TLS on a loopback port. It forgets everything when it ends, too."""

    port: int
    ca_file: Path  # of the authority that certified it
    metadata_port: int = 0  # where it tells machines about themselves, without TLS

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def metadata_url(self) -> str:
        return f"http://127.0.0.1:{self.metadata_port}"

    def program(self, subscriptions: Mapping[str, str], files: ServerFiles) -> Program:
        """The sandbox as the supervisor starts it, with these subscriptions and their directories."""
        named = [
            text
            for one, directory in subscriptions.items()
            for text in ("--subscription", f"{one}:{directory}")
        ]
        shown = ("--certificate", str(files.certificate), "--key", str(files.key))
        # Its Entra fetches the portal's keys, from a server that the same authority certified.
        trusted = ("--ca", str(self.ca_file), "--trust", str(self.ca_file))
        where = ("--port", str(self.port), "--metadata-port", str(self.metadata_port), "--pace", "0")
        return Program(
            "azure",
            [sys.executable, "-m", "sandbox.azure", "serve", *where, *shown, *trusted, *named],
            environment={"PYTHONUNBUFFERED": "1"},
            is_ready=answers_http(self.port, "/_sandbox/subscriptions", ca_file=self.ca_file),
            folder=ROOT,
        )

    def set_pace(self, pace: float) -> None:
        """Say how long things take: 1 as long as in Azure, 0 no time."""
        self.ask("POST", "behaviour", {"pace": pace})

    def subscriptions(self) -> list[dict[str, str]]:
        """Every subscription with its directory and the credentials of its owner."""
        return list(self.ask("GET", "subscriptions"))

    def deploy(self, subscription: str, location: str, name: str, template: str) -> dict[str, str]:
        """Do what the owner of a subscription does with a template; return its outputs.

        Raises SandboxRefused.
        """
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.json"
            file.write_text(template)
            where = ("--subscription", subscription, "--location", location)
            how = ("--arm-url", self.url, "--ca", str(self.ca_file))
            command = [sys.executable, "-m", "sandbox.azure", "apply", str(file), *where, *how]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
        if done.returncode:
            raise SandboxRefused(f"{name} was not applied: {done.stderr}")
        return dict(re.findall(r"^  (\w+) = (.*)$", done.stdout, re.MULTILINE))

    def ask(self, method: str, noun: str, body: dict[str, Any] | None = None) -> Any:
        """Call one of the sandbox's own pages; raises SandboxRefused."""
        return _ask(local_connection(self.port, ca_file=self.ca_file, seconds=120), method, noun, body)


@dataclass(frozen=True)
class SandboxHosts:
    """The machines of the pretend clouds, played on this one by the portal's agent; they forget nothing."""

    state: Path
    certificates: Path  # a folder for what the clouds sign with, where the portal looks for it
    login: Login

    def environment(self) -> dict[str, str | None]:
        """What the portal must know: as whom people get in, and whom to believe about machines."""
        return {
            "PORTAL_HOST_LOGIN": self.login.name,
            "PORTAL_IDENTITY_CERTIFICATES": str(self.certificates),
        }

    def program(self, aws: SandboxAws, azure: SandboxAzure) -> Program:
        """The machines as the supervisor starts them; they come and go with those of the clouds."""
        clouds = ("--aws", aws.url, "--azure", azure.url, "--azure-ca", str(azure.ca_file))
        machines = ("--azure-metadata", azure.metadata_url)
        files = ("--state", str(self.state), "--certificates", str(self.certificates))
        sshd = ("--sshd", self.login.sshd) if self.login.sshd else ()
        return Program(
            "hosts",
            [sys.executable, "-m", "sandbox.hosts", *clouds, *machines, *files, *sshd],
            environment={"PYTHONUNBUFFERED": "1"},
            folder=ROOT,
        )


@dataclass(frozen=True)
class SandboxIdp:
    """A pretend identity provider on a loopback port; whoever opens its page chooses who they are."""

    port: int
    client_id: ClassVar[str] = "enclave-portal"

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def program(self, redirect_uri: str, people: Mapping[str, str]) -> Program:
        """The provider as the supervisor starts it; people are names by e-mail address."""
        known = [text for email, name in people.items() for text in ("--person", f"{email}:{name}")]
        where = ("--port", str(self.port), "--client-id", self.client_id, "--redirect-uri", redirect_uri)
        return Program(
            "idp",
            [sys.executable, "-m", "sandbox.idp", "serve", *where, *known],
            environment={"PYTHONUNBUFFERED": "1"},
            is_ready=answers_http(self.port, "/.well-known/openid-configuration"),
            folder=ROOT,
        )

    def sign_in(self, page: str, email: str) -> str:
        """Do what a person does on its page; return where it sends the browser. Raises SandboxRefused."""
        person = {"subject": f"person-{email.partition('@')[0]}"}
        form = urlencode({**dict(parse_qsl(urlsplit(page).query)), **person})
        connection = local_connection(self.port, seconds=10)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", "/authorize", form, kind)
            place = connection.getresponse().headers["Location"]
        finally:
            connection.close()
        if place is None:
            raise SandboxRefused(f"The pretend identity provider does not let {email} in.")
        return place


def _ask(connection: http.client.HTTPConnection, method: str, noun: str, body: dict[str, Any] | None) -> Any:
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
