"""Letters that wait: claimed from the rows by one worker at a time, and tried again ever later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connections
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.transaction import atomic
from django.utils import timezone

from tenants.models import Invitation, Letter, Notification

ROLE: Final = "system"  # the letters of all tenants are one queue
LEASE: Final = timedelta(minutes=2)  # far longer than a mail server may take to answer
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
PATIENCE: Final = timedelta(days=3)  # then nobody waits for the letter any more
MOST_FORGOTTEN: Final = 10_000  # at once
TOO_LATE: Final = "It was tried for three days."


class LostLease(Exception):
    """Another worker holds this letter now, or it is not to be sent any more."""


@dataclass(frozen=True)
class Claimed:
    """A letter in the hands of this worker, for the time of its lease."""

    id: UUID
    tenant_id: UUID
    fence: int
    attempts: int
    made_at: datetime

    def keep(self) -> None:
        """Renew the lease, or raise LostLease."""
        if not self._row().filter(due_at__isnull=False).update(lease_until=timezone.now() + LEASE):
            raise LostLease(f"Letter {self.id} was taken over.")

    @atomic
    def mark_sent(self) -> None:
        """The mail server took it. A worker that took over meanwhile marks it by itself."""
        if self._close(sent_at=timezone.now(), problem=""):
            letter = Letter.objects.get(pk=self.id)
            if letter.invitation_id:
                current = Invitation.objects.filter(pk=letter.invitation_id, letters=letter.round)
                current.update(sent_at=letter.sent_at)

    def give_up(self, problem: str) -> None:
        """Never try this letter again."""
        self._close(problem=problem)

    def put_off(self, problem: str) -> datetime:
        """Try again later, each time after twice the pause; return when. After three days never."""
        pause = min(FIRST_PAUSE * (1 << min(self.attempts - 1, 10)), LONGEST_PAUSE)
        again: datetime = timezone.now() + pause
        if again - self.made_at > PATIENCE:
            self.give_up(f"{problem} {TOO_LATE}")
        else:
            self._row().update(due_at=again, lease_until=None, problem=problem)
        return again

    def _close(self, **changes: object) -> bool:
        return bool(self._row().update(due_at=None, lease_until=None, **changes))

    def _row(self) -> QuerySet[Letter]:
        # The fence grows with every claim: a worker that comes back from the dead changes nothing.
        return Letter.objects.filter(pk=self.id, fence=self.fence)


def claim() -> Claimed | None:
    """Take the letter that is due for longest, of any tenant."""
    now = timezone.now()
    with connections[ROLE].cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "lease": now + LEASE})
        row = cursor.fetchone()
    return Claimed(*row) if row else None


def put_all_off(until: datetime, problem: str) -> None:
    """Have all that is due wait too, where not the letter but the mail server is the problem."""
    with connections[ROLE].cursor() as cursor:
        cursor.execute(_PUT_OFF, {"now": timezone.now(), "until": until, "problem": problem})


def add(invitation: Invitation) -> None:
    """Write down that the letter of an invitation is to be sent."""
    Letter.objects.create(tenant=invitation.tenant, invitation=invitation, round=invitation.letters)


def with_problems(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Beside each invitation what ails its last letter; empty if that was sent, or has not been tried."""
    last = Letter.objects.filter(invitation=OuterRef("pk"), round=OuterRef("letters"))
    return invitations.annotate(mail_problem=Coalesce(Subquery(last.values("problem")), Value("")))


def withdraw(notification: Notification) -> None:
    """Send no letter any more that tells of a condition which is over; those in hand are left alone."""
    now = timezone.now()
    waiting = Letter.objects.filter(notification=notification, due_at__isnull=False)
    idle = waiting.filter(Q(lease_until=None) | Q(lease_until__lte=now))
    idle.update(due_at=None, lease_until=None, problem="It was over before this was sent.")


def forget(before: datetime) -> None:
    """Delete the letters that were written before then, and are done with."""
    old = Letter.objects.using(ROLE).filter(due_at=None, made_at__lt=before)
    old.filter(pk__in=list(old.values_list("pk", flat=True)[:MOST_FORGOTTEN])).delete()


_DUE = "due_at <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)"
_CLAIM = f"""
UPDATE tenants_letter SET fence = fence + 1, attempts = attempts + 1, lease_until = %(lease)s
WHERE id = (SELECT id FROM tenants_letter WHERE {_DUE} ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, tenant_id, fence, attempts, made_at
"""  # noqa: S608 -- only constants are put together here
_PUT_OFF = f"UPDATE tenants_letter SET due_at = %(until)s, problem = %(problem)s WHERE {_DUE}"  # noqa: S608
