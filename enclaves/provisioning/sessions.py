"""Sessions on hosts: what the gateway asks for each login, and what it tells of it.

The gateway holds no key and decides nothing. Each answer here is made from the rows of this moment.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import AccessState
from enclaves.models import (
    AccessCertificate,
    AccessRequest,
    AccessSession,
    Host,
    RecordingChunk,
    Work,
)
from enclaves.provisioning import authorities, grants, live, work
from enclaves.provisioning.agents import ALIVE, next_serial
from enclaves.signing import ssh, ssh_keys
from enclaves.signing.errors import SigningRefused
from enclaves.signing.grants import grant_token
from enclaves.signing.names import Grant, HostName
from enclaves.signing.rotation import Purpose
from tenants import audit
from tenants.actors import System
from tenants.errors import Refused
from tenants.models import AuditEvent
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

BY: Final = "gateway"
MOST_CERTIFICATES: Final = 20  # for one grant
_OVER: Final = (AccessState.ENDED, AccessState.REVOCATION_FAILED)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who knocks at a gateway, and with which certificate; see gateway/portal.py."""

    grant: str
    host_name: str
    key_fingerprint: str
    certificate_serial: int
    authority_fingerprint: str
    source: str
    hop_key: str


def certify(request_id: UUID, public_key: str) -> AccessCertificate:
    """Sign a person's own key for their grant; raises Refused."""
    tenant_id = AccessRequest.objects.using("system").values_list("tenant_id", flat=True).get(pk=request_id)
    with tenant_scope(tenant_id), atomic():
        request = _rows().select_for_update(of=("self",)).get(pk=request_id)
        _must_open(request)
        if request.certificates.count() >= MOST_CERTIFICATES:
            raise Refused(f"{MOST_CERTIFICATES} certificates were made for this access; ask anew.")
        made = _signed(request, public_key)
        audit.record(
            "access.certificate_issued",
            request,
            by=System("signer", tenant_id),
            serial=made.serial,
            key=made.fingerprint,
            key_kind=made.key_kind,
        )
        return made


def authorize(caller: Caller, gateway: str) -> dict[str, Any]:
    """Let somebody onto a host now, or raise Refused with the words that they read."""
    with _of_grant(caller.grant) as request:
        if request.state != AccessState.ACTIVE:
            raise Refused(f"{request} is {request.state.replace('_', ' ')}.")
        _must_open(request)
        _must_be_ours(request, caller)
        host = _chosen(request, caller.host_name)
        session = AccessSession.objects.create(
            tenant=request.tenant,
            request=request,
            host=host,
            fingerprint=caller.key_fingerprint,
            source=caller.source,
            gateway=gateway,
        )
        audit.record(
            "access.session_opened",
            request,
            by=System(BY, request.tenant_id),
            person=request.asked_as,
            host=host.name,
            source=caller.source,
            key=caller.key_fingerprint,
        )
        _nudge(session)
        return _allowed(request, host, str(session.pk), caller.hop_key)


def opened(session_id: UUID) -> None:
    """Note that a session begins. Raises Refused if its grant ended since it was authorized."""
    with _of_session(session_id) as session:
        if session.request.state != AccessState.ACTIVE:
            raise Refused(f"{session.request} is {session.request.state.replace('_', ' ')}.")
        AccessSession.objects.filter(pk=session.pk).update(seen_at=timezone.now())
        _nudge(session)


def record_chunk(session_id: UUID, offset: int, text: str) -> None:
    """Keep a piece of a recording; one that leaves a gap is refused.

    What is known already may come again, and cut in another way: the next gateway knows only its file.
    """
    with _of_session(session_id) as session:
        if offset > session.recorded:
            raise Refused("A piece of this recording is missing before this one.")
        new = text[session.recorded - offset :]
        if not new:
            return
        if session.sha256:
            raise Refused("This recording is closed.")
        mine = {"tenant": session.tenant, "session": session}
        RecordingChunk.objects.create(**mine, offset=session.recorded, text=new)
        recorded = session.recorded + len(new)
        # Nobody is nudged: who watches a recording asks for its end each second.
        AccessSession.objects.filter(pk=session.pk).update(recorded=recorded, seen_at=timezone.now())


