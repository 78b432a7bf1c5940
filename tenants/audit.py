"""The record of what was done: the only place that writes it, and what proves that nobody changed it.

Each event carries the hash of the one before, one chain for each tenant, and is exported as it was hashed.
A checkpoint is the signed hash of one event. Whoever has an export and a checkpoint can verify the chain
without the portal, with tenants/verifier.py, which also says how events are written and hashed.
"""

import json
from collections.abc import Iterator, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from tenants import signing
from tenants.actors import Actor, StaffActor, System
from tenants.errors import Refused
from tenants.models import AuditCheckpoint, AuditEvent, AuditHead, Tenant
from tenants.scope import EVERYBODY, tenant_scope
from tenants.verifier import FORMAT, GENESIS, Verdict, canonical, check, digest

__all__ = ["Actor", "System", "Verdict", "check", "checkpoints", "document", "export", "facts", "find"]
__all__ += ["head", "open_chain", "record", "record_looks", "sign", "verify"]

SIGNED = "checkpoint.signed"
LOOKED = "staff.looked"
LOOKED_EVERY = timedelta(minutes=10)  # the same person at the same thing; a page that is reloaded is one look
_LOST = "The end of the chain, which is kept apart from it, is missing."
_BATCH = 1_000


def open_chain(tenant: Tenant) -> None:
    """Begin the record of a new tenant."""
    AuditHead.objects.create(tenant=tenant, hash=GENESIS)


