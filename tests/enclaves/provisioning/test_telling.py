"""What the tenant is told of while accounts, operations and hosts come and go."""

import pytest

from enclaves.lifecycle import HostState
from enclaves.models import AccountCheck, CloudAccount, Host, Operation
from enclaves.providers.base import Outcome, ProviderError, Trouble
from enclaves.provisioning import hosts, operations, telling
from enclaves.services import accounts
from tenants.kinds import Kind
from tenants.models import Letter, Notification
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


@pytest.fixture
def verified(account, work_until_quiet, in_acme):
    work_until_quiet()
    account.refresh_from_db()
    return account


@pytest.fixture
def live(enclave, deploy, work_until_quiet, in_acme):
    """A deployment with three hosts in service."""
    deployment = deploy(3)
    work_until_quiet()
    return deployment


def held() -> list[tuple[str, str]]:
    rows = Notification.objects.filter(ended_at=None).order_by("kind")
    return list(rows.values_list("kind", "title"))


def test_an_account_that_is_well_is_nothing_to_tell(verified):
    assert list(Notification.objects.all()) == []


def test_a_degraded_account_is_told_once_and_its_recovery_too(verified, cloud, work_until_quiet):
    cloud.outcomes["permissions"] = Outcome.FAILED
    for _ in range(2):
        work_until_quiet()
    (told,) = Notification.objects.all()
    letters = Letter.objects.count()
    Letter.objects.update(due_at=None, sent_at=told.begun_at)

    cloud.outcomes.clear()
    work_until_quiet()

    assert (told.kind, told.title) == (
        Kind.ACCOUNT_DEGRADED,
        f"{ACCOUNT} is degraded, changes are stopped",
    )
    assert (told.link, letters) == (f"/t/acme/accounts/{ACCOUNT}/", 1)
    assert (held(), Letter.objects.filter(is_end=True).count()) == ([], 1)


def test_an_insecure_account_is_told_as_such(verified, cloud, work_until_quiet):
    cloud.outcomes["strangers"] = Outcome.FAILED

    work_until_quiet()

    assert held() == [("account.insecure", f"{ACCOUNT} is insecure: a stranger gets in")]


def test_the_holder_learns_that_another_tenant_proved_control_and_not_which(
    verified, actor, globex, cloud, work_until_quiet
):
    rival = actor(Role.ADMIN, globex)
    with tenant_scope(globex.pk):
        claim = accounts.register_account(by=rival, account=ACCOUNT)
    work_until_quiet()
    work_until_quiet()

    assert held() == [("account.claimed", f"{ACCOUNT} is claimed by another tenant")]
    assert "globex" not in str(list(Notification.objects.values()))
    with tenant_scope(globex.pk):
        assert not Notification.objects.exists()
        claim.refresh_from_db()
        accounts.remove_account(claim, by=rival)
    work_until_quiet()
    assert held() == []


def test_a_mere_registration_by_somebody_else_is_no_claim(verified, actor, globex, cloud, work_until_quiet):
    with tenant_scope(globex.pk):
        claim = accounts.register_account(by=actor(Role.ADMIN, globex), account=ACCOUNT)
        AccountCheck.objects.filter(account=claim, code="holder").update(outcome="waiting")

    assert telling.is_claimed(CloudAccount.objects.get(holds=True), "holder") is False


def test_an_account_that_was_given_up_is_nothing_to_worry_about(verified, cloud, work_until_quiet, admin):
    cloud.outcomes["permissions"] = Outcome.FAILED
    work_until_quiet()
    verified.refresh_from_db()

    accounts.remove_account(verified, by=admin)

    assert held() == []


def test_hosts_that_fail_are_told_together_and_until_none_stands_failed(live):
    first, second, _ = Host.objects.order_by("name")
    hosts.move(first, HostState.FAILED, by="test", reason="Its machine is gone.")
    hosts.move(second, HostState.FAILED, by="test", reason="It is ill.")
    (told,) = held()
    detail = Notification.objects.get(ended_at=None).detail

    hosts.move(first, HostState.RETIRING, by="test")
    one = held()
    hosts.move(second, HostState.RETIRING, by="test")

    assert told == ("host.failed", f"2 hosts of {live} failed")
    assert detail == f"{second.name}: It is ill; {first.name}: Its machine is gone"
    assert (one, held()) == ([("host.failed", f"1 host of {live} failed")], [])
    assert Letter.objects.filter(is_end=False).count() == 1


def test_a_failed_operation_is_told_until_work_on_its_deployment_goes_well(
    enclave, deploy, cloud, work_until_quiet, in_acme
):
    cloud.errors["launch"] = [ProviderError("No such image.", trouble=Trouble.INVALID)]
    deploy(1)
    work_until_quiet()
    failed = Operation.objects.get(kind=Operation.Kind.DEPLOY)
    told = Notification.objects.get(kind=Kind.OPERATION_FAILED)

    deploy(1)
    work_until_quiet()
    still = ("operation.failed", told.title) in held()
    operations.finish(Operation.objects.latest("created_at"), "Revision 2 is live.", by="test")

    assert told.title == "Failed: Deploy recommender, revision 1"
    assert (told.detail, told.link) == (failed.outcome, f"/t/acme/operations/{failed.pk}/")
    assert (still, held()) == (True, [])


def test_a_proof_that_fails_is_told_by_the_state_of_its_account_alone(verified):
    operation = Operation.objects.create(
        tenant=verified.tenant,
        kind=Operation.Kind.VERIFY,
        title="Verify",
        account=verified,
        steps=operations.steps("Run every check"),
    )

    operations.fail(operation, "Some checks failed.", by="test")

    assert held() == []
