"""Bad days on Azure: the pretend Azure, the portal as an issuer over TLS, the provider of production."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import override_settings

from enclaves.models import HostImage, MachineType, SigningKey, Zone
from enclaves.provisioning import issuer
from enclaves.provisioning.clouds import place_of
from enclaves.services import accounts, enclaves, templates
from sandbox.azure.server import EmbeddedAzure
from sandbox.azure.types.compute.galleries import PUBLIC_NAME
from tenants.gate import Actor
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.baddays.azure.account import AzureSubscription
from tests.baddays.azure.issuer import serving_issuer
from tests.baddays.conftest import until_quiet
from tests.baddays.registered import Registered

NUMBERS = itertools.count(1)  # the sandbox outlives a test, so each test takes new subscriptions
ZONE = "prod.azure-eastus-az1"


@pytest.fixture(scope="session")
def running_issuer(tmp_path_factory):
    with serving_issuer(tmp_path_factory.mktemp("issuer")) as served:
        yield served


@pytest.fixture(scope="session")
def running_azure(running_issuer):
    with EmbeddedAzure() as azure:
        azure.trust(str(running_issuer[1]))
        yield azure


@pytest.fixture(scope="session")
def known_keys():
    """The keys with which the portal signs, kept from test to test: making one takes a second."""
    return []


@pytest.fixture
def signing_keys(transactional_db, known_keys):
    make_keys(known_keys)


def make_keys(known_keys: list[SigningKey]) -> None:
    SigningKey.objects.bulk_create(known_keys)
    issuer.keep_keys()
    known_keys[:] = SigningKey.objects.all()


@pytest.fixture
def azure(running_azure, running_issuer, signing_keys):
    """The pretend Azure, which this process and its workers take for the real one."""
    with taken_for_azure(running_azure, running_issuer[0]):
        yield running_azure


@contextmanager
def taken_for_azure(running: EmbeddedAzure, issuer_url: str) -> Iterator[None]:
    with override_settings(
        ISSUER_URL=issuer_url,
        AZURE_AUTHORITY_URL=running.authority_url,
        AZURE_ARM_URL=running.arm_url,
        AZURE_CA_FILE=running.ca_file,
        AZURE_IMAGE_GALLERY=PUBLIC_NAME,
        ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "127.0.0.1"],
    ):
        running.behaviour.change(throttling=False)
        yield
        running.reset()


@pytest.fixture(scope="session")
def known_offers():
    """What the region offers, kept from test to test."""
    return {MachineType: [], HostImage: []}


@pytest.fixture
def zone(offers) -> Zone:
    return make_zone()


def make_zone() -> Zone:
    facts = {"environment": "prod", "cloud": "azure", "region": "eastus"}
    return Zone.objects.get_or_create(name=ZONE, defaults={**facts, "availability_zone_ids": ["eastus-az1"]})[
        0
    ]


@dataclass
class RegisteredAzure(Registered):
    """A subscription that a tenant registered, and what its owner has in it."""

    azure: AzureSubscription

    def apply_account_template(self) -> None:
        """Do what the tenant's cloud administrator does, and hand in what the template tells."""
        template = templates.account_template(self.account)
        outputs = self.azure.apply(template.text, "enclave-account")
        accounts.hand_in_client(self.account, by=self.by, azure_client_id=outputs["observerClientId"])

    def apply_zone_template(self) -> None:
        self.account.refresh_from_db()
        self.azure.apply(
            templates.zone_template(self.enclave).text, place_of(self.enclave).zone.replace(".", "-")
        )


@pytest.fixture
def registered(azure, zone, actor):
    """Register a new subscription: ``registered()``, ``registered(globex)``; nothing in it is proved yet."""

    def make(*tenant, number: str = "") -> RegisteredAzure:
        return register(azure, zone, actor(Role.ADMIN, *tenant), number)

    return make


def register(azure: EmbeddedAzure, zone: Zone, by: Actor, number: str = "") -> RegisteredAzure:
    count = next(NUMBERS)
    number = number or f"aaaabbbb-0000-4000-8000-{count:012}"
    owner = azure.owners.get(number) or azure.add_subscription(number, f"dddd1111-0000-4000-8000-{count:012}")
    with tenant_scope(by.tenant.pk):
        account = accounts.register_account(
            by=by, account=f"azure:{number}", azure_tenant_id=owner.directory_id
        )
        enclave = enclaves.create_enclave(account, by=by, zone=zone.name)
        return RegisteredAzure(by, account, enclave, AzureSubscription(azure, owner))


@pytest.fixture
def proved(registered):
    """Register a subscription, apply the templates, and have the worker prove it."""

    def make(*tenant, **facts) -> RegisteredAzure:
        return prove(registered(*tenant, **facts))

    return make


def prove(made: RegisteredAzure) -> RegisteredAzure:
    with tenant_scope(made.by.tenant.pk):
        made.apply_account_template()
        until_quiet()
        made.apply_zone_template()
    until_quiet()
    with tenant_scope(made.by.tenant.pk):
        assert made.states() == ("verified", "ready")
    return made


@pytest.fixture
def acme_cloud(proved, in_acme) -> RegisteredAzure:
    """acme's subscription, proved; the test sees acme's rows."""
    return proved()
