"""globex wants into acme's account: by page, by API, by SQL, and in the cloud itself."""

import itertools
import re
from dataclasses import dataclass
from datetime import timedelta

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError
from django.db.transaction import atomic
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from enclaves.blueprints.aws.names import OBSERVER, PROVISIONER, role_arn
from enclaves.models import AccessRequest, Host, Operation
from enclaves.services import access
from tenants.errors import Refused
from tenants.isolation import owned_models
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tokens import create_token
from tests.baddays.conftest import (
    RegisteredAws,
    fresh,
    make_zone,
    prove,
    register,
    taken_for_aws,
    until_quiet,
)
from tests.baddays.living import assert_cloud_refuses
from tests.baddays.mortal import worker_environment
from tests.baddays.shared import admin_of, committed, unchanged
from tests.baddays.snapshot import changed, snapshot
from tests.signing_in import sign_in

pytestmark = [pytest.mark.django_db(databases=["default", "system"])]

INTRUDERS = itertools.count(1)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass
class World:
    acme: RegisteredAws  # with a live deployment, and a wish for access to its host
    wish: AccessRequest
    globex: RegisteredAws  # globex's own registration of acme's account, looked at by the worker


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, running_aws, known_offers):
    with committed(django_db_blocker), taken_for_aws(running_aws), fresh(known_offers):
        acme = prove(register(running_aws, make_zone(), admin_of("acme")))
        acme.deploy(1)
        until_quiet()
        globex = register(running_aws, make_zone(), admin_of("globex"), acme.account.number)
        until_quiet()
        with tenant_scope(acme.by.tenant.pk):
            acme.account.refresh_from_db()
            acme.enclave.refresh_from_db()
            host = Host.objects.get()
            wish = access.ask_access([host], by=acme.by, tenant=acme.by.tenant, reason="It answers slowly.")
        yield World(acme, wish, globex)


@pytest.fixture
def _django_db_helper(world, django_db_blocker):
    """In place of a transaction that is undone: no test changes what all share, and it sees acme's rows."""
    with unchanged(django_db_blocker, world.acme.by):
        yield


@pytest.fixture
def acme_live(world):
    return world.acme


@pytest.fixture
def globex_claim(acme_live, world):
    return world.globex


@pytest.fixture
def acme(acme_live):
    return acme_live.by.tenant


@pytest.fixture
def globex(globex_claim):
    return globex_claim.by.tenant


@pytest.fixture
def intruder(acme_live):
    """The admin of a tenant of this test alone: with what is their own they may do as they like."""
    return admin_of(f"intruder-{next(INTRUDERS)}")


@pytest.fixture
def browser(intruder):
    client = Client()
    return sign_in(client, intruder.membership.user)


@pytest.fixture
def program(intruder):
    with tenant_scope(intruder.tenant.pk):
        _, secret = create_token("test", [Role.ADMIN], timezone.now() + timedelta(days=1), by=intruder)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern) and "<slug:tenant>" in route and "events/<slug" not in route:
            yield route


def addresses(tenant, cloud, wish):
    """Each address that names a tenant, with the names and ids of acme's own things."""
    host, operation = Host.objects.get(), Operation.objects.latest("created_at")
    ids = {"deployments": host.deployment_id, "hosts": host.pk, "operations": operation.pk}
    names = {
        "tenant": tenant,
        "account": str(cloud.account),
        "zone": cloud.enclave.zone_id,
        "grant": wish.name,
    }
    for route in routes():
        noun = next((noun for noun in ids if f"{noun}/<uuid" in route), "hosts")
        values = {
            **names,
            "application": "recommender",
            "number": "1",
            "sequence": "1",
            "name": wish.name if "access-requests/" in route else "robot",
            "pk": ids[noun],
            "id": ids[noun],
        }
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)  # noqa: B023


def secrets_of(cloud):
    """What an answer to globex must not hold."""
    host = Host.objects.get()
    names = (cloud.account.pk, cloud.account.registration, cloud.account.external_id, cloud.enclave.pk)
    wishes = AccessRequest.objects.values_list("pk", flat=True)
    return [str(name) for name in (*names, host.pk, host.instance_id, host.deployment_id, *wishes)]


@pytest.mark.parametrize("way", ["browser", "program"])
def test_acmes_own_addresses_do_not_exist_for_globex(way, acme_live, world, request):
    client = request.getfixturevalue(way)
    known = list(addresses("acme", acme_live, world.wish))
    before = snapshot()

    answers = {
        client.generic(method, address, b"{}", content_type="application/json").status_code
        for address in known
        for method in METHODS
        if way == "browser" or address.startswith("/api/")
    }

    assert answers <= {404, 405}
    assert changed(before) == []


@pytest.mark.parametrize("way", ["browser", "program"])
def test_acmes_ids_lead_nowhere_below_globexs_own_address(way, acme_live, world, intruder, request):
    client = request.getfixturevalue(way)
    known = list(addresses(intruder.tenant.name, acme_live, world.wish))
    secrets = secrets_of(acme_live)
    before = {table: rows for table, rows in snapshot().items() if table.startswith("enclaves_")}

    bodies = {
        (method, address): body_of(client, method, address).replace(address, "")
        for address in known
        for method in METHODS
        if way == "browser" or address.startswith("/api/")
    }
    leaks = [(call, secret) for call, body in bodies.items() for secret in secrets if secret in body]

    assert leaks == []
    assert changed(before) == []


