"""A tenant as a whole: making one, and stopping every change in it."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.transaction import atomic
from django.utils import timezone
from django.utils.module_loading import import_string

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.models import Membership, Tenant, User
from tenants.policy import Permission, Role
from tenants.scope import tenant_scope
from tenants.services.members import is_staff_now
from tenants.services.turns import take_turns


@atomic
def create_tenant(name: str, title: str = "", *, by: User) -> Tenant:
    """Make a tenant with its first admin.

    Raises ValidationError for a name that is none, or taken, and Forbidden for staff.
    """
    if is_staff_now(by):
        raise Forbidden("Staff are members of no tenant.")
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
    """Stop every change of the portal in all accounts of the tenant, and end all access to its hosts.

    What runs keeps running.
    """
    by.require(Permission.TENANT_FREEZE)
    tenant = take_turns(by)
    if tenant.frozen_at is None:
        _set_frozen(tenant, timezone.now())
        audit.record("tenant.frozen", tenant, by=by)
        # Who keeps the grants is named by a setting: they are none of ours.
        import_string(settings.ON_FREEZE)(by)


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
