"""The portal's own processes: web, worker, beat, signer, and the migrations before them."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.runtime.certificates import ServerFiles
from portal.runtime.programs import Program, at_once
from portal.runtime.readiness import answers_http

ROOT = Path(__file__).resolve().parents[2]
_OPEN_STREAMS = "4096"  # granian's default would silently cap them at a thousand
_QUEUES = "person,rest"
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class PortalProcesses:
    """How to start the portal. Only the worker ever gets the credentials of a cloud.

    ``keys`` open what signs for people and hosts; only worker and signer get them.
    """

    port: int
    state: Path
    environment: Mapping[str, str | None]
    credentials: Mapping[str, str | None] = field(default_factory=dict)
    keys: Mapping[str, str | None] = field(default_factory=dict)

    def command(self, *arguments: str, as_owner: bool = False, signs: bool = False) -> Program:
        """A command of manage.py, to be run to its end."""
        role = {"PORTAL_DATABASE_ROLE": "owner" if as_owner else None}
        keys = self.keys if signs else {}
        return self._python(arguments[0], "manage.py", *arguments, environment={**role, **keys})

    def web(self) -> Program:
        how = ("--backlog", _OPEN_STREAMS, "--backpressure", _OPEN_STREAMS)
        return self._granian("web", self.port, *how, is_ready=answers_http(self.port, "/readyz"))

    def issuer(self, port: int, files: ServerFiles, ca_file: Path) -> Program:
        """The same application once more, over TLS: Entra asks nobody else for the keys of an issuer."""
        shown = ("--ssl-certificate", str(files.certificate), "--ssl-keyfile", str(files.key))
        is_ready = answers_http(port, _DISCOVERY, ca_file=ca_file)
        return self._granian(
            "issuer", port, *shown, is_ready=is_ready, environment={"PORTAL_WEB_THREADS": "2"}
        )

    def signer(self, port: int, secrets: Mapping[str, str | None]) -> Program:
        """What signs, for gateways and for our own pages; the secrets are those that they show."""
        environment = {**self.keys, **secrets, "PORTAL_PROCESS": "signer", "PORTAL_WEB_THREADS": "4"}
        is_ready = answers_http(port, "/healthz")
        return self._granian("signer", port, is_ready=is_ready, environment=environment)

    def _granian(
        self,
        name: str,
        port: int,
        *options: str,
        is_ready: Callable[[], bool],
        environment: Mapping[str, str | None] = {},
    ) -> Program:
        where = ("--interface", "asgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port))
        # An open stream would otherwise hold up the end for as long as its page is open.
        end = ("--workers-kill-timeout", "3", "--respawn-failed-workers")
        arguments = ("-m", "granian", *where, *options, *end, "portal.asgi:application")
        return self._python(name, *arguments, environment=environment, is_ready=is_ready)

    def worker(self) -> Program:
        return self._celery(
            "worker", "--queues", _QUEUES, "--concurrency", "2", "--without-gossip", "--without-mingle",
            environment={**self.credentials, **self.keys},
        )  # fmt: skip

    def beat(self) -> Program:
        return self._celery("beat", "--schedule", str(self.state / "beat"), "--pidfile=")

    def _celery(self, kind: str, *arguments: str, environment: Mapping[str, str | None] = {}) -> Program:
        # Being root is nothing to warn of here: what runs is ours alone, and ends with the terminal.
        python = ("-W", "ignore:You're running the worker with superuser", "-m", "celery")
        how = ("-A", "portal", "--quiet", "--skip-checks", kind, "--loglevel", "INFO", *arguments)
        return self._python(kind, *python, *how, environment=environment)

    def _python(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str | None] = {},
        is_ready: Callable[[], bool] = at_once,
    ) -> Program:
        return Program(
            name,
            [sys.executable, *arguments],
            environment={"PYTHONUNBUFFERED": "1", **self.environment, **environment},
            is_ready=is_ready,
            folder=ROOT,
        )
