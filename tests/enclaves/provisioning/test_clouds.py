import inspect
import re
from pathlib import Path
from uuid import UUID

import jwt
import pytest

import enclaves
from enclaves.models import CloudAccount, SigningKey
from enclaves.providers.aws import AwsProvider
from enclaves.providers.azure import AzureConfig, AzureProvider
from enclaves.providers.base import Claim
from enclaves.provisioning import clouds, issuer
from enclaves.provisioning.clouds import claim_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

SUBSCRIPTION = "7c1d0000-0000-4000-8000-00000000e402"


@pytest.fixture
def subscription(acme):
    return CloudAccount(
        tenant=acme,
        cloud="azure",
        number=SUBSCRIPTION,
        registration="reg-1",
        external_id="acme-x",
        azure_tenant_id="dddd1111-0000-4000-8000-000000000002",
        azure_client_id="c11e0000-0000-4000-8000-000000000001",
    )


@pytest.fixture
def made(monkeypatch):
    """The configurations that providers are made with."""
    seen = []
    monkeypatch.setattr(clouds, "AzureProvider", lambda claim, config: seen.append(config))
    return seen


def test_each_cloud_has_its_provider(subscription, acme):
    account = CloudAccount(tenant=acme, cloud="aws", number="111122223333")

    assert isinstance(clouds.provider_for(account), AwsProvider)
    assert isinstance(clouds.provider_for(subscription), AzureProvider)


def test_a_claim_carries_the_whole_binding(subscription, acme):
    claim = claim_of(subscription)

    assert (claim.account, claim.registration, claim.tenant) == (SUBSCRIPTION, "reg-1", str(acme.pk))
    assert (claim.directory, claim.client_id) == (
        "dddd1111-0000-4000-8000-000000000002",
        "c11e0000-0000-4000-8000-000000000001",
    )


def test_the_canary_is_nobody_and_for_an_account_always_the_same(subscription, globex):
    mine = claim_of(subscription)
    subscription.tenant = globex
    theirs = claim_of(subscription)

    assert UUID(mine.canary_tenant).version == 4
    assert (mine.canary_tenant, mine.canary_id) == (theirs.canary_tenant, theirs.canary_id)
    assert mine.canary_tenant not in (mine.tenant, theirs.tenant)


def test_another_account_has_another_canary(subscription):
    first = claim_of(subscription)
    subscription.number = SUBSCRIPTION.replace("7c1d", "7c1e")

    assert first.canary_tenant != claim_of(subscription).canary_tenant
    assert first.canary_id != claim_of(subscription).canary_id


def test_the_canary_has_the_form_of_an_external_id(subscription):
    assert re.fullmatch(r"canary-[0-9a-f]{32}", claim_of(subscription).canary_id)


def test_settings_send_the_provider_into_a_pretend_azure(subscription, made, settings):
    settings.AZURE_AUTHORITY_URL, settings.AZURE_ARM_URL = "https://127.0.0.1:1", "https://127.0.0.1:2"
    settings.AZURE_CA_FILE, settings.AZURE_IMAGE_GALLERY = "ca.pem", "enclaves-0123abcd"

    clouds.provider_for(subscription)

    (config,) = made
    assert (config.authority_url, config.arm_url, config.ca_file, config.image_gallery) == (
        "https://127.0.0.1:1",
        "https://127.0.0.1:2",
        "ca.pem",
        "enclaves-0123abcd",
    )


def test_without_settings_it_is_the_real_azure(subscription, made):
    clouds.provider_for(subscription)

    (config,) = made
    assert (config.issuer, config.authority_url, config.arm_url, config.ca_file) == (
        "http://127.0.0.1:8000",
        "https://login.microsoftonline.com",
        "https://management.azure.com",
        None,
    )


@pytest.mark.parametrize("name", ["tenant", "canary_tenant"])
def test_a_provider_speaks_for_the_tenant_of_its_claim_and_for_the_canary(subscription, made, name):
    issuer.keep_keys()
    clouds.provider_for(subscription)
    subject = f"tenant:{getattr(claim_of(subscription), name)}:subscription:{SUBSCRIPTION}:role:observer"

    claims = jwt.decode(made[0].sign(subject), options={"verify_signature": False})
    assert claims["sub"] == subject


def test_a_provider_can_not_speak_for_another_tenant(subscription, made, globex):
    issuer.keep_keys()
    clouds.provider_for(subscription)

    for subject in (f"tenant:{globex.pk}:subscription:{SUBSCRIPTION}:role:observer", "tenant:", ""):
        with pytest.raises(ValueError, match="for no other tenant"):
            made[0].sign(subject)


def test_there_is_nowhere_to_put_a_client_secret():
    named = {
        *inspect.signature(AzureConfig).parameters,
        *inspect.signature(Claim).parameters,
        *(field.name for field in CloudAccount._meta.get_fields()),
    }

    assert [name for name in named if re.search("secret|password|certificate|key", name)] == []


def test_no_part_of_the_product_knows_a_client_secret():
    product = Path(enclaves.__file__).resolve().parent
    telling = re.compile(r"client_secret|ClientSecretCredential|DefaultAzureCredential|EnvironmentCredential")

    knowing = [path.name for path in product.rglob("*.py") if telling.search(path.read_text())]
    assert knowing == []


def test_neither_the_claim_nor_the_configuration_shows_what_is_secret(subscription, made):
    SigningKey.objects.all().delete()
    clouds.provider_for(subscription)

    assert "acme-x" not in repr(claim_of(subscription))
    assert "_sign_for" not in repr(made[0])
