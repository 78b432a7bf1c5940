"""What a tenant may see of access to its hosts: who asked, who is in, and what was recorded."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, Q, QuerySet

from enclaves.lifecycle import GRANTED, AccessState
from enclaves.models import AccessHost, AccessRequest, AccessSession, Host
from enclaves.services.access import MOST_HOSTS, OPEN_HOSTS
from tenants.models import Tenant
from tenants.scope import tenant_scope

STANDING: Final = (AccessState.REQUESTED, *GRANTED, AccessState.REVOCATION_FAILED)
_MOST_SHOWN: Final = 200
_MOST_OF_HOST: Final = 8
ASCIICAST: Final = "application/x-asciicast"  # the media type of a recording
MOST_READ: Final = 2_000_000  # characters of a recording that are read at once
# What a terminal would do rather than show (ECMA-48): colours, cursor, titles.
_CONTROLS: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b-\x1f\x7f]"
)


@dataclass(frozen=True)
class Gateway:
    """How people call the gateway: the part after the @, and its port if it is not 22."""

    host: str
    port: str

    @property
    def options(self) -> str:
        return f" -p {self.port}" if self.port not in ("", "22") else ""


def gateway() -> Gateway | None:
    host, _, port = settings.GATEWAY_SSH.rpartition(":")
    return Gateway(host, port) if host else None


def requests(tenant: Tenant) -> QuerySet[AccessRequest]:
    """The requests in a tenant, with their hosts and how many sessions came of them."""
    return every_request().filter(tenant=tenant)


def every_request(using: str = "default") -> QuerySet[AccessRequest]:
    """The same of all tenants that this connection shows."""
    places = AccessHost.objects.select_related("host").order_by("host__name")
    rows = AccessRequest.objects.using(using).select_related("tenant", "enclave__account", "extends")
    counted = rows.annotate(
        session_count=Count("sessions"),
        session_open=Count("sessions", filter=Q(sessions__closed_at=None)),
    )
    return counted.prefetch_related(Prefetch("places", places))


def waiting(tenant: Tenant) -> QuerySet[AccessRequest]:
    return requests(tenant).filter(state=AccessState.REQUESTED).order_by("requested_at")[:_MOST_SHOWN]


def granted(tenant: Tenant) -> QuerySet[AccessRequest]:
    return requests(tenant).filter(state__in=GRANTED).order_by("ends_at")[:_MOST_SHOWN]


def not_gone(tenant: Tenant) -> QuerySet[AccessRequest]:
    """What is over, and not known to be gone."""
    rows = requests(tenant).filter(state=AccessState.REVOCATION_FAILED)
    return rows.order_by("ended_at")[:_MOST_SHOWN]


def over(tenant: Tenant) -> QuerySet[AccessRequest]:
    return requests(tenant).exclude(state__in=STANDING)


def to_host(host: Host, using: str = "default") -> list[AccessRequest]:
    """The latest requests that name a host."""
    of_it = every_request(using).filter(tenant=host.tenant_id, places__host=host.pk)
    return list(of_it.order_by("-requested_at", "-id")[:_MOST_OF_HOST])


def hosts_of(request: AccessRequest) -> list[Host]:
    return [place.host for place in request.places.all()]


def extensions_of(request: AccessRequest) -> list[AccessRequest]:
    """The wishes for more time that came of a grant."""
    return list(request.extensions.order_by("requested_at", "id")[:_MOST_SHOWN])


def sessions(tenant: Tenant) -> QuerySet[AccessSession]:
    return tenant.accesssessions.select_related("request__tenant", "host")


def sessions_of(request: AccessRequest) -> list[AccessSession]:
    return list(request.sessions.select_related("host")[:_MOST_SHOWN])


def tenant_in_scope(tenant_id: UUID) -> Tenant:
    """A tenant once more, on the connection that sees it alone: what is written of it goes there."""
    return Tenant.objects.get(pk=tenant_id)


def open_hosts(tenant: Tenant, *, host: str = "", deployment: str = "") -> list[Host]:
    """The hosts that somebody may ask for, narrowed to one or to those of a deployment."""
    rows = tenant.hosts.filter(state__in=OPEN_HOSTS).select_related(
        "enclave__account", "deployment__application"
    )
    try:
        if host:
            rows = rows.filter(pk=host)
        if deployment:
            rows = rows.filter(deployment_id=deployment)
    except ValidationError:
        return []
    return list(rows.order_by("enclave__zone_id", "cluster", "number")[: MOST_HOSTS * 4])


def hosts_by_id(tenant: Tenant, ids: Collection[UUID]) -> list[Host]:
    """These hosts; raises ValidationError if one of them is none of the tenant's."""
    found = list(tenant.hosts.filter(pk__in=ids).select_related("enclave__account").order_by("name"))
    if len(found) != len(set(ids)):
        raise ValidationError({"hosts": "One of these is no host of yours."})
    return found


def recording(session: AccessSession, start: int = 0) -> Iterator[str]:
    """A recording from one character on, part by part, however long it is.

    It may be read where a response is streamed, after the transaction of its request: each part is read
    in the scope of the tenant for itself.
    """
    for begin in range(start, session.recorded, MOST_READ):
        with tenant_scope(session.tenant_id):
            part = part_of_recording(session, begin)
        yield part


def part_of_recording(session: AccessSession, start: int) -> str:
    """The whole pieces that begin within MOST_READ characters from one character on."""
    pieces = session.chunks.filter(offset__gte=start, offset__lt=start + MOST_READ)
    return "".join(pieces.values_list("text", flat=True))


def is_intact(session: AccessSession) -> bool | None:
    """Whether a closed recording is the one whose hash the gateway told; None while it is open."""
    if not session.sha256:
        return None
    whole = hashlib.sha256()
    for chunk in session.chunks.values_list("text", flat=True).iterator():
        whole.update(chunk.encode())
    return whole.hexdigest() == session.sha256


def transcript(session: AccessSession) -> str:
    """What was shown to the person, as plain text without the movements of a terminal."""
    shown = "".join(_shown(part_of_recording(session, 0)[:MOST_READ]))
    return _CONTROLS.sub("", shown.replace("\r\n", "\n"))


def _shown(text: str) -> Iterator[str]:
    for line in text.splitlines()[1:]:
        try:
            _, kind, data = json.loads(line)
        except ValueError:
            continue  # the last line of a recording that grows may not be whole
        if kind == "o":
            yield data
        elif kind == "f":
            yield f"[{' '.join(str(fact) for fact in json.loads(data).values())}]\n"
