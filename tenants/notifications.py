"""What people are told of: conditions, keyed by their source and kind, and news; and who is written to.

A condition is replaced in place while it holds, and cleared when it ends. Letters are rows of the same
transaction; a worker sends them, see tenants/letters. What there is to tell stands in tenants/kinds.py.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.transaction import on_commit
from django.utils import timezone
from django.utils.module_loading import import_string

from tenants import letters
from tenants.actors import Actor
from tenants.kinds import RULES, Kind, visible_kinds
from tenants.models import Letter, MailPreference, Membership, Notification, Tenant
from tenants.policy import allows

TOPIC: Final = "notifications"  # how the live pages call a change here
KEEP_LETTERS: Final = timedelta(days=90)
KEEP: Final = timedelta(days=365)  # after the end
WRITE_AGAIN: Final = timedelta(hours=1)  # about a condition that lasts and changes
MOST_AN_HOUR: Final = 50  # letters to one person of one tenant; what is more stands on the page alone
MOST_COUNTED: Final = 100
MOST_FORGOTTEN: Final = 1_000  # at once
LONGEST_TITLE: Final = 200


class Words(NamedTuple):
    """What is said of a condition; if these are the same as before, nothing is told again."""

    title: str
    detail: str
    link: str


def notify(
    kind: Kind,
    *,
    tenant: Tenant,
    source: str,
    title: str,
    detail: str = "",
    link: str = "",
    people: Iterable[UUID] = (),
    by: Actor | None = None,
) -> Notification:
    """Tell those whom the kind tells, and these ``people`` too; part of the transaction of the change.

    A condition that holds already gets the new words. Record in the audit first, then notify, so that
    all take their locks in one order. Nothing secret may be in it.
    """
    words = Words(_one_line(title), detail.strip(), link)
    fresh = Notification(tenant=tenant, kind=kind, source=source, **words._asdict())
    fresh.people, fresh.actor_id = sorted(set(people), key=str), by.id if by else None
    if RULES[kind].lasts:
        return _hold(fresh, words)
    fresh.ended_at = fresh.changed_at
    fresh.save(force_insert=True)
    _tell(fresh)
    return fresh


def _one_line(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def _hold(fresh: Notification, words: Words) -> Notification:
    held = None
    while held is None:
        # Whoever is faster writes the row; the other one waits here, and replaces its words. If it was
        # cleared since, there is none again.
        Notification.objects.bulk_create([fresh], ignore_conflicts=True)
        held = _open(Kind(fresh.kind), fresh.tenant, fresh.source).first()
    if held.pk == fresh.pk:
        _tell(held)
    elif words != (held.title, held.detail, held.link):
        _replace(held, words)
    return held


def _open(kind: Kind, tenant: Tenant, source: str) -> QuerySet[Notification]:
    held = Notification.objects.filter(tenant=tenant, source=source, kind=kind, ended_at=None)
    return held.select_for_update(no_key=True)


def _replace(held: Notification, words: Words) -> None:
    held.title, held.detail, held.link = words
    held.changed_at = timezone.now()
    held.save(update_fields=["title", "detail", "link", "changed_at"])
    if held.told_at is None or held.changed_at - held.told_at >= WRITE_AGAIN:
        _tell(held)
    else:
        _nudge(held.tenant)


def clear(kind: Kind, *, tenant: Tenant, source: str) -> None:
    """Say that a condition is over, if it held. Who was written to is, for most kinds, once more."""
    held = _open(kind, tenant, source).first()
    if held is None:
        return
    held.ended_at = held.changed_at = timezone.now()
    held.save(update_fields=["ended_at", "changed_at"])
    letters.withdraw(held)
    if held.rule.tells_end:
        told = Letter.objects.filter(notification=held).filter(~Q(sent_at=None) | ~Q(lease_until=None))
        _write(held, set(told.values_list("user_id", flat=True)), is_end=True)
    _nudge(tenant)


def _tell(notification: Notification) -> None:
    _write(notification, _readers(notification))
    _nudge(notification.tenant)


def _nudge(tenant: Tenant) -> None:
    """Have open pages look again. Who keeps the streams is named by a setting: they are none of ours."""
    import_string(settings.LIVE_NUDGE)(tenant.pk, TOPIC)


def _write(notification: Notification, readers: set[UUID], *, is_end: bool = False) -> None:
    patient = _not_flooded(notification.tenant, readers) if readers else set()
    if not patient:
        return
    notification.rounds, notification.told_at = notification.rounds + 1, timezone.now()
    notification.save(update_fields=["rounds", "told_at"])
    Letter.objects.bulk_create(
        Letter(
            tenant=notification.tenant,
            notification=notification,
            user_id=reader,
            round=notification.rounds,
            is_end=is_end,
        )
        for reader in sorted(patient, key=str)
    )
    on_commit(letters.wake, robust=True)


def _not_flooded(tenant: Tenant, readers: set[UUID]) -> set[UUID]:
    recent = Letter.objects.filter(
        tenant=tenant, user__in=readers, made_at__gt=timezone.now() - timedelta(hours=1)
    )
    counted = recent.values("user").annotate(many=Count("pk")).filter(many__gte=MOST_AN_HOUR)
    return readers.difference(counted.values_list("user", flat=True))


def _readers(notification: Notification) -> set[UUID]:
    """Who is to get a letter: by their own choice, or else because the kind or the caller names them.

    People who are no members, of which some have just been removed, are told in any case.
    """
    named = set(notification.people)
    rule = RULES[Kind(notification.kind)]
    chosen = MailPreference.objects.filter(member=OuterRef("pk"), kind=notification.kind)
    members = Membership.objects.filter(tenant=notification.tenant).annotate(
        wanted=Subquery(chosen.values("wanted"))
    )
    asked = members.filter(Q(wanted=True) | Q(roles__overlap=list(rule.mail_to)) | Q(user__in=named))
    readers = set(named)
    for user, roles, wanted, is_active in asked.values_list("user", "roles", "wanted", "user__is_active"):
        sees = is_active and (user in named or allows(roles, rule.seen_by))
        by_default = user in named or not rule.mail_to.isdisjoint(roles)
        (readers.add if sees and (by_default if wanted is None else wanted) else readers.discard)(user)
    return readers


def seen_by(actor: Actor) -> QuerySet[Notification]:
    """What an actor may see: the kinds of their roles, and what names them."""
    visible = Q(kind__in=visible_kinds(actor.roles))
    if actor.membership is not None:
        visible |= Q(people__contains=[actor.id])
    return Notification.objects.filter(visible, tenant=actor.tenant)


def conditions(actor: Actor) -> list[Notification]:
    """The conditions that hold now, the newest first."""
    held = seen_by(actor).filter(ended_at=None).order_by("-begun_at", "-id")
    return list(with_letters(held)[:MOST_COUNTED])


def past(actor: Actor) -> QuerySet[Notification]:
    """News, and the conditions that are over."""
    return seen_by(actor).exclude(ended_at=None)


def narrowed(
    found: QuerySet[Notification], *, kind: str = "", source: str = "", open: bool | None = None
) -> QuerySet[Notification]:
    """Those of a kind, of a source, or that hold or are over."""
    wanted = {"kind": kind, "source": source}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    return found if open is None else found.filter(ended_at__isnull=open)


def with_letters(found: QuerySet[Notification]) -> QuerySet[Notification]:
    """Beside each, how many letters about it were sent, wait, or were given up, and what ails them."""
    is_sent, waits = Q(letters__sent_at__isnull=False), Q(letters__due_at__isnull=False)
    tried = Q(letters__attempts__gt=0)
    return found.annotate(
        letters_sent=Count("letters", filter=is_sent),
        letters_waiting=Count("letters", filter=waits),
        letters_lost=Count("letters", filter=~is_sent & ~waits & tried),
        letters_problem=Coalesce(Max("letters__problem", filter=~is_sent & (waits | tried)), Value("")),
    )


def count_unseen(actor: Actor) -> int:
    """How much a member has not seen yet; at MOST_COUNTED the counting stops."""
    if actor.membership is None:
        return 0
    others = seen_by(actor).filter(changed_at__gt=actor.membership.seen_until).exclude(actor_id=actor.id)
    return others[:MOST_COUNTED].count()


def forget() -> None:
    """Delete what was told long ago; what was done stands in the audit for good."""
    now = timezone.now()
    letters.forget(now - KEEP_LETTERS)
    silent = ~Exists(Letter.objects.using("system").filter(notification=OuterRef("pk")))
    old = Notification.objects.using("system").filter(silent, ended_at__lt=now - KEEP)
    old.filter(pk__in=list(old.values_list("pk", flat=True)[:MOST_FORGOTTEN])).delete()
