"""Who belongs to a tenant, and with which roles."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.transaction import atomic
from django.urls import reverse

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.kinds import Kind
from tenants.models import Membership, User
from tenants.notifications import notify
from tenants.policy import Permission, Role
from tenants.services.departures import look_again_at
from tenants.services.revocation import revoke_tokens_of
from tenants.services.turns import take_turns


@atomic
def add_member(user: User, roles: Iterable[str], *, by: Actor) -> Membership:
    """Let a person into the tenant unasked. Pages and API invite instead: they must not tell who signed up.

    Raises Refused if they are a member already, or staff.
    """
    by.require(Permission.MEMBER_MANAGE)
    chosen = known_roles(roles)
    tenant = take_turns(by)
    if tenant.memberships.filter(user=user).exists():
        raise Refused(f"{user.email} is a member already.")
    if is_staff_now(user):
        raise Refused(f"{user.email} cannot become a member.")
    membership = Membership.objects.create(tenant=tenant, user=user, roles=chosen)
    audit.record("member.added", membership, by=by, member=user.email, roles=chosen)
    return membership


def is_staff_now(user: User) -> bool:
    """Say whether somebody is staff, which stays true until the end of the transaction."""
    row = User.objects.select_for_update(no_key=True).filter(pk=user.pk)
    return row.values_list("is_staff", flat=True).get()


@atomic
def change_roles(membership: Membership, roles: Iterable[str], *, by: Actor) -> Membership:
    """Give a member other roles. Raises Refused if no admin would be left."""
    by.require(Permission.MEMBER_MANAGE)
    chosen = known_roles(roles)
    take_turns(by)
    membership = _as_it_is_now(membership)
    if Role.ADMIN not in chosen:
        _keep_an_admin(membership)
    before, membership.roles = membership.roles, chosen
    membership.save(update_fields=["roles"])
    if before != chosen:
        email = membership.user.email
        audit.record("member.roles_changed", membership, by=by, member=email, before=before, after=chosen)
        what = f"{email} is {' and '.join(chosen)} now, and was {' and '.join(before)}"
        _tell(Kind.MEMBER_ROLES_CHANGED, membership, what, by)
        look_again_at(membership.user)
    return membership


@atomic
def remove_member(membership: Membership, *, by: Actor) -> None:
    """Shut a person out at once, with their personal tokens. Service accounts that they made stay."""
    by.require(Permission.MEMBER_MANAGE)
    take_turns(by)
    membership = _as_it_is_now(membership)
    _keep_an_admin(membership)
    revoke_tokens_of(membership, by=by)
    audit.record("member.removed", membership, by=by, member=membership.user.email)
    _tell(Kind.MEMBER_REMOVED, membership, f"{membership.user.email} was removed", by)
    look_again_at(membership.user)
    membership.delete()


@atomic
def leave_tenant(*, by: Actor) -> None:
    """Give one's own membership up, with one's personal tokens. Raises Refused if no admin would be left."""
    by.require(Permission.MEMBER_LEAVE)
    if by.membership is None:
        raise Forbidden("Only a person can leave, who signed in. A token is revoked instead.")
    take_turns(by)
    membership = _as_it_is_now(by.membership)
    _keep_an_admin(membership)
    revoke_tokens_of(membership, by=by)
    audit.record("member.left", membership, by=by, member=by.label)
    _tell(Kind.MEMBER_REMOVED, membership, f"{by.label} left", by)
    look_again_at(membership.user)
    membership.delete()


def _tell(kind: Kind, membership: Membership, what: str, by: Actor) -> None:
    """Tell those whom the kind tells, and the member themselves, unless it was their own act."""
    tenant, member = membership.tenant, membership.user_id
    notify(
        kind,
        tenant=tenant,
        source=f"member:{membership.pk}",
        title=what,
        detail=f"By {by.label}." if member != by.id else "",
        link=reverse("member-list", args=[tenant.name]),
        people=[member] if member != by.id else [],
        by=by,
    )


def _as_it_is_now(membership: Membership) -> Membership:
    # Read once more, now that nobody else can change it: another admin may have been faster.
    found = Membership.objects.select_related("user", "tenant").filter(pk=membership.pk).first()
    if found is None:
        raise Refused(f"{membership.user.email} is no member any more.")
    return found


def _keep_an_admin(membership: Membership) -> None:
    others = Membership.objects.filter(tenant_id=membership.tenant_id).exclude(pk=membership.pk)
    if not others.filter(roles__contains=[Role.ADMIN], user__is_active=True).exists():
        raise Refused("This is the last admin. Make somebody else an admin first.")


def known_roles(roles: Iterable[str]) -> list[str]:
    """The roles in the order of the table. Raises ValidationError for one that does not exist, or none."""
    given = set(roles)
    unknown = given - set(Role)
    if unknown or not given:
        which = f"There is no role {', '.join(sorted(unknown))}." if unknown else "Choose at least one role."
        raise ValidationError({"roles": which})
    return [role.value for role in Role if role in given]
