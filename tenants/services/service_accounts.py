"""The accounts of programs: making them, what they may, and stopping them."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.models import ServiceAccount
from tenants.policy import Permission, covers
from tenants.services.members import known_roles
from tenants.services.tokens import may_hand_out, not_by_a_personal_token


@atomic
def create_service_account(name: str, roles: Iterable[str], title: str = "", *, by: Actor) -> ServiceAccount:
    """Make an account for a program; it stays when whoever made it goes. It has no token yet.

    Raises ValidationError for a name that is none, or taken. Nobody gives it a role that they lack.
    """
    by.require(Permission.SERVICE_ACCOUNT_MANAGE)
    not_by_a_personal_token(by)
    chosen = known_roles(roles)
    _gives(by, chosen)
    made_by = by.membership.user if by.membership else None
    account = ServiceAccount(
        tenant=by.tenant, name=name.strip(), title=title.strip(), roles=chosen, created_by=made_by
    )
    _check(account)
    _save_new(account)
    audit.record("service_account.created", account, by=by, roles=chosen)
    return account


def _check(account: ServiceAccount) -> None:
    account.clean_fields({field.name for field in ServiceAccount._meta.fields} - {"name", "title"})


def _save_new(account: ServiceAccount) -> None:
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError({"name": f"The name {account.name} is taken."}) from error


@atomic
def change_service_account(
    account: ServiceAccount, roles: Iterable[str], title: str, *, by: Actor
) -> ServiceAccount:
    """Give an account other roles, which its tokens have from their next call on, or another title."""
    account = _as_it_is_now(account)
    may_hand_out(account, by)
    chosen = known_roles(roles)
    _gives(by, chosen)
    before = _facts(account)
    account.roles, account.title = chosen, title.strip()
    _check(account)
    account.save(update_fields=["roles", "title"])
    if before != _facts(account):
        audit.record("service_account.changed", account, by=by, before=before, after=_facts(account))
    return account


def _facts(account: ServiceAccount) -> dict[str, Any]:
    return {"roles": list(account.roles), "title": account.title}


@atomic
def disable_service_account(account: ServiceAccount, *, by: Actor) -> ServiceAccount:
    """Refuse all its tokens from now on. They work again once it is enabled, if they live until then."""
    by.require(Permission.SERVICE_ACCOUNT_MANAGE)
    account = _as_it_is_now(account)
    if account.disabled_at is None:
        account.disabled_at = timezone.now()
        account.save(update_fields=["disabled_at"])
        audit.record("service_account.disabled", account, by=by)
    return account


@atomic
def enable_service_account(account: ServiceAccount, *, by: Actor) -> ServiceAccount:
    """Let its tokens work again, those that are not over."""
    account = _as_it_is_now(account)
    may_hand_out(account, by)
    if account.disabled_at is not None:
        account.disabled_at = None
        account.save(update_fields=["disabled_at"])
        audit.record("service_account.enabled", account, by=by)
    return account


def _as_it_is_now(account: ServiceAccount) -> ServiceAccount:
    # Locked, so that two who change it take turns, and each records what was before.
    return ServiceAccount.objects.select_for_update(no_key=True).get(pk=account.pk)


def _gives(by: Actor, roles: list[str]) -> None:
    if not covers(by.roles, roles):
        raise Forbidden("Nobody can give a service account a role that they lack.")
