"""The portal itself, for tests of what access means: rows in PostgreSQL, and the signer over HTTP.

It has the face of the pretended portal of tests/gateway, so that the same gateways, agents and people use it.
"""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import override_settings
from django.utils import timezone

from enclaves.lifecycle import AccessState
from enclaves.models import (
    AccessRequest,
    Agent,
    Work,
)
from enclaves.provisioning import authorities, worker
from enclaves.services import access
from enclaves.services.certificates import request_certificate
from enclaves.signing.rotation import Purpose
from sandbox.notary import RegionalNotary
from tenants.actors import Actor, Shell, StaffActor
from tenants.policy import StaffRole
from tenants.services.staff import add_staff
from tests.access.estate import REGION, Estate, Given, KnownHost
from tests.gateway.outages import Droppable
from tests.gateway.portal import DOMAIN, SECRET
from tests.gateway.world import eventually

PAGES_SECRET = "the-pages-secret-the-pages-secret-the-pages"
WHY = "Query latency doubled after revision 14."
STAFF = {
    "support": [StaffRole.SUPPORT],
    "other": [StaffRole.SUPPORT],
    "leaver": [StaffRole.SUPPORT],
    "approver": [StaffRole.APPROVER],
}


class RealPortal:
    """Two tenants and the vendor's people; the signer listens on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "identity" / "aws").mkdir(parents=True)
        notary = RegionalNotary()
        for region in (REGION, "eu-west-1"):
            (folder / "identity" / "aws" / f"{region}.pem").write_text(notary.certificate(region))
        self.notary = notary
        self.port = 0
        self._server: _Server | None = None
        self._settings = override_settings(**_SETTINGS, IDENTITY_CERTIFICATES=str(folder / "identity"))
        self._settings.enable()
        self.grants: dict[str, Given] = {}
        self.acme = Estate("acme", "111122223333", ("web-1", "web-2"), notary)
        self.globex = Estate("globex", "444455556666", ("db-1",), notary)
        self.staff = {name: StaffActor.of(_staff(name, roles)) for name, roles in STAFF.items()}
        self.hosts = {one.id: one for estate in (self.acme, self.globex) for one in estate.hosts.values()}

    @property
    def hosts_root(self) -> Any:
        return SimpleNamespace(pem=authorities.roots(Purpose.HOSTS))

    @property
    def gateways_root(self) -> Any:
        return authorities.gateway_authority()

    @property
    def grant_key(self) -> Any:
        return authorities.grant_key()

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.set_app(_Signer())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be away, as in an outage; `start` comes back at the same port."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop()
            self._server = None

    def close(self) -> None:
        self.stop()
        self._settings.disable()

    def ask(self, path: str, secret: str, **body: Any) -> tuple[int, Any]:
        """Ask the signer as whoever has this secret; the status and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.load(answer)

    def heard_of(self) -> int:
        """How many hosts have told that they are there."""
        return Agent.objects.using("system").exclude(seen_at=None).count()

    def work(self) -> None:
        """What a worker does, once."""
        worker.run_due()

    def asked(self, *hosts: KnownHost, by: Actor | StaffActor | None = None, minutes: int = 60) -> Given:
        """Somebody of support asks, or whoever is named."""
        estate, by = hosts[0].estate, by or self.staff["support"]
        rows = [one.row for one in hosts]
        with estate.scope():
            request = access.ask_access(rows, by=by, tenant=estate.tenant, reason=WHY, minutes=minutes)
        return self.of(request, by)

    def of(self, request: AccessRequest, by: Actor | StaffActor) -> Given:
        given = Given(
            self.acme if request.tenant_id == self.acme.tenant.pk else self.globex, request.name, by
        )
        self.grants[request.name] = given
        return given

    def granted(
        self, *hosts: KnownHost, by: Actor | StaffActor | None = None, ends_in: float | None = None
    ) -> Given:
        """An hour on these hosts, or what is left of the shortest grant that there is."""
        minutes = access.USUAL if ends_in is None else access.SHORTEST
        given = self.asked(*hosts, by=by, minutes=minutes)
        self.approve(given, ends_in)
        return given

    def approve(self, given: Given, ends_in: float | None = None, minutes: int | None = None) -> None:
        """Have it decided on the right side, and carried out."""
        estate = given.estate
        is_staff = isinstance(given.by, StaffActor)
        decider = estate.admin if is_staff else self.staff["approver"]
        with estate.scope(), _in_the_past(ends_in):
            access.approve_access(given.now, by=decider, minutes=minutes)
        self.until(given, AccessState.ACTIVE)

    def certificate(self, grant: str, public_key: str) -> str:
        """A person's certificate, as the pages hand it out."""
        given = self.grants[grant]
        with given.estate.scope():
            return request_certificate(given.now, by=given.by, public_key=public_key).certificate

    def until(self, given: Given, state: AccessState) -> AccessRequest:
        """Work until a request is in this state."""
        return self._until(given, lambda row: row.state == state)

    def until_nothing_is_left(self, given: Given) -> AccessRequest:
        """Work until the portal knows that no process of a grant lives."""
        return self._until(given, lambda row: row.nothing_left_at)

    def _until(self, given: Given, claim: Any) -> AccessRequest:
        def holds() -> AccessRequest | None:
            self.hurry()
            self.work()
            row = given.now
            return row if claim(row) else None

        return eventually(holds)

    def hurry(self) -> None:
        """Let the worker look at access now, whenever it wanted to look again."""
        rows = Work.objects.using("system").filter(kind=Work.Kind.ACCESS, due_at__isnull=False)
        rows.update(due_at=timezone.now() - timedelta(seconds=1))


@contextmanager
def _in_the_past(ends_in: float | None) -> Iterator[None]:
    """Decide so long ago that the shortest grant has only this many seconds left."""
    with pytest.MonkeyPatch.context() as patch:
        if ends_in is not None:
            then = timezone.now() - timedelta(minutes=access.SHORTEST) + timedelta(seconds=ends_in)
            patch.setattr(access, "timezone", SimpleNamespace(now=lambda: then))
        yield


class _Server(Droppable, ThreadedWSGIServer):
    """The signer's, which tests make go away."""


class _Signer(WSGIHandler):
    """The signer has addresses of its own; what tests do beside it has those of the portal."""

    def __init__(self) -> None:
        with override_settings(MIDDLEWARE=[]):
            super().__init__()

    def get_response(self, request: Any) -> Any:
        request.urlconf = "portal.signer_urls"
        return super().get_response(request)


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True


def _staff(name: str, roles: list[StaffRole]) -> Any:
    return add_staff(f"{name}@vendor.example", roles, name=name, by=Shell())


_SETTINGS = {
    "SSH_SECRET": "s" * 40,
    "GATEWAY_SECRET": SECRET,
    "SIGNER_SECRET": PAGES_SECRET,
    "TRUST_DOMAIN": DOMAIN,
}
