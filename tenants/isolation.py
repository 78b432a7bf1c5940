"""The second and the third wall between tenants: row-level policies, and foreign keys that carry the tenant.

Migrations use the two operations; `gaps` says what a database lacks of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations import RunSQL

POLICY = "tenant_isolation"

# The roles that the portal's processes connect as. They need not exist: a test database has one role.
APP_ROLE = "portal_app"
RUNNING_ROLES = (APP_ROLE, "portal_system")


def current(setting: str, kind: str = "uuid") -> str:
    """SQL for a setting of the connection, NULL (which matches nothing) where it is not set."""
    return f"NULLIF(current_setting('{setting}', true), '')::{kind}"


class EnableTenantIsolation(RunSQL):
    """Show and take the rows of a table only in the scope of their tenant, also for the table's owner."""

    def __init__(self, table: str, column: str = "tenant_id") -> None:
        self.table, self.column = table, column
        mine = f'"{column}" = {current("app.tenant")}'
        super().__init__(
            sql=[
                f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
                f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
                f'CREATE POLICY {POLICY} ON "{table}" USING ({mine}) WITH CHECK ({mine})',
                # TRUNCATE asks no policy.
                revoke("TRUNCATE, REFERENCES, TRIGGER", table),
            ],
            reverse_sql=[
                f'DROP POLICY {POLICY} ON "{table}"',
                f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
                f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
            ],
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.table, self.column], {}

    def describe(self) -> str:
        return f"Isolate the tenants in {self.table}"


class TenantForeignKey(RunSQL):
    """Tie a reference to a row of the same tenant: foreign keys are checked past row-level security.

    `column` of the child then refers to ``(tenant_id, id)`` of the parent, beside Django's own key.
    """

    def __init__(self, child: str, column: str, parent: str) -> None:
        self.child, self.column, self.parent = child, column, parent
        name = twin_name(child, column)
        super().__init__(
            sql=f'ALTER TABLE "{child}" ADD CONSTRAINT "{name}" FOREIGN KEY (tenant_id, "{column}")'
            f' REFERENCES "{parent}" (tenant_id, id)',
            reverse_sql=f'ALTER TABLE "{child}" DROP CONSTRAINT "{name}"',
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.child, self.column, self.parent], {}

    def describe(self) -> str:
        return f"Keep {self.child}.{self.column} inside the tenant"


def twin_name(child: str, column: str) -> str:
    """The name of the composite twin of a foreign key; PostgreSQL takes 63 characters."""
    return f"{child}_{column}"[:50] + "_same_tenant"


def revoke(privileges: str, table: str, roles: Sequence[str] = RUNNING_ROLES) -> str:
    """SQL that takes privileges on a table from the roles that run the portal, where they exist."""
    return _for_each(roles, f'REVOKE {privileges} ON "{table}" FROM %I')


def grant(privileges: str, table: str, roles: Sequence[str] = RUNNING_ROLES) -> str:
    """SQL that gives privileges on a table to roles that run the portal, where they exist."""
    return _for_each(roles, f'GRANT {privileges} ON "{table}" TO %I')


def _for_each(roles: Sequence[str], statement: str) -> str:
    names = ", ".join(f"'{role}'" for role in roles)
    return (
        "DO $$ DECLARE running name; BEGIN "  # noqa: S608 -- names of ours
        f"FOR running IN SELECT rolname FROM pg_roles WHERE rolname IN ({names}) LOOP "
        f"EXECUTE format('{statement}', running); "
        "END LOOP; END $$"
    )


def owned_models() -> list[type[models.Model]]:
    """Every model whose rows belong to a tenant, of all apps."""
    return [model for model in apps.get_models() if _is_owned(model)]


def gaps(connection: BaseDatabaseWrapper) -> list[str]:
    """Say in a sentence each what is missing of the two walls; an empty list is a sound database."""
    found: list[str] = []
    for model in owned_models():
        found += _policy_gaps(connection, model._meta.db_table)
        found += _key_gaps(connection, model)
    return found


def _is_owned(model: type[models.Model]) -> bool:
    if not any(field.name == "tenant" for field in model._meta.fields):
        return False
    return model._meta.get_field("tenant").related_model is apps.get_model("tenants", "Tenant")


def _policy_gaps(connection: BaseDatabaseWrapper, table: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WALLS, [table])
        enabled, forced = cursor.fetchone() or (False, False)
        cursor.execute(_POLICIES, [table])
        policies = {name: rule for name, *rule in cursor.fetchall()}
    if not enabled:
        yield f"{table}: row-level security is off."
    if not forced:
        yield f"{table}: row-level security does not bind the owner."
    if policies.pop(POLICY, None) != _ISOLATION:
        yield f"{table}: the policy {POLICY} is missing or says something else."
    for name in sorted(policies.keys() - _OPENINGS.get(table, set())):
        yield f"{table}: the policy {name} opens it further."


def _key_gaps(connection: BaseDatabaseWrapper, model: type[models.Model]) -> Iterator[str]:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [table])
        keys = [tuple(map(_flat, key)) for key in cursor.fetchall()]
    for field in model._meta.local_fields:
        target = field.related_model
        if not isinstance(target, type) or not _is_owned(target):
            continue
        if (
            target._meta.db_table,
            ("tenant_id", field.column),
            ("tenant_id", "id"),
        ) not in keys:
            yield f"{table}.{field.column}: no foreign key carries the tenant."


def _flat(part: str | list[str]) -> str | tuple[str, ...]:
    return tuple(part) if isinstance(part, list) else part


# The policy as PostgreSQL writes it back: for all commands, for everybody, the same to read and to write.
_RULE = "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)"
_ISOLATION = [True, "*", ["public"], _RULE, _RULE]

# What may be read before a tenant is known, see the migrations that make these.
_OPENINGS = {
    "tenants_membership": {"own_memberships"},
    "tenants_apitoken": {"presented_token"},
    "tenants_invitation": {"presented_invitation"},
    "tenants_signon": {"asked_sign_on"},
}

_WALLS = "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = to_regclass(%s)"
_POLICIES = """
SELECT polname, polpermissive, polcmd::text,
    ARRAY(SELECT coalesce(rolname, 'public')::text
          FROM unnest(polroles) AS given LEFT JOIN pg_roles ON pg_roles.oid = given),
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
FROM pg_policy WHERE polrelid = to_regclass(%s)
"""
_KEYS = """
SELECT confrelid::regclass::text,
    ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
          JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place),
    ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
          JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place)
FROM pg_constraint WHERE contype = 'f' AND convalidated AND conrelid = to_regclass(%s)
"""
