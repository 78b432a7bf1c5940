"""How those who change the same tenant take turns."""

from uuid import UUID

from tenants.actors import Actor
from tenants.models import Tenant


def take_turns(by: Actor) -> Tenant:
    """Until the end of the transaction, let nobody else change members or the freeze of the tenant."""
    return lock_tenant(by.tenant.pk)


def lock_tenant(tenant_id: UUID) -> Tenant:
    """The same for somebody who is no actor in the tenant yet."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
