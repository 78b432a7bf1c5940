"""What a member does with what they are told: say that they have seen it, and choose their mail."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.kinds import RULES, Kind, Rule, visible_kinds
from tenants.models import MailPreference, Membership
from tenants.policy import Permission

NO_MAIL: Final = "A token gets no mail; a person has to do this."


class Choice(NamedTuple):
    """Whether a member is written to about a kind."""

    kind: Kind
    rule: Rule
    mail: bool
    by_default: bool  # and so it stays with whoever chooses nothing


@atomic
def mark_seen(until: datetime | None = None, *, by: Actor) -> None:
    """Count nothing as new that a member was told until then; never less than before, nor the future."""
    member = _member(by)
    until = min(until or timezone.now(), timezone.now())
    Membership.objects.filter(pk=member.pk, seen_until__lt=until).update(seen_until=until)


def mail_choices(by: Actor) -> list[Choice]:
    """All that a member can be written to about, and whether they are."""
    chosen = dict(MailPreference.objects.filter(member=_member(by)).values_list("kind", "wanted"))
    return [_choice(kind, by, chosen) for kind in visible_kinds(by.roles)]


def _choice(kind: Kind, by: Actor, chosen: dict[str, bool]) -> Choice:
    default = not RULES[kind].mail_to.isdisjoint(by.roles)
    return Choice(kind, RULES[kind], chosen.get(kind, default), default)


@atomic
def choose_mail(wanted: Collection[Kind], *, by: Actor) -> list[Choice]:
    """Be written to about these kinds and no others, of those that this member sees."""
    member = _member(by)
    before = mail_choices(by)
    changed = [choice for choice in before if choice.mail != (choice.kind in wanted)]
    MailPreference.objects.bulk_create(
        [
            MailPreference(tenant=by.tenant, member=member, kind=choice.kind, wanted=not choice.mail)
            for choice in changed
        ],
        update_conflicts=True,
        unique_fields=["tenant", "member", "kind"],
        update_fields=["wanted"],
    )
    if changed:
        on = [choice.kind.value for choice in changed if not choice.mail]
        off = [choice.kind.value for choice in changed if choice.mail]
        audit.record("member.mail_chosen", member, by=by, on=on, off=off)
    return mail_choices(by)


def may_choose_mail(by: Actor) -> None:
    """Raise Forbidden for whoever gets no mail."""
    _member(by)


def _member(by: Actor) -> Membership:
    by.require(Permission.NOTIFICATION_VIEW)
    if by.membership is None:
        raise Forbidden(NO_MAIL)
    return by.membership
