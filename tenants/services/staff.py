"""The vendor's people: who is one, and with which roles. They are members of no tenant.

That nobody is both is checked here for the sake of the message; the database refuses it by itself.
"""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, connection
from django.db.models import QuerySet
from django.db.transaction import atomic, on_commit
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from tenants import staff_log
from tenants.actors import Shell, StaffActor
from tenants.errors import Refused
from tenants.models import StaffMember, User
from tenants.policy import StaffPermission, StaffRole
from tenants.services.departures import look_again_at

log = logging.getLogger(__name__)

_LAST: Final = "This is the last operator. Make somebody else an operator first."


def people() -> QuerySet[StaffMember]:
    """Everybody who is or was staff."""
    return StaffMember.objects.select_related("user", "added_by")


@atomic
def add_staff(email: str, roles: Iterable[str], *, name: str = "", by: StaffActor | Shell) -> StaffMember:
    """Make somebody staff, by their address; one who left comes back. Makes the user if there is none.

    Raises ValidationError for what is no address or role, and Refused for a member of a tenant.
    """
    _may(by)
    chosen, address = known_staff_roles(roles), _address(email)
    take_turns()
    user = _user(address, name.strip())
    before = StaffMember.objects.filter(user=user).first()
    if before is not None and before.is_active:
        raise Refused(f"{address} is staff already. Change their roles instead.")
    _change_sides(user, to_staff=True)
    facts = {"roles": chosen, "is_active": True, "added_at": timezone.now(), "added_by": _person(by)}
    member, _ = StaffMember.objects.update_or_create(user=user, defaults=facts)
    staff_log.record("staff.added", address, by=by, roles=chosen)
    if isinstance(by, StaffActor):
        on_commit(partial(_deliver, _letter(member, by)))
    return member


def _letter(member: StaffMember, by: StaffActor) -> EmailMessage:
    facts = {
        "by": by.member.user.email,
        "roles": " and ".join(member.roles),
        "email": member.user.email,
        "password": settings.BASE_URL + reverse("account_reset_password"),
        "staff": settings.BASE_URL + reverse("staff-home"),
    }
    text = render_to_string("staff/people/letter.txt", facts)
    return EmailMessage("You are staff of Enclave Portal", text, to=[member.user.email])


def _deliver(letter: EmailMessage) -> None:
    # Nothing hangs on it: who is not reached this way is told the same by whoever added them.
    try:
        letter.send()
    except OSError:  # of which every error of smtplib is one
        log.exception("The letter to new staff could not be sent.")


@atomic
def change_staff_roles(member: StaffMember, roles: Iterable[str], *, by: StaffActor | Shell) -> StaffMember:
    """Give one of the staff other roles. Raises Refused if no operator would be left."""
    _may(by)
    chosen = known_staff_roles(roles)
    take_turns()
    member = _as_it_is_now(member)
    if StaffRole.OPERATOR not in chosen:
        _keep_an_operator(member)
    before, member.roles = member.roles, chosen
    member.save(update_fields=["roles"])
    if before != chosen:
        staff_log.record("staff.roles_changed", member.user.email, by=by, before=before, after=chosen)
        look_again_at(member.user)
    return member


@atomic
def remove_staff(member: StaffMember, *, by: StaffActor | Shell) -> None:
    """Shut one of the staff out at once. Raises Refused if no operator would be left."""
    _may(by)
    take_turns()
    member = _as_it_is_now(member)
    _keep_an_operator(member)
    member.is_active = False
    member.save(update_fields=["is_active"])
    _change_sides(member.user, to_staff=False)
    look_again_at(member.user)
    staff_log.record("staff.removed", member.user.email, by=by, roles=member.roles)


def known_staff_roles(roles: Iterable[str]) -> list[str]:
    """The roles in the order of the table. Raises ValidationError for one that does not exist, or none."""
    given = set(roles)
    unknown = given - set(StaffRole)
    if unknown or not given:
        which = f"There is no role {', '.join(sorted(unknown))}." if unknown else "Choose at least one role."
        raise ValidationError({"roles": which})
    return [role.value for role in StaffRole if role in given]


def _may(by: StaffActor | Shell) -> None:
    if isinstance(by, StaffActor):
        by.require(StaffPermission.STAFF_MANAGE)


def _person(by: StaffActor | Shell) -> User | None:
    return by.member.user if isinstance(by, StaffActor) else None


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from error
    return address


def take_turns() -> None:
    """Until the end of the transaction, let nobody else change who is staff.

    Else two operators could remove each other at the same moment, and nobody would be left.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE tenants_staffmember IN SHARE ROW EXCLUSIVE MODE")


def _user(address: str, name: str) -> User:
    user = User.objects.select_for_update().filter(email=address).first()
    if user is None:
        user = User.objects.create_user(address, name=name)
        EmailAddress.objects.create(user=user, email=address, primary=True)
    elif not EmailAddress.objects.filter(user=user, email__iexact=address, verified=True).exists():
        _start_over(user)
    return user


def _start_over(user: User) -> None:
    # Anybody may have signed up with an address of ours, and wait for it to be given rights.
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])


def _change_sides(user: User, *, to_staff: bool) -> None:
    try:
        with atomic():
            User.objects.filter(pk=user.pk).update(is_staff=to_staff)
    except IntegrityError as error:
        raise Refused(f"{user.email} is a member of a tenant. Staff are members of none.") from error
    user.is_staff = to_staff


def _as_it_is_now(member: StaffMember) -> StaffMember:
    found = people().filter(pk=member.pk, is_active=True).first()
    if found is None:
        raise Refused(f"{member.user.email} is no staff any more.")
    return found


def _keep_an_operator(member: StaffMember) -> None:
    others = StaffMember.objects.filter(is_active=True, user__is_active=True).exclude(pk=member.pk)
    operates = StaffRole.OPERATOR in member.roles
    if operates and not others.filter(roles__contains=[StaffRole.OPERATOR]).exists():
        raise Refused(_LAST)
