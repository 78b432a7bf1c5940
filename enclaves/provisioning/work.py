"""Work: who looks at what next. Claimed from the rows, so that no lost message loses work."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.utils import timezone

from enclaves.models import Work
from enclaves.providers.base import ProviderError

LATEST = 300  # seconds; whatever went wrong, somebody looks again after these


class LostLease(Exception):
    """Another worker holds this work now; whatever this one still wanted to do, it must not."""


@dataclass(frozen=True)
class Claimed:
    """A piece of work in the hands of this worker, for the time of its lease."""

    id: UUID
    tenant_id: UUID
    kind: str
    subject: UUID
    fence: int
    attempts: int

    def keep(self) -> None:
        """Renew the lease, or raise LostLease. Called before each call that changes a cloud."""
        until = timezone.now() + _lease()
        if not Work.objects.filter(pk=self.id, fence=self.fence).update(lease_until=until):
            raise LostLease(f"{self.kind} {self.subject} was taken over.")

    def release(self, *, look_again_at: datetime | None, problem: str = "") -> None:
        """Give the work back. If somebody asked for it meanwhile, the earlier time wins."""
        with connections["default"].cursor() as cursor:
            cursor.execute(_RELEASE, [problem, problem, look_again_at, self.id, self.fence])


def ask(tenant_id: UUID, kind: Work.Kind, subject: UUID, *, urgent: bool = False) -> None:
    """Make this work due now; part of the caller's transaction. Asking twice asks once."""
    now = timezone.now()
    Work.objects.bulk_create([Work(tenant_id=tenant_id, kind=kind, subject=subject)], ignore_conflicts=True)
    row = Work.objects.filter(tenant_id=tenant_id, kind=kind, subject=subject)
    row.update(due_at=now, attempts=0, **({"urgent": True} if urgent else {}))


def claim(*, urgent_only: bool = False) -> Claimed | None:
    """Take the piece of work that is due for longest, of the tenant that has the least in hand."""
    with connections["system"].cursor() as cursor:
        cursor.execute(_CLAIM, [settings.WORK_LEASE_SECONDS, urgent_only])
        row = cursor.fetchone()
    return Claimed(*row) if row else None


def later(claimed: Claimed, *errors: ProviderError) -> datetime:
    """Say when to look again after an error: ever later, and no sooner than the cloud wants to be asked."""
    growing = min(5 * 2 ** min(claimed.attempts, 6), LATEST)
    wanted = max((error.retry_after or 0 for error in errors), default=0)
    return timezone.now() + timedelta(seconds=max(growing, min(wanted, LATEST)))


def count_due() -> int:
    """Count what is due and in nobody's hands, over all tenants."""
    with connections["system"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM enclaves_work WHERE {_DUE}")  # noqa: S608 -- a constant
        return int(cursor.fetchone()[0])


def _lease() -> timedelta:
    return timedelta(seconds=settings.WORK_LEASE_SECONDS)


_DUE = "(lease_until IS NULL AND due_at <= now()) OR lease_until <= now()"

# Claiming clears due_at, so that a wish that arrives while the work is in hand is seen at its release.
_CLAIM = f"""
UPDATE enclaves_work SET fence = fence + 1, attempts = attempts + 1, due_at = NULL,
    lease_until = now() + make_interval(secs => %s)
WHERE id = (
    SELECT id FROM enclaves_work AS candidate
    WHERE ({_DUE}) AND (urgent OR NOT %s)
    ORDER BY urgent DESC, (
        SELECT count(*) FROM enclaves_work AS held
        WHERE held.tenant_id = candidate.tenant_id AND held.lease_until > now()
    ), due_at NULLS FIRST
    LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, tenant_id, kind, subject, fence, attempts
"""  # noqa: S608 -- only constants are put together here

_RELEASE = """
UPDATE enclaves_work
SET lease_until = NULL, urgent = due_at IS NOT NULL AND urgent, problem = %s,
    attempts = CASE WHEN %s = '' THEN 0 ELSE attempts END, due_at = LEAST(due_at, %s)
WHERE id = %s AND fence = %s
"""
