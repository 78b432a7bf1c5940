"""Row-level security for everything of a tenant, and what may be read before a tenant is known."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from tenants.isolation import EnableTenantIsolation, current, revoke

NO_TENANT = f"{current('app.tenant')} IS NULL"
USER = current("app.user")
DIGEST = current("app.token", "text")


def opening(table: str, name: str, condition: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE POLICY {name} ON {table} FOR SELECT USING ({NO_TENANT} AND {condition})",
        f"DROP POLICY {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tenants", "0001_initial")]

    operations: ClassVar[list[Operation]] = [
        EnableTenantIsolation("tenants_tenant", "id"),
        EnableTenantIsolation("tenants_membership"),
        EnableTenantIsolation("tenants_apitoken"),
        EnableTenantIsolation("tenants_auditevent"),
        EnableTenantIsolation("tenants_audithead"),
        EnableTenantIsolation("tenants_idempotentanswer"),
        opening("tenants_membership", "own_memberships", f"user_id = {USER}"),
        opening("tenants_apitoken", "presented_token", f"digest = {DIGEST}"),
        opening(
            "tenants_tenant",
            "own_tenants",
            f"(id IN (SELECT tenant_id FROM tenants_membership WHERE user_id = {USER})"  # noqa: S608 -- constants
            f" OR id IN (SELECT tenant_id FROM tenants_apitoken WHERE digest = {DIGEST}))",
        ),
        # What was recorded stays as it was recorded, whoever asks.
        migrations.RunSQL(revoke("UPDATE, DELETE", "tenants_auditevent"), migrations.RunSQL.noop),
        migrations.RunSQL(revoke("DELETE", "tenants_audithead"), migrations.RunSQL.noop),
    ]
