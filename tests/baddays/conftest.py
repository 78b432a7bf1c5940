"""Bad days happen to the real thing: real servers, the pretend AWS, the provider that production uses."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from enclaves.lifecycle import OPEN_OPERATION
from enclaves.models import HostImage, MachineType, Operation, Work, Zone
from enclaves.provisioning import worker
from enclaves.provisioning.clouds import place_of
from enclaves.provisioning.work import LATEST
from enclaves.services import accounts, enclaves, templates
from sandbox.aws.client import apply_template
from sandbox.aws.server import EmbeddedAws
from tenants.gate import Actor
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.baddays.aws_account import AwsAccount
from tests.baddays.registered import Registered

PORTAL_ACCOUNT = "999900001111"
NUMBERS = itertools.count(600000000000)  # the sandbox outlives a test, so each test takes new accounts
ZONE = "prod.aws-us-east-1c"
LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="session")
def running_aws():
    with EmbeddedAws(portal_account=PORTAL_ACCOUNT) as aws:
        yield aws


@pytest.fixture
def aws(running_aws):
    """The pretend AWS, which this process and its workers take for the real one."""
    with taken_for_aws(running_aws):
        yield running_aws


@contextmanager
def taken_for_aws(running: EmbeddedAws) -> Iterator[None]:
    portal = running.add_portal()
    with (
        override_settings(AWS_ENDPOINT_URL=running.url, AWS_PRINCIPAL_ARN=portal.arn),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_ACCESS_KEY_ID", portal.credentials.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", portal.credentials.secret_access_key)
        yield
    running.reset()


@pytest.fixture(scope="session")
def known_offers():
    """What the region offers, kept from test to test: it is many pages, and the same in each."""
    return {MachineType: [], HostImage: []}


@pytest.fixture
def offers(transactional_db, known_offers):
    """Let the proofs of this test find the catalogue fresh, unless it is the first."""
    with fresh(known_offers):
        yield


@contextmanager
def fresh(known_offers: dict) -> Iterator[None]:
    for model, rows in known_offers.items():
        for row in rows:
            row.seen_at = timezone.now()
        model.objects.bulk_create(rows)
    yield
    for model, rows in known_offers.items():
        rows[:] = rows or list(model.objects.all())


@pytest.fixture
def zone(offers) -> Zone:
    return make_zone()


def make_zone() -> Zone:
    facts = {"environment": "prod", "cloud": "aws", "region": "us-east-1"}
    return Zone.objects.get_or_create(name=ZONE, defaults={**facts, "availability_zone_ids": ["use1-az6"]})[0]


@dataclass
class RegisteredAws(Registered):
    """An AWS account that a tenant registered, and what its owner has in it."""

    aws: AwsAccount

    def apply_templates(self) -> None:
        """Do what the tenant's cloud administrator does."""
        place = place_of(self.enclave)
        for name, template in (
            ("enclave-account", templates.account_template(self.account)),
            ("enclave-zone", templates.zone_template(self.enclave)),
        ):
            apply_template(self.aws.url, self.account.number, template.text, place.region, name)


@pytest.fixture
def registered(aws, zone, actor):
    """Register a new account: ``registered()``, ``registered(globex)``; nothing in it is proved yet."""

    def make(*tenant, number: str = "") -> RegisteredAws:
        return register(aws, zone, actor(Role.ADMIN, *tenant), number)

    return make


def register(aws: EmbeddedAws, zone: Zone, by: Actor, number: str = "") -> RegisteredAws:
    number = number or str(next(NUMBERS))
    aws.add_account(number)
    with tenant_scope(by.tenant.pk):
        account = accounts.register_account(by=by, account=f"aws:{number}")
        enclave = enclaves.create_enclave(account, by=by, zone=zone.name)
        return RegisteredAws(by, account, enclave, AwsAccount(aws, number))


@pytest.fixture
def proved(registered):
    """Register an account, apply the templates, and have the worker prove it."""

    def make(*tenant, **facts) -> RegisteredAws:
        return prove(registered(*tenant, **facts))

    return make


def prove(made: RegisteredAws) -> RegisteredAws:
    with tenant_scope(made.by.tenant.pk):
        made.apply_templates()
    until_quiet()
    return made


@pytest.fixture
def acme_cloud(proved, in_acme) -> RegisteredAws:
    """acme's account, proved; the test sees acme's rows."""
    return proved()


@pytest.fixture
def work_until_quiet():
    """Let a worker do what is due, and what becomes due by it, as if no time had to pass."""
    return until_quiet


def until_quiet(rounds: int = 12) -> None:
    make_due()
    for _ in range(rounds):
        worker.run_due()
        if not _anything_moves():
            return
        _let_minutes_pass()


def make_due(*kinds: Work.Kind) -> None:
    """Let the time pass until the work is due, and what a dead worker held is free again."""
    rows = Work.objects.using("system").filter(kind__in=kinds or Work.Kind)
    rows.filter(due_at__isnull=False).update(due_at=LONG_AGO)
    Work.objects.using("system").filter(lease_until__isnull=False).update(lease_until=LONG_AGO)


def _let_minutes_pass() -> None:
    # As long as any retry may take. The next proof of what is proved is not waited for: it is no retry.
    soon = timezone.now() + timedelta(seconds=LATEST)
    Work.objects.using("system").filter(due_at__lt=soon).update(due_at=LONG_AGO)
    Work.objects.using("system").filter(lease_until__isnull=False).update(lease_until=LONG_AGO)


def _anything_moves() -> bool:
    return Operation.objects.using("system").filter(state__in=OPEN_OPERATION).exists()
