"""The record of what was done: the only place that writes it, and what proves that nobody changed it.

Each event carries the hash of the one before, one chain for each tenant. The hash is SHA-256 over the
event as canonical JSON (sorted keys, no blanks, UTF-8) without its own hash, which is also how it is
exported: whoever has an export can check the chain without the portal.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from tenants.actors import Actor, System
from tenants.models import AuditEvent, AuditHead, Tenant
from tenants.scope import tenant_scope

__all__ = ["Actor", "System", "Verdict", "check", "export", "find", "head", "open_chain", "record", "verify"]

GENESIS = "0" * 64
_BATCH = 1_000


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole chain found. ``problem`` is a sentence, empty if all is intact."""

    events: int
    hash: str
    problem: str = ""

    @property
    def intact(self) -> bool:
        return not self.problem


def open_chain(tenant: Tenant) -> None:
    """Begin the record of a new tenant."""
    AuditHead.objects.create(tenant=tenant, hash=GENESIS)


def record(
    action: str,
    subject: models.Model | str,
    *,
    by: Actor | System,
    tenant: Tenant | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write one event; part of the transaction of the change itself.

    ``action`` is ``<object>.<what happened>``. Until that transaction ends, other writers of the tenant
    wait. Nothing secret may be in ``detail``.
    """
    tenant_id = tenant.pk if tenant else by.tenant_id
    end = AuditHead.objects.select_for_update(no_key=True).get(tenant_id=tenant_id)
    event = AuditEvent(
        tenant_id=tenant_id,
        sequence=end.count + 1,
        recorded_at=timezone.now(),
        actor_kind=by.kind,
        actor_id=by.id,
        actor=by.label[:200],
        action=action,
        detail=_plain(detail),
        previous_hash=end.hash,
        **_named(subject, action),
    )
    event.hash = _digest(_facts(event))
    event.save(force_insert=True)
    AuditHead.objects.filter(pk=end.pk).update(count=event.sequence, hash=event.hash)
    return event


def verify(tenant: Tenant) -> Verdict:
    """Read the whole chain of a tenant, say whether it is intact, and note it beside the chain."""
    # Locked, so that no event comes between reading the chain and reading its head.
    end = AuditHead.objects.select_for_update(no_key=True).get(tenant=tenant)
    chain = (_whole(event) for batch in _batches(find(tenant), tenant) for event in batch)
    verdict = check(chain, end.count, end.hash)
    AuditHead.objects.filter(pk=end.pk).update(
        verified_at=timezone.now(), verified_count=verdict.events, problem=verdict.problem
    )
    return verdict


def check(events: Iterable[dict[str, Any]], count: int | None = None, hash: str = "") -> Verdict:
    """Follow a chain of exported events; with the count and hash of its end, also a cut tail is found."""
    last, seen = GENESIS, 0
    for event in events:
        problem = _break(event, seen + 1, last)
        if problem:
            return Verdict(seen, last, problem)
        last, seen = event["hash"], seen + 1
    if count is not None and (seen, last) != (count, hash):
        return Verdict(seen, last, f"The chain ends at event {seen}, and {count} were recorded.")
    return Verdict(seen, last)


def head(tenant: Tenant) -> AuditHead:
    """The end of the chain as it was noted apart from it, and what the last verification found."""
    return AuditHead.objects.get(tenant=tenant)


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
        yield "".join(_canonical(_whole(event)) + "\n" for event in batch)


def _batches(events: QuerySet[AuditEvent], tenant: Tenant) -> Iterator[list[AuditEvent]]:
    after = 0
    while True:
        with tenant_scope(tenant.pk):
            batch = list(events.filter(sequence__gt=after).order_by("sequence")[:_BATCH])
        if not batch:
            return
        yield batch
        after = batch[-1].sequence


def _break(event: dict[str, Any], expected: int, previous: str) -> str:
    """What is wrong with this link of the chain, or nothing."""
    if event["sequence"] != expected:
        return f"Event {expected} is missing: {event['sequence']} stands in its place."
    if event["previous_hash"] != previous:
        return f"Event {expected} does not follow from the one before."
    if _digest({name: value for name, value in event.items() if name != "hash"}) != event["hash"]:
        return f"Event {expected} was changed after it was recorded."
    return ""


def _whole(event: AuditEvent) -> dict[str, Any]:
    return {**_facts(event), "hash": event.hash}


def _facts(event: AuditEvent) -> dict[str, Any]:
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


def _canonical(facts: dict[str, Any]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(facts).encode()).hexdigest()
