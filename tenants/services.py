"""What a person may ask about tenants, members and tokens: one function for each intent.

They raise Forbidden (403), ValidationError with the names of fields (400) and Refused (409); then
nothing has changed.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.models import ApiToken, Membership, Tenant, User
from tenants.policy import Permission, Role, covers
from tenants.scope import tenant_scope
from tenants.tokens import TOKEN_PREFIX, digest_of

LONGEST_TOKEN_LIFE = timedelta(days=366)


@atomic
def create_tenant(name: str, title: str = "", *, by: User) -> Tenant:
    """Make a tenant with its first admin.

    Raises ValidationError for a name that is none, or taken.
    """
    tenant = Tenant(id=uuid4(), name=name.strip(), title=title.strip())
    tenant.full_clean(validate_unique=False, validate_constraints=False)
    with tenant_scope(tenant.pk):
        _save_new(tenant)
        audit.open_chain(tenant)
        membership = Membership.objects.create(tenant=tenant, user=by, roles=[Role.ADMIN])
        audit.record("tenant.created", tenant, by=Actor.of_member(membership), name=tenant.name)
    return tenant


def _save_new(tenant: Tenant) -> None:
    try:
        with transaction.atomic():
            tenant.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError({"name": f"The name {tenant.name} is taken."}) from error


@atomic
def freeze_tenant(*, by: Actor) -> None:
    """Stop every change of the portal in all accounts of the tenant. What runs keeps running."""
    by.require(Permission.TENANT_FREEZE)
    tenant = take_turns(by)
    if tenant.frozen_at is None:
        _set_frozen(tenant, timezone.now())
        audit.record("tenant.frozen", tenant, by=by)


@atomic
def unfreeze_tenant(*, by: Actor) -> None:
    """Let changes go on from where they stopped."""
    by.require(Permission.TENANT_FREEZE)
    tenant = take_turns(by)
    if tenant.frozen_at is not None:
        _set_frozen(tenant, None)
        audit.record("tenant.unfrozen", tenant, by=by)


def _set_frozen(tenant: Tenant, at: datetime | None) -> None:
    tenant.frozen_at = at
    tenant.save(update_fields=["frozen_at"])


@atomic
def add_member(user: User, roles: Iterable[str], *, by: Actor) -> Membership:
    """Let a person into the tenant unasked. Pages and API invite instead: they must not tell who signed up.

    Raises Refused if they are a member already.
    """
    by.require(Permission.MEMBER_MANAGE)
    chosen = known_roles(roles)
    tenant = take_turns(by)
    if tenant.memberships.filter(user=user).exists():
        raise Refused(f"{user.email} is a member already.")
    membership = Membership.objects.create(tenant=tenant, user=user, roles=chosen)
    audit.record("member.added", membership, by=by, member=user.email, roles=chosen)
    return membership


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
    return membership


@atomic
def remove_member(membership: Membership, *, by: Actor) -> None:
    """Shut a person out at once. Tokens they made belong to the tenant and stay."""
    by.require(Permission.MEMBER_MANAGE)
    take_turns(by)
    membership = _as_it_is_now(membership)
    _keep_an_admin(membership)
    audit.record("member.removed", membership, by=by, member=membership.user.email)
    membership.delete()


@atomic
def leave_tenant(*, by: Actor) -> None:
    """Give one's own membership up. Raises Refused if no admin would be left."""
    by.require(Permission.MEMBER_LEAVE)
    if by.membership is None:
        raise Forbidden("A token cannot leave: it belongs to the tenant. Revoke it instead.")
    take_turns(by)
    membership = _as_it_is_now(by.membership)
    _keep_an_admin(membership)
    audit.record("member.left", membership, by=by, member=by.label)
    membership.delete()


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


@atomic
def create_token(name: str, roles: Iterable[str], expires_at: datetime, *, by: Actor) -> tuple[ApiToken, str]:
    """Make a token, and return it with its secret, which is not kept and cannot be shown again.

    Nobody gives a token a role that they lack.
    """
    by.require(Permission.TOKEN_CREATE)
    chosen = known_roles(roles)
    _may_give(chosen, expires_at, by)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        tenant=by.tenant,
        name=name.strip(),
        roles=chosen,
        prefix=secret[:8],
        digest=digest_of(secret),
        expires_at=expires_at,
        created_by=by.membership.user if by.membership else None,
    )
    given = ("name", "roles", "prefix", "digest", "expires_at")
    others = {field.name for field in ApiToken._meta.fields}.difference(given)
    token.full_clean(exclude=others, validate_unique=False, validate_constraints=False)
    token.save()
    audit.record("token.created", token, by=by, name=token.name, roles=chosen, expires_at=expires_at)
    return token, secret


def _may_give(roles: list[str], expires_at: datetime, by: Actor) -> None:
    if not covers(by.roles, roles):
        raise Forbidden("Nobody can give a token a role that they lack.")
    now = timezone.now()
    if expires_at <= now:
        raise ValidationError({"expires_at": "The end must lie in the future."})
    if expires_at > now + LONGEST_TOKEN_LIFE:
        raise ValidationError({"expires_at": f"A token lives {LONGEST_TOKEN_LIFE.days} days at most."})


@atomic
def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """End a token at once. One that has been revoked is no error."""
    by.require(Permission.TOKEN_REVOKE)
    if not covers(by.roles, token.roles):
        raise Forbidden("This token has a role that you lack; ask an admin.")
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record("token.revoked", token, by=by, name=token.name)


def take_turns(by: Actor) -> Tenant:
    """Until the end of the transaction, let nobody else change members or the freeze of the tenant."""
    return lock_tenant(by.tenant.pk)


def lock_tenant(tenant_id: UUID) -> Tenant:
    """The same for somebody who is no actor in the tenant yet."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def known_roles(roles: Iterable[str]) -> list[str]:
    """The roles in the order of the table. Raises ValidationError for one that does not exist, or none."""
    given = set(roles)
    unknown = given - set(Role)
    if unknown or not given:
        which = f"There is no role {', '.join(sorted(unknown))}." if unknown else "Choose at least one role."
        raise ValidationError({"roles": which})
    return [role.value for role in Role if role in given]