def closed(session_id: UUID, *, reason: str, sha256: str, size: int, left: int | None) -> None:
    """Note how a session ended; the same closing may come twice. ``left`` counts processes on the host."""
    with _of_session(session_id) as session:
        now = timezone.now()
        changes: dict[str, Any] = {} if session.nothing_left_at or left != 0 else {"nothing_left_at": now}
        # That nothing is left may have been told before, by the host itself.
        if not session.sha256:
            changes |= {"closed_at": now, "close_reason": reason[:40], "sha256": sha256}
            audit.record(
                "access.session_closed",
                session.request,
                by=System(BY, session.tenant_id),
                host=session.host.name,
                reason=reason,
                sha256=sha256,
                bytes=size,
                left=left,
            )
        if changes:
            AccessSession.objects.filter(pk=session.pk).update(**changes)
        _look_again(session.request)
        _nudge(session)


def unverified() -> list[dict[str, Any]]:
    """All grants that are over, with the hosts on which that was not verified yet."""
    open_ones = AccessSession.objects.using("system").filter(
        nothing_left_at=None, request__state__in=_OVER, request__nothing_left_at=None
    )
    found: dict[str, dict[str, Any]] = {}
    names = ("request__name", "request__end_reason", "host_id")
    for grant, reason, host_id in (
        open_ones.values_list(*names).order_by("request__name", "host_id").distinct()
    ):
        told = found.setdefault(grant, {"grant": grant, "reason": reason, "hosts": []})
        told["hosts"].append(str(host_id))
    return list(found.values())


def verified(grant: str, host_id: UUID, left: int) -> None:
    """Note that an agent has looked, and how many processes of a grant it found."""
    if left:
        return
    with _of_grant(grant) as request:
        if request.state not in _OVER:
            raise Refused(f"{request} is {request.state}, and not over.")
        now = timezone.now()
        gone = request.sessions.filter(host_id=host_id, nothing_left_at=None)
        gone.filter(closed_at=None).update(closed_at=now, close_reason=request.end_reason)
        gone.update(nothing_left_at=now)
        _look_again(request)


def _rows() -> Any:
    return AccessRequest.objects.select_related("tenant", "enclave__account", "person")


@contextmanager
def _of_grant(name: str) -> Iterator[AccessRequest]:
    """The grant of a name, in the scope of its tenant and in a transaction; raises Refused."""
    found = (
        AccessRequest.objects.using("system").filter(name=name).values_list("tenant_id", flat=True).first()
    )
    if found is None:
        raise Refused(f"There is no access {name}.")
    with tenant_scope(found), atomic():
        yield _rows().select_for_update(no_key=True, of=("self",)).get(name=name)


@contextmanager
def _of_session(session_id: UUID) -> Iterator[AccessSession]:
    everything = AccessSession.objects.using("system").filter(pk=session_id)
    found = everything.values_list("tenant_id", flat=True).first()
    if found is None:
        raise Refused("There is no such session.")
    with tenant_scope(found), atomic():
        rows = AccessSession.objects.select_for_update(no_key=True, of=("self",))
        yield rows.select_related("tenant", "request", "host").get(pk=session_id)


def _must_open(request: AccessRequest) -> None:
    if not request.opens_now:
        raise Refused(f"{request} opens nothing now: it is {request.state.replace('_', ' ')}.")
    if request.tenant.frozen_at or request.enclave.account.frozen_at:
        raise Refused(f"{request} opens nothing: the tenant has frozen it.")
    if not grants.is_still_somebody(request):
        raise Refused(f"{request.asked_as} may not ask for access any more.")
    if not _is_in_the_record(request):
        log.error("%s has no approval in the record of %s.", request, request.tenant)
        raise Refused(f"{request} opens nothing: the tenant's record knows of no approval.")


