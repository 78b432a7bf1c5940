"""globex wants into acme's subscription: refused at the proof, by the database, and by Entra itself."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlencode

import psycopg
import pytest
from django.db.transaction import atomic

from enclaves.blueprints.azure.names import OBSERVER, PROVISIONER, identity_id, subject
from enclaves.provisioning import issuer
from enclaves.provisioning.clouds import claim_of
from enclaves.services import accounts
from tenants.errors import Refused
from tenants.scope import tenant_scope
from tests.baddays.azure.conftest import (
    RegisteredAzure,
    make_keys,
    make_zone,
    prove,
    register,
    taken_for_azure,
)
from tests.baddays.conftest import fresh, until_quiet
from tests.baddays.living import assert_cloud_refuses
from tests.baddays.mortal import worker_environment
from tests.baddays.shared import admin_of, committed, unchanged

pytestmark = [pytest.mark.django_db(databases=["default", "system"])]

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class World:
    acme: RegisteredAzure  # with a live deployment
    globex: RegisteredAzure  # globex's own registration, with acme's client id; the worker has looked at it


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, running_azure, running_issuer, known_keys, known_offers):
    with (
        committed(django_db_blocker),
        taken_for_azure(running_azure, running_issuer[0]),
        fresh(known_offers),
    ):
        make_keys(known_keys)
        acme = prove(register(running_azure, make_zone(), admin_of("acme")))
        acme.deploy(1)
        until_quiet()
        globex = register(running_azure, make_zone(), admin_of("globex"), acme.account.number)
        with tenant_scope(acme.by.tenant.pk):
            assert acme.states() == ("verified", "ready")
        with tenant_scope(globex.by.tenant.pk):
            known = acme.account.azure_client_id
            accounts.hand_in_client(globex.account, by=globex.by, azure_client_id=known)
        until_quiet()
        yield World(acme, globex)


@pytest.fixture
def _django_db_helper(world, django_db_blocker):
    """In place of a transaction that is undone: no test changes what all share, and it sees acme's rows."""
    with unchanged(django_db_blocker, world.acme.by):
        yield


@pytest.fixture
def acme_live(world):
    return world.acme


@pytest.fixture
def globex_claim(world):
    return world.globex


@pytest.fixture
def globex(world):
    return world.globex.by.tenant


def client_id(cloud, role):
    identity = cloud.azure.find(
        "Microsoft.ManagedIdentity/userAssignedIdentities", identity_id(cloud.account.number, role)
    )
    return identity["properties"]["clientId"]


def test_at_the_proof_acmes_subscription_gives_globex_nothing_and_tells_nothing(
    globex_claim, acme_live, globex
):
    with tenant_scope(globex.pk):
        globex_claim.account.refresh_from_db()
        checks = dict(globex_claim.account.checks.filter(enclave=None).values_list("code", "outcome"))
        with pytest.raises(Refused, match="so nothing is changed in it"), atomic():
            globex_claim.deploy(1)
    assert globex_claim.account.holds is False
    assert globex_claim.account.state in ("pending", "verifying")
    assert (checks["observer-answers"], checks["holder"]) == ("failed", "waiting")
    assert (acme_live.states(), len(acme_live.azure.machines())) == (("verified", "ready"), 1)


def test_the_database_lets_nobody_else_hold_acmes_subscription(globex_claim, acme_live, globex):
    url = worker_environment()["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as as_app:
        as_app.execute("SELECT set_config('app.tenant', %s, false)", [str(globex.pk)])
        own = [globex_claim.account.pk]

        with pytest.raises(psycopg.errors.UniqueViolation):
            as_app.execute(
                "UPDATE enclaves_cloudaccount SET holds = true, state = 'verified' WHERE id = %s", own
            )
        stolen = as_app.execute(
            "UPDATE enclaves_cloudaccount SET azure_client_id = '' WHERE id = %s", [acme_live.account.pk]
        )

    assert stolen.rowcount == 0
    acme_live.account.refresh_from_db()
    assert acme_live.account.azure_client_id != ""


def test_the_cloud_refuses_whatever_globexs_provider_asks(globex_claim, acme_live):
    host = assert_cloud_refuses(globex_claim, acme_live.enclave.resources, "eastus-az1")

    assert list(acme_live.azure.host_ids()) == [host.instance_id]


def test_entra_takes_acmes_subject_and_no_other(globex_claim, acme_live):
    number, tenant = acme_live.account.number, str(acme_live.account.tenant_id)
    other = str(globex_claim.account.tenant_id)

    def outcome(role, presented):
        return exchange(acme_live.azure.azure, acme_live, client_id(acme_live, role), issuer.sign(presented))

    for role in (OBSERVER, PROVISIONER):
        assert outcome(role, subject(tenant, number, role)) == "ok"
        assert outcome(role, subject(other, number, role)) == "AADSTS700213"
        assert outcome(role, subject(tenant, number, role).upper()) == "AADSTS700213"
        assert outcome(role, subject(tenant, number.replace("a", "b"), role)) == "AADSTS700213"
    assert outcome(PROVISIONER, subject(tenant, number, OBSERVER)) == "AADSTS700213"


def exchange(azure, cloud, client, assertion):
    """Ask Entra for a token; return "ok" or the number of its refusal."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
        "scope": "https://management.azure.com/.default",
    }
    url = f"{azure.authority_url}/{cloud.account.azure_tenant_id}/oauth2/v2.0/token"
    context = ssl.create_default_context(cafile=azure.ca_file)
    try:
        with urllib.request.urlopen(url, urlencode(form).encode(), context=context):  # noqa: S310 -- loopback
            return "ok"
    except urllib.error.HTTPError as refusal:
        with refusal:
            return f"AADSTS{json.load(refusal)['error_codes'][0]}"


def test_the_portal_signs_for_no_other_tenant_than_that_of_the_registration(globex_claim, acme_live):
    from enclaves.provisioning.clouds import _sign_for

    of_globex = claim_of(globex_claim.account)

    with pytest.raises(ValueError, match="no other tenant"):
        _sign_for(of_globex, subject(str(acme_live.account.tenant_id), acme_live.account.number, OBSERVER))