def record(
    action: str,
    subject: models.Model | str,
    *,
    by: Actor | StaffActor | System,
    tenant: Tenant | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write one event; part of the transaction of the change itself.

    ``action`` is ``<object>.<what happened>``. Until that transaction ends, other writers of the tenant
    wait. Nothing secret may be in ``detail``. Staff are in no tenant: then ``tenant`` is to be named.
    """
    end = AuditHead.objects.select_for_update(no_key=True).get(tenant_id=_owner(by, tenant))
    event = _next(end, action, _named(subject, action), by, detail)
    event.save(force_insert=True)
    AuditHead.objects.filter(pk=end.pk).update(count=event.sequence, hash=event.hash)
    return event


def _owner(by: Actor | StaffActor | System, tenant: Tenant | None) -> UUID:
    if tenant is not None:
        return tenant.pk
    if isinstance(by, StaffActor):
        raise TypeError("Staff are in no tenant: name the one whose record it is.")
    return by.tenant_id


def _next(
    end: AuditHead,
    action: str,
    subject: dict[str, str],
    by: Actor | StaffActor | System,
    detail: dict[str, Any],
) -> AuditEvent:
    """The event that comes after the end of a chain."""
    event = AuditEvent(
        tenant_id=end.tenant_id,
        sequence=end.count + 1,
        recorded_at=timezone.now(),
        actor_kind=by.kind,
        actor_id=by.id,
        actor=by.label[:200],
        action=action,
        detail=_plain(detail),
        previous_hash=end.hash,
        **subject,
    )
    event.hash = digest(facts(event))
    return event


def record_looks(tenants: Set[UUID], subject: models.Model | str, *, by: StaffActor) -> None:
    """Tell tenants that one of the staff saw something of theirs: a thing, or a part of a list of many.

    Part of the transaction that sees all tenants. The number of queries does not grow with theirs, and who
    saw the same within the last ten minutes is not told of again.
    """
    named = _named(subject, "list")
    told = AuditEvent.objects.using(EVERYBODY).filter(
        tenant_id__in=tenants,
        recorded_at__gt=timezone.now() - LOOKED_EVERY,
        action=LOOKED,
        actor_id=by.id,
        **named,
    )
    if untold := tenants - set(told.values_list("tenant_id", flat=True)):
        _record_looks(untold, named, by)


def _record_looks(tenants: Set[UUID], named: dict[str, str], by: StaffActor) -> None:
    heads = AuditHead.objects.using(EVERYBODY)
    # In one order, so that of two who look at the same tenants none waits for the other for ever.
    ends = list(heads.filter(tenant_id__in=tenants).order_by("tenant_id").select_for_update(no_key=True))
    events = [_next(end, LOOKED, named, by, {}) for end in ends]
    for end, event in zip(ends, events, strict=True):
        end.count, end.hash = event.sequence, event.hash
    AuditEvent.objects.using(EVERYBODY).bulk_create(events)
    heads.bulk_update(ends, ["count", "hash"])


def verify(tenant: Tenant) -> Verdict:
    """Read the whole chain of a tenant, say whether it is intact, and note it beside the chain.

    Compares it with the checkpoints too, and these with the events that tell of them.
    """
    # Locked, so that no event comes between reading the chain and reading its head.
    end = AuditHead.objects.select_for_update(no_key=True).filter(tenant=tenant).first()
    if end is None:
        return Verdict(0, GENESIS, _LOST)
    verdict = _verdict(tenant, end)
    AuditHead.objects.filter(pk=end.pk).update(
        verified_at=timezone.now(), verified_count=verdict.events, problem=verdict.problem
    )
    return verdict


def _verdict(tenant: Tenant, end: AuditHead) -> Verdict:
    kept, told = [*checkpoints(tenant).order_by("sequence")], dict[int, str]()
    doubts = {one.sequence: signing.doubt(document(one)) for one in kept}
    believed = [document(one) for one in kept if not doubts[one.sequence]]
    verdict = check(_read(tenant, told), end.count, end.hash, believed)
    if not verdict.intact:
        return verdict
    return replace(verdict, problem=_meddled(kept, doubts, told))


def _read(tenant: Tenant, told: dict[int, str]) -> Iterator[dict[str, Any]]:
    """The whole chain; on the way, note which checkpoints it tells of."""
    for batch in _batches(find(tenant), tenant):
        for event in batch:
            if event.action == SIGNED:
                told[event.sequence] = event.subject_id
            yield _whole(event)


def _meddled(kept: list[AuditCheckpoint], doubts: dict[int, str], told: dict[int, str]) -> str:
    """What is wrong with the checkpoints themselves, or nothing."""
    found = {one.sequence: str(one.pk) for one in kept}
    for at in sorted(found.keys() | told.keys()):
        if doubts.get(at):
            return f"The checkpoint at event {at} {doubts[at]}"
        if found.get(at) != told.get(at):
            return f"The checkpoint that was signed at event {at} is missing."
    return ""


def sign(tenant: Tenant, verdict: Verdict, *, by: Actor | System) -> AuditCheckpoint:
    """Sign the end of a chain that was verified in this transaction, for the tenant to keep.

    The checkpoint covers the event that tells of it. If nothing was recorded since the last one, that one
    is returned. Raises Refused for a chain that is not intact, and where the portal has no key.
    """
    if not verdict.intact:
        raise Refused(f"Only an intact chain is signed. {verdict.problem}")
    if not signing.can_sign():
        raise Refused("This portal was given no key to sign checkpoints with.")
    key = signing.key_id()
    last = checkpoints(tenant).filter(sequence=verdict.events, key_id=key).first()
    return last or _new_checkpoint(tenant, verdict.events + 1, key, by)


def _new_checkpoint(tenant: Tenant, sequence: int, key: str, by: Actor | System) -> AuditCheckpoint:
    checkpoint = AuditCheckpoint(tenant=tenant, tenant_name=tenant.name, sequence=sequence, key_id=key)
    event = record(SIGNED, checkpoint, by=by, tenant=tenant, key_id=key)
    checkpoint.hash, checkpoint.signed_at = event.hash, event.recorded_at
    checkpoint.signature = signing.sign(document(checkpoint))
    checkpoint.save(force_insert=True)
    # Its own event was written onto a chain that had just been verified.
    AuditHead.objects.filter(tenant=tenant).update(verified_count=sequence)
    return checkpoint


def checkpoints(tenant: Tenant) -> QuerySet[AuditCheckpoint]:
    """All that was signed of the chain of a tenant."""
    return AuditCheckpoint.objects.filter(tenant=tenant)


def document(checkpoint: AuditCheckpoint) -> dict[str, Any]:
    """A checkpoint as it is signed, downloaded and kept."""
    return {
        "format": FORMAT,
        "tenant": checkpoint.tenant_name,
        "tenant_id": str(checkpoint.tenant_id),
        "sequence": checkpoint.sequence,
        "hash": checkpoint.hash,
        "signed_at": _moment(checkpoint.signed_at),
        "key_id": checkpoint.key_id,
        "signature": checkpoint.signature,
    }


def head(tenant: Tenant) -> AuditHead:
    """The end of the chain as it was noted apart from it, and what the last verification found."""
    return AuditHead.objects.filter(tenant=tenant).first() or AuditHead(tenant=tenant, problem=_LOST)


def find(
    tenant: Tenant,
    *,
    actor: str = "",
    action: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """Events of a tenant by parts of who, what and to what, and by a span of time that excludes its end."""
    wanted = {
        "actor__icontains": actor,
        "action__istartswith": action,
        "subject__icontains": subject,
        "recorded_at__gte": since,
        "recorded_at__lt": until,
    }
    return AuditEvent.objects.filter(
        tenant=tenant, **{name: value for name, value in wanted.items() if value}
    )


def export(events: QuerySet[AuditEvent], tenant: Tenant) -> Iterator[str]:
    """The lines of an export, oldest first. Reads in batches, each in the scope of the tenant for itself.

    So it also works where a response is streamed, after the transaction of its request has ended.
    """
    for batch in _batches(events, tenant):
        yield "".join(canonical(_whole(event)) + "\n" for event in batch)


def _batches(events: QuerySet[AuditEvent], tenant: Tenant) -> Iterator[list[AuditEvent]]:
    after = -1  # a forger may use the 0
    while True:
        with tenant_scope(tenant.pk):
            batch = list(events.filter(sequence__gt=after).order_by("sequence")[:_BATCH])
        if not batch:
            return
        yield batch
        after = batch[-1].sequence


def _whole(event: AuditEvent) -> dict[str, Any]:
    return {**facts(event), "hash": event.hash}


def facts(event: AuditEvent) -> dict[str, Any]:
    """An event as it is hashed."""
    return {
        "id": str(event.pk),
        "tenant_id": str(event.tenant_id),
        "sequence": event.sequence,
        "recorded_at": _moment(event.recorded_at),
        "actor_kind": event.actor_kind,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "actor": event.actor,
        "action": event.action,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "subject": event.subject,
        "detail": event.detail,
        "previous_hash": event.previous_hash,
    }


def _named(subject: models.Model | str, action: str) -> dict[str, str]:
    if isinstance(subject, str):
        return {"subject_kind": action.partition(".")[0], "subject": subject[:200]}
    return {
        "subject_kind": subject._meta.model_name or "",
        "subject_id": str(subject.pk),
        "subject": str(subject)[:200],
    }


def _plain(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail as the database will give it back; it may write a float in another way, hence as text."""
    plain: dict[str, Any] = json.loads(json.dumps(detail, cls=DjangoJSONEncoder), parse_float=str)
    return plain


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
