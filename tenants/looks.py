"""Looks of staff into tenants: read across all of them, change nothing, and tell each what was seen of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections, models
from django.db.transaction import atomic

from tenants import audit
from tenants.actors import StaffActor
from tenants.models import Tenant, TenantOwned
from tenants.scope import EVERYBODY


class Looks:
    """What one request shows of tenants."""

    def __init__(self) -> None:
        self._seen: list[tuple[frozenset[UUID], models.Model | str]] = []

    def into(self, tenant: Tenant, subject: models.Model) -> None:
        """Note that a thing of a tenant is shown, or the tenant itself."""
        self._seen.append((frozenset({tenant.pk}), subject))

    def at_list(self, name: str, rows: Iterable[TenantOwned]) -> None:
        """Note that rows of a list across tenants are shown, like "hosts"."""
        self._seen.append((frozenset(row.tenant_id for row in rows), name))

    def tell(self, by: StaffActor) -> None:
        """Write into the audit of each tenant what was seen of it."""
        for tenants, subject in self._seen:
            audit.record_looks(tenants, subject, by=by)


@contextmanager
def looking(by: StaffActor) -> Iterator[Looks]:
    """Let one of the staff read across tenants inside the block, and at its end tell the tenants.

    One transaction on the connection that sees everybody: what cannot be told is not shown either. Inside
    the block that connection takes no change.
    """
    looks = Looks()
    with atomic(using=EVERYBODY):
        with atomic(using=EVERYBODY):
            # Of the savepoint alone: what is told afterwards has to be written.
            with connections[EVERYBODY].cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            yield looks
        looks.tell(by)
