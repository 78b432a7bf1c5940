"""A forger who owns the database: knows how events are hashed, and lacks only the key that signs."""

import json
from typing import Any
from uuid import uuid4

from django.db import connection

from tenants import audit
from tenants.models import AuditCheckpoint, AuditEvent, AuditHead, Tenant
from tenants.verifier import GENESIS, digest


def run(statement: str, values: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def forge(sequence: int) -> None:
    """Put in an event that fits the one before it perfectly."""
    model = AuditEvent.objects.get(sequence=sequence - 1)
    before, model.pk, model.sequence = model.hash, uuid4(), sequence
    model.action, model.previous_hash = "host.launched", before
    model.hash = _hash(model)
    model.save(force_insert=True)


def make_room(at: int) -> None:
    """Move this event and all after it one place on."""
    run("UPDATE tenants_auditevent SET sequence = sequence + 1000 WHERE sequence >= %s", [at])
    run("UPDATE tenants_auditevent SET sequence = sequence - 999 WHERE sequence >= 1000")


def swap(one: int, other: int) -> None:
    run("UPDATE tenants_auditevent SET sequence = 9999 WHERE sequence = %s", [one])
    run("UPDATE tenants_auditevent SET sequence = %s WHERE sequence = %s", [one, other])
    run("UPDATE tenants_auditevent SET sequence = %s WHERE sequence = 9999", [other])


def rewrite(start: int) -> None:
    """Compute all hashes anew from an event on, and move the end: in itself the chain is then perfect."""
    earlier = AuditEvent.objects.filter(sequence=start - 1).first()
    previous = earlier.hash if earlier else GENESIS
    for event in AuditEvent.objects.filter(sequence__gte=start).order_by("sequence"):
        event.previous_hash = previous
        event.hash = previous = _hash(event)
        event.save()
    _move_end()


def cut(after: int) -> None:
    """Take all later events away, and move the end, so that nothing seems to be missing."""
    run("DELETE FROM tenants_auditevent WHERE sequence > %s", [after])
    _move_end()


def go_back(after: int) -> None:
    """Make everything as it was then, checkpoints too: no look at the database alone can tell."""
    cut(after)
    AuditCheckpoint.objects.filter(sequence__gt=after).delete()


def _move_end() -> None:
    last = AuditEvent.objects.order_by("-sequence").first()
    AuditHead.objects.update(count=last.sequence if last else 0, hash=last.hash if last else GENESIS)


def _hash(event: AuditEvent) -> str:
    return digest(audit.facts(event))


def exported(tenant: Tenant) -> list[dict[str, Any]]:
    """What the tenant is given by the portal: an export of what the database holds now."""
    return [json.loads(line) for line in "".join(audit.export(audit.find(tenant), tenant)).splitlines()]
