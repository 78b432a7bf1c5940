"""An account of acme's, proved, with one enclave; and workers that run when the test says so."""

import pytest
from django.utils import timezone

from enclaves.models import CloudAccount, Deployment, Enclave, Work, Zone
from enclaves.provisioning import clouds, reconcile, verify, worker
from enclaves.services import accounts, deployments, enclaves
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves import asking
from tests.enclaves.fakes import FakeCloud

ACCOUNT, ZONE = "aws:111122223333", "prod.aws-us-east-1c"
SUBSCRIPTION, AZURE_ZONE = "azure:aaaabbbb-0000-4000-8000-ccccdddd0001", "prod.azure-eastus-az1"
DIRECTORY, CLIENT_ID = "dddd1111-0000-4000-8000-000000000002", "eeee2222-0000-4000-8000-000000000001"
IMAGE = f"registry.example.com/recommender@sha256:{'a' * 64}"


def spec_text(
    hosts=3, *, cluster="query", account=ACCOUNT, zone=ZONE, application="recommender", image=IMAGE
):
    return (
        f"application: {application}\nenclave: {account}/{zone}\nimage: {image}\nclusters:\n"
        f"  - name: {cluster}\n    hosts: {hosts}\n"
        "    machine: {vcpu: 8, memory_gib: 32, disk_gib: 100, architecture: arm64}\n"
    )


# The people and hosts of tests about access.
agents, approver, asked, grant = asking.agents, asking.approver, asking.asked, asking.grant
hosts, support = asking.hosts, asking.support
ask, signer = asking.ask, asking.signer


@pytest.fixture
def zones(transactional_db):
    """The zone catalogue; a test that commits empties it for the next one."""
    Zone.objects.get_or_create(
        name=ZONE,
        defaults={
            "environment": "prod",
            "cloud": "aws",
            "region": "us-east-1",
            "availability_zone_ids": ["use1-az6"],
        },
    )
    Zone.objects.get_or_create(
        name=AZURE_ZONE,
        defaults={
            "environment": "prod",
            "cloud": "azure",
            "region": "eastus",
            "availability_zone_ids": ["eastus-az1"],
        },
    )


@pytest.fixture
def cloud(monkeypatch):
    """The cloud of this test: one account in memory, ready to fail on demand."""
    fake = FakeCloud()
    for module in (clouds, verify, reconcile):
        monkeypatch.setattr(module, "provider_for", lambda account: fake)
    return fake


@pytest.fixture
def admin(actor):
    return actor(Role.ADMIN)


@pytest.fixture
def work_until_quiet():
    """Let a worker do what is due, and what becomes due by it, as if no time had to pass."""

    def run(rounds=30):
        for number in range(rounds):
            _bring_forward(everything=number == 0)
            if not worker.run_due():
                return
            if not _anything_moves():
                return

    return run


def _bring_forward(*, everything):
    waiting = Work.objects.using("system").filter(due_at__isnull=False).exclude(fence__lt=0)
    if not everything:
        # What was proved just now rests; whoever needs a newer proof asks for it, and that is due at once.
        waiting = waiting.exclude(kind=Work.Kind.VERIFY, due_at__gt=timezone.now() + verify.UNCLEAR)
    waiting.update(due_at="2026-01-01T00:00:00Z")


def _anything_moves():
    from enclaves.lifecycle import OPEN_OPERATION
    from enclaves.models import Operation

    return Operation.objects.using("system").filter(state__in=OPEN_OPERATION).exists()


@pytest.fixture
def account(zones, cloud, admin) -> CloudAccount:
    with tenant_scope(admin.tenant_id):
        return accounts.register_account(by=admin, account=ACCOUNT)


@pytest.fixture
def enclave(account, admin, work_until_quiet) -> Enclave:
    with tenant_scope(admin.tenant_id):
        made = enclaves.create_enclave(account, by=admin, zone=ZONE)
    work_until_quiet()
    return made


@pytest.fixture
def subscription(zones, cloud, admin) -> CloudAccount:
    """An Azure subscription of acme's; nothing was handed in yet."""
    with tenant_scope(admin.tenant_id):
        return accounts.register_account(by=admin, account=SUBSCRIPTION, azure_tenant_id=DIRECTORY)


@pytest.fixture
def azure_enclave(subscription, admin, work_until_quiet) -> Enclave:
    """A zone in that subscription, proved; its last proof has told how Azure numbers the zones there."""
    with tenant_scope(admin.tenant_id):
        accounts.hand_in_client(subscription, by=admin, azure_client_id=CLIENT_ID)
        made = enclaves.create_enclave(subscription, by=admin, zone=AZURE_ZONE)
        work_until_quiet()
        CloudAccount.objects.update(facts={"logical_zones": {"eastus": {"eastus-az1": "1"}}})
    return made


@pytest.fixture
def deploy(admin, work_until_quiet):
    """Submit and apply a spec: ``deploy(hosts=3)``; the worker has not looked yet."""

    def make(hosts=3, **facts) -> Deployment:
        with tenant_scope(admin.tenant_id):
            revision = deployments.submit_spec(by=admin, source=spec_text(hosts, **facts))
            deployments.apply_plan(revision, by=admin, plan_hash=revision.plan_hash)
            return revision.deployment

    return make
