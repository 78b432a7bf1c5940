"""What the database holds, to show that nothing was changed."""

from django.apps import apps
from django.db import connections

# Signing in and looking around leave traces that are no change.
TRACES = {"django_session", "tenants_apitoken", "tenants_user"}


def snapshot() -> dict[str, str]:
    """A digest of each table's rows, as seen by the role that row-level security does not bind."""
    tables = sorted({model._meta.db_table for model in apps.get_models()} - TRACES)
    with connections["system"].cursor() as cursor:
        return {table: _digest(cursor, table) for table in tables}


def _digest(cursor, table: str) -> str:
    rows = "coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
    cursor.execute(f"SELECT count(*) || ':' || {rows} FROM {table} t")  # noqa: S608 -- a table of ours
    return cursor.fetchone()[0]


def changed(before: dict[str, str]) -> list[str]:
    """The tables that differ from an earlier snapshot."""
    now = snapshot()
    return [table for table, digest in before.items() if now[table] != digest]
