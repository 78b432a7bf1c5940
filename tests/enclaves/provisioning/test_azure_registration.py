"""A subscription from its registration to its proof: the portal's own keys and pages, and a pretend Azure."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from enclaves.models import CloudAccount, SigningKey
from enclaves.providers.azure import AzureProvider
from enclaves.provisioning import clouds, issuer
from enclaves.services import accounts, templates
from sandbox.azure.azure import Azure
from sandbox.azure.transport import in_process
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.providers.tenant_subscription import TenantSubscription, TestIssuer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

ISSUER = "https://portal.example.com"


def fetch(url):
    """Get what the portal publishes, as Entra does."""
    assert url.startswith(f"{ISSUER}/")
    return Client(headers={"Host": "portal.example.com"}).get(urlsplit(url).path).json()


@pytest.fixture
def azure(settings, monkeypatch):
    settings.ISSUER_URL = ISSUER
    settings.ALLOWED_HOSTS = ["portal.example.com"]
    made = Azure(fetch=fetch)
    made.behaviour.throttling = False
    inside = in_process(made)
    monkeypatch.setattr(
        clouds, "AzureProvider", lambda claim, config: AzureProvider(claim, replace(config, transport=inside))
    )
    issuer.keep_keys()
    return made


@pytest.fixture
def subscription(azure):
    return TenantSubscription(azure, TestIssuer())


@pytest.fixture
def register(subscription, actor, work_until_quiet):
    """Register the subscription, apply what the portal says, if told to, and hand in a client id."""

    def make(tenant, *, applies=True, client_id=""):
        by = actor(Role.ADMIN, tenant)
        with tenant_scope(tenant.pk):
            account = accounts.register_account(
                by=by, account=f"azure:{subscription.number}", azure_tenant_id=subscription.directory
            )
            if applies:
                template = templates.account_template(account)
                outputs = subscription.deploy(template.text, template.file_name.removesuffix(".json"))
                client_id = outputs["observerClientId"]["value"]
            accounts.hand_in_client(account, by=by, azure_client_id=client_id)
        return account

    return make


@pytest.fixture
def proved(work_until_quiet):
    """Have an account proved, and return it as it is then."""

    def again(account):
        work_until_quiet()
        with tenant_scope(account.tenant_id):
            return CloudAccount.objects.get(pk=account.pk)

    return again


def outcomes(account):
    with tenant_scope(account.tenant_id):
        return dict(account.checks.values_list("code", "outcome"))


def test_a_subscription_is_proved_with_nothing_but_what_the_portal_publishes(register, proved, acme):
    account = proved(register(acme))

    assert (account.state, account.holds, account.problem) == ("verified", True, "")
    assert set(outcomes(account).values()) == {"passed"}


def test_its_proof_tells_what_it_calls_the_zones(register, proved, acme, subscription):
    account = proved(register(acme))

    told = {physical: logical for logical, physical in subscription.zones.items()}
    assert account.facts["logical_zones"]["eastus"] == told


def test_who_registers_the_subscription_of_another_tenant_proves_nothing(register, proved, acme, globex):
    mine = proved(register(acme))

    theirs = proved(register(globex, applies=False, client_id=mine.azure_client_id))

    assert (theirs.holds, theirs.verified_at, theirs.takes_changes) == (False, None, False)
    assert (outcomes(theirs)["observer-answers"], theirs.facts) == ("failed", {})
    assert proved(mine).state == "verified"


def test_the_database_lets_only_one_tenant_hold_a_subscription(register, proved, acme, globex):
    mine = proved(register(acme))
    theirs = register(globex, applies=False, client_id=mine.azure_client_id)

    with (
        tenant_scope(globex.pk),
        pytest.raises(IntegrityError, match="account_one_holder"),
    ):
        CloudAccount.objects.filter(pk=theirs.pk).update(holds=True)


def test_a_wrong_client_id_is_mended_by_handing_in_the_right_one(register, proved, acme, actor, subscription):
    account = proved(register(acme))
    right = account.azure_client_id
    with tenant_scope(acme.pk):
        CloudAccount.objects.filter(pk=account.pk).update(azure_client_id=subscription.other)
    account = proved(account)
    assert account.state == "degraded"

    with tenant_scope(acme.pk):
        accounts.hand_in_client(account, by=actor(Role.ADMIN), azure_client_id=right)
    assert proved(account).state == "verified"


def test_a_turn_of_the_keys_is_not_noticed(register, proved, acme):
    account = proved(register(acme))
    old = SigningKey.objects.get()
    issuer._publish_next(old, signs_from=timezone.now() - timedelta(minutes=1))

    assert proved(account).state == "verified"
    assert SigningKey.objects.count() == 2


def test_a_portal_that_can_not_sign_for_a_moment_accuses_nobody(register, proved, acme, settings):
    account = proved(register(acme))
    checked_before, settings.SIGNING_SECRET = account.checked_at, ""

    account = proved(account)
    assert (account.state, account.problem) == ("verified", "")
    assert account.checked_at > checked_before
    assert "failed" not in outcomes(account).values()
    assert "unknown" in outcomes(account).values()