def _is_in_the_record(request: AccessRequest) -> bool:
    """Whether the tenant can read who approved it: what was written past the services opens nothing."""
    approvals = AuditEvent.objects.filter(action="access.approved", subject_id=str(request.pk))
    since = request.begins_at - timedelta(minutes=1) if request.begins_at else timezone.now()
    return approvals.filter(actor_id=request.decided_by_id, recorded_at__gt=since).exists()


def _must_be_ours(request: AccessRequest, caller: Caller) -> None:
    lines = authorities.ssh_lines(Purpose.SSH_USERS, request.enclave_id)
    known = {ssh_keys.parse_public_key(line).fingerprint for line in lines}
    if caller.authority_fingerprint not in known:
        raise Refused("The certificate is of another enclave.")
    ours = request.certificates.filter(serial=caller.certificate_serial)
    if not ours.filter(fingerprint=caller.key_fingerprint).exists():
        raise Refused(f"The certificate was not made for {request}.")


def _chosen(request: AccessRequest, name: str) -> Host:
    hosts = [place.host for place in request.places.select_related("host").order_by("host__name")]
    fitting = [host for host in hosts if name in ("", host.name)]
    if len(fitting) != 1:
        known = ", ".join(host.name for host in hosts)
        raise Refused(f"Say which host: ssh {request}+<host>@… with one of {known}.")
    if fitting[0].state not in ALIVE:
        raise Refused(f"{fitting[0]} is {fitting[0].state}.")
    return fitting[0]


def _signed(request: AccessRequest, public_key: str) -> AccessCertificate:
    grant, serial = _grant(request), next_serial()
    try:
        key = ssh_keys.parse_public_key(public_key)
        certificate = ssh.user_certificate(
            authorities.ssh_authority(Purpose.SSH_USERS, request.enclave_id),
            public_key,
            grant=grant,
            serial=serial,
            not_before=grant.not_before,
            not_after=grant.not_after,
        )
    except SigningRefused as error:
        raise Refused(str(error)) from error
    return AccessCertificate.objects.create(
        tenant=request.tenant,
        request=request,
        serial=serial,
        fingerprint=key.fingerprint,
        key_kind=key.kind,
        certificate=certificate,
        not_before=grant.not_before,
        not_after=grant.not_after,
    )


def _allowed(request: AccessRequest, host: Host, session: str, hop_key: str) -> dict[str, Any]:
    grant, now = _grant(request), timezone.now()
    name = HostName(request.tenant.name, request.enclave.zone_id, str(host.pk))
    login = settings.HOST_LOGIN
    try:
        hop = ssh.hop_certificate(
            authorities.ssh_authority(Purpose.SSH_USERS, request.enclave_id),
            hop_key,
            grant=grant,
            host=name,
            session=session,
            serial=next_serial(),
            now=now,
        )
        token = grant_token(
            authorities.grant_key(),
            grant=grant,
            tenant=name.tenant,
            host=name.id,
            session=session,
            login=login,
            now=now,
        )
    except SigningRefused as error:
        raise Refused(str(error)) from error
    return {
        "id": session,
        "grant": request.name,
        "actor": request.asked_as,
        "reason": request.reason,
        "tenant": name.tenant,
        "zone": name.zone,
        "host": name.id,
        "host_name": host.name,
        "host_alias": name.alias,
        "login": login,
        "ends_at": grant.not_after.timestamp(),
        "grant_token": token,
        "hop_certificate": hop,
        "host_authorities": authorities.ssh_lines(Purpose.SSH_HOSTS, request.enclave_id),
        "allow_port_forwarding": False,
    }


def _grant(request: AccessRequest) -> Grant:
    if request.begins_at is None or request.ends_at is None:
        raise Refused(f"{request} was never granted.")
    return Grant(id=request.name, not_before=request.begins_at, not_after=request.ends_at)


def _look_again(request: AccessRequest) -> None:
    work.ask(request.tenant_id, Work.Kind.ACCESS, request.pk, urgent=True)


def _nudge(session: AccessSession) -> None:
    told = (f"access:{session.request_id}", f"session:{session.pk}", f"host:{session.host_id}", "access")
    live.nudge(session.tenant_id, *told)
