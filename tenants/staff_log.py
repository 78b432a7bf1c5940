"""The record of what was done among staff, and to what all tenants share: the only place that writes it.

What staff do in a tenant, each look included, stands in the audit of that tenant.
"""

from typing import Any

from django.db.models import QuerySet

from tenants.actors import Shell, StaffActor
from tenants.models import StaffEvent


def record(action: str, subject: str, *, by: StaffActor | Shell, **detail: Any) -> StaffEvent:
    """Write one event; part of the transaction of the change itself. Nothing secret may be in ``detail``."""
    return StaffEvent.objects.create(
        actor_id=by.id, actor=by.label[:200], action=action, subject=subject[:254], detail=detail
    )


def find(*, actor: str = "", action: str = "", subject: str = "") -> QuerySet[StaffEvent]:
    """Events by parts of who, what and about whom."""
    wanted = {"actor__icontains": actor, "action__istartswith": action, "subject__icontains": subject}
    return StaffEvent.objects.filter(**{name: value for name, value in wanted.items() if value})