def body_of(client, method, address):
    answer = client.generic(method, address, b"{}", content_type="application/json")
    if answer.status_code == 404:
        return ""  # the page of an address that does not exist repeats the address
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode()


def test_registering_acmes_account_gives_nothing_and_tells_nothing(globex_claim, acme_live, globex):
    with tenant_scope(globex.pk):
        globex_claim.account.refresh_from_db()
        checks = dict(globex_claim.account.checks.filter(enclave=None).values_list("code", "outcome"))
        with pytest.raises(Refused, match="is pending, so nothing is changed in it"), atomic():
            globex_claim.deploy(1)
    acme_live.account.refresh_from_db()
    assert (globex_claim.account.state, globex_claim.account.holds) == ("pending", False)
    assert (checks["observer-answers"], checks["holder"]) == ("failed", "waiting")
    assert (acme_live.account.state, len(acme_live.aws.machines())) == ("verified", 1)


def test_the_cloud_refuses_globexs_id(globex_claim, acme_live):
    host = assert_cloud_refuses(globex_claim, acme_live.enclave.resources, "use1-az6")

    assert list(acme_live.aws.host_ids()) == [host.instance_id]


def test_the_trust_policies_take_acmes_id_and_no_other(globex_claim, acme_live):
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=acme_live.aws.url)

    def outcome(role, **presented):
        try:
            sts.assume_role(
                RoleArn=role_arn(acme_live.account.number, role), RoleSessionName="intruder", **presented
            )
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "ok"

    for role in (OBSERVER, PROVISIONER):
        assert outcome(role, ExternalId=acme_live.account.external_id) == "ok"
        assert outcome(role, ExternalId=globex_claim.account.external_id) == "AccessDenied"
        assert outcome(role, ExternalId=acme_live.account.external_id.upper()) == "AccessDenied"
        assert outcome(role) == "AccessDenied"


@pytest.fixture
def as_app(globex, acme_live):
    """The application's database role, in the scope of globex, as somebody who has taken it over."""
    url = worker_environment()["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.info.user == "portal_app"
        connection.execute("SELECT set_config('app.tenant', %s, false)", [str(globex.pk)])
        yield connection


def refusal(connection, statement, values=()):
    try:
        connection.execute(statement, values)
    except psycopg.Error as error:
        return type(error).__name__
    return "nothing refused it"


TABLES = sorted(model._meta.db_table for model in owned_models())


TOUCHES = [
    "SELECT * FROM {} WHERE tenant_id = %s",
    "DELETE FROM {} WHERE tenant_id = %s",
    "UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = %s",
]


def test_sql_sees_and_touches_nothing_of_acmes(as_app, acme):
    before = snapshot()
    found = {
        table: tuple(touched(as_app, one.format(table), [acme.pk]) for one in TOUCHES) for table in TABLES
    }

    assert found == dict.fromkeys(TABLES, (0, 0, 0))
    assert changed(before) == []


def touched(connection, statement, values):
    try:
        return connection.execute(statement, values).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0


def test_sql_cannot_give_globexs_rows_to_acme(as_app, globex_claim, acme, globex):
    own = [acme.pk, globex_claim.account.pk]

    answer = refusal(as_app, "UPDATE enclaves_cloudaccount SET tenant_id = %s WHERE id = %s", own)

    assert answer == "InsufficientPrivilege"


def test_sql_cannot_hang_globexs_deployment_on_acmes_enclave(as_app, globex_claim, acme_live, globex):
    application = as_app.execute(
        "INSERT INTO enclaves_application (id, tenant_id, name, created_at) "
        "VALUES (gen_random_uuid(), %s, 'evil', now()) RETURNING id",
        [globex.pk],
    ).fetchone()[0]

    answer = refusal(
        as_app,
        "INSERT INTO enclaves_deployment (id, tenant_id, application_id, enclave_id, state, problem, "
        "created_at) VALUES (gen_random_uuid(), %s, %s, %s, 'planned', '', now())",
        [globex.pk, application, acme_live.enclave.pk],
    )
    as_app.execute("DELETE FROM enclaves_application WHERE id = %s", [application])

    assert answer == "ForeignKeyViolation"


def test_sql_cannot_take_the_hold_of_an_account_that_acme_holds(as_app, globex_claim):
    answer = refusal(
        as_app,
        "UPDATE enclaves_cloudaccount SET holds = true, state = 'verified' WHERE id = %s",
        [globex_claim.account.pk],
    )

    assert answer == "UniqueViolation"


WALLS = [
    "DROP POLICY tenant_isolation ON enclaves_host",
    "ALTER TABLE enclaves_host DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE enclaves_host NO FORCE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON enclaves_host USING (true)",
    "TRUNCATE enclaves_host CASCADE",
    "SET ROLE portal_system",
    "SET ROLE portal_owner",
    "ALTER ROLE portal_app BYPASSRLS",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "COPY enclaves_host TO PROGRAM 'id'",
]


def test_sql_cannot_take_the_walls_down(as_app):
    answers = {statement: refusal(as_app, statement) for statement in WALLS}

    as_app.execute("SET row_security = off")
    answers["unbound"] = refusal(as_app, "SELECT * FROM enclaves_host")
    assert answers == dict.fromkeys([*WALLS, "unbound"], "InsufficientPrivilege")
