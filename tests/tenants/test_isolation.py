"""The second wall and the third, tried from the connection that the portal itself has."""

from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from tenants import isolation
from tenants.models import Membership
from tenants.scope import tenant_scope
from tenants.tokens import digest_of


def enter(raw, tenant) -> None:
    raw.execute("SELECT set_config('app.tenant', %s, false)", [str(tenant.pk)])


@pytest.fixture
def two(transactional_db, acme, globex):
    return acme, globex


def test_every_model_of_a_tenant_stands_behind_both_walls(db):
    assert isolation.gaps(connection) == []


def test_the_walk_finds_the_models_of_both_apps():
    names = {model._meta.label for model in isolation.owned_models()}

    assert {"tenants.Membership", "tenants.AuditEvent", "enclaves.CloudAccount", "enclaves.Host"} <= names


@pytest.mark.parametrize(
    ("weakening", "gap"),
    [
        ("DROP POLICY tenant_isolation ON enclaves_host", "enclaves_host: the policy"),
        ("ALTER TABLE enclaves_host NO FORCE ROW LEVEL SECURITY", "does not bind the owner"),
        ("ALTER TABLE enclaves_host DISABLE ROW LEVEL SECURITY", "row-level security is off"),
        ("CREATE POLICY backdoor ON enclaves_host USING (true)", "backdoor opens it further"),
        ("ALTER POLICY tenant_isolation ON enclaves_host USING (true)", "says something else"),
        (
            "ALTER TABLE enclaves_host DROP CONSTRAINT enclaves_host_enclave_id_same_tenant",
            "enclaves_host.enclave_id: no foreign key carries the tenant",
        ),
    ],
)
def test_each_weakening_is_found(db, weakening, gap):
    with connection.cursor() as cursor:
        cursor.execute(weakening)

    assert [found for found in isolation.gaps(connection) if gap in found]


def test_a_forgotten_filter_without_a_tenant_finds_nothing(two, as_app):
    for model in isolation.owned_models():
        count = as_app.execute(f"SELECT count(*) FROM {model._meta.db_table}").fetchone()  # noqa: S608
        assert count == (0,), model


def test_another_tenants_row_cannot_be_read_changed_or_deleted_by_its_id(two, as_app):
    acme, globex = two
    with tenant_scope(globex.pk):
        theirs = Membership.objects.get().pk

    enter(as_app, acme)

    assert as_app.execute("SELECT 1 FROM tenants_membership WHERE id = %s", [theirs]).fetchall() == []
    changed = as_app.execute("UPDATE tenants_membership SET roles = '{admin}' WHERE id = %s", [theirs])
    deleted = as_app.execute("DELETE FROM tenants_membership WHERE id = %s", [theirs])
    assert (changed.rowcount, deleted.rowcount) == (0, 0)


def test_a_row_cannot_be_put_into_another_tenant(two, as_app, new_user):
    acme, globex = two
    spy = new_user("spy@acme.example")

    enter(as_app, acme)

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        as_app.execute(
            "INSERT INTO tenants_membership (id, tenant_id, user_id, roles, joined_at)"
            " VALUES (%s, %s, %s, '{admin}', now())",
            [uuid4(), globex.pk, spy.pk],
        )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        as_app.execute("UPDATE tenants_membership SET tenant_id = %s", [globex.pk])


@pytest.mark.parametrize(
    "escape",
    [
        "SET ROLE portal_system",
        "SET ROLE portal_owner",
        "ALTER TABLE tenants_membership DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON tenants_membership",
        "TRUNCATE tenants_membership",
        "ALTER ROLE portal_app BYPASSRLS",
    ],
)
def test_the_application_cannot_take_the_wall_down(two, as_app, escape):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(escape)


def test_a_reference_into_another_tenant_is_refused(two, as_app):
    acme, globex = two
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE parent (id uuid PRIMARY KEY, tenant_id uuid, UNIQUE (tenant_id, id))")
        cursor.execute("CREATE TABLE child (tenant_id uuid, parent_id uuid REFERENCES parent)")
        cursor.execute(isolation.TenantForeignKey("child", "parent_id", "parent").sql)
    row = uuid4()
    as_app.execute("INSERT INTO parent VALUES (%s, %s)", [row, globex.pk])

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        as_app.execute("INSERT INTO child VALUES (%s, %s)", [acme.pk, row])

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE child, parent")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_auditevent SET actor = 'x'",
        "DELETE FROM tenants_auditevent",
        "UPDATE tenants_auditcheckpoint SET hash = 'x'",
        "DELETE FROM tenants_auditcheckpoint",
        "TRUNCATE tenants_auditcheckpoint",
    ],
)
def test_the_application_cannot_rewrite_the_record(two, as_app, statement):
    enter(as_app, two[0])

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(statement)


def test_the_application_sees_the_public_halves_of_the_signing_keys_alone(two, as_app):
    assert as_app.execute("SELECT kid, public, ends_at FROM enclaves_signingkey").fetchall() == []

    for column in ("private", "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(f"SELECT {column} FROM enclaves_signingkey")  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO enclaves_signingkey VALUES ('k', '{}', '', now(), now(), NULL)",
        "UPDATE enclaves_signingkey SET ends_at = NULL",
        "DELETE FROM enclaves_signingkey",
    ],
)
def test_the_application_cannot_make_itself_a_signing_key(two, as_app, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(statement)


def test_a_token_presented_to_the_database_shows_only_itself(two, as_app, token_of):
    token, secret = token_of("reader")
    token_of("reader", name="another")

    as_app.execute("SELECT set_config('app.token', %s, false)", [digest_of(secret)])

    assert as_app.execute("SELECT id FROM tenants_apitoken").fetchall() == [(token.pk,)]
    assert as_app.execute("SELECT name FROM tenants_tenant").fetchall() == [("acme",)]
    assert as_app.execute("SELECT count(*) FROM tenants_membership").fetchone() == (0,)
