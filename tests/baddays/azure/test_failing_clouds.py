"""Azure throttles, gives up a launch late, loses answers, refuses, or Entra does not answer at all."""

from datetime import timedelta

import pytest

from enclaves.models import Operation
from enclaves.provisioning import worker
from enclaves.services import deployments
from tests.baddays.conftest import make_due

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

MACHINES = "Microsoft.Compute/virtualMachines"
LAUNCH, END = f"{MACHINES}/write", f"{MACHINES}/delete"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Let the SDK try again at once."""
    monkeypatch.setattr("azure.core.pipeline.transport.RequestsTransport.sleep", lambda *_: None)


@pytest.fixture
def suffer(acme_cloud, azure):
    """Let calls to acme's subscription suffer: ``suffer(LAUNCH, error="TooManyRequests", times=5)``."""

    def add(action, **fault):
        azure.faults.add(subscription=acme_cloud.account.number, action=action, **fault)

    return add


def assert_live(deployment, cloud, hosts):
    """The deployment is live, and the subscription holds its hosts, what belongs to them, nothing else."""
    deployment.refresh_from_db()
    rows = {host.instance_id: str(host.pk) for host in deployment.hosts.filter(state="active")}
    assert (deployment.state, len(rows)) == ("live", hosts)
    assert cloud.azure.host_ids() == rows
    assert cloud.azure.leftovers() == []


@pytest.mark.parametrize("action", [LAUNCH, "*/read", "token"])
def test_throttled_calls_only_take_longer(action, acme_cloud, azure, suffer, work_until_quiet):
    deployment = acme_cloud.deploy(3)
    suffer(action, error="TooManyRequests", retry_after=2, times=11)

    work_until_quiet(rounds=16)

    assert_live(deployment, acme_cloud, hosts=3)
    assert azure.faults.waiting() == []


def test_a_launch_that_azure_gives_up_late_is_cleared_away_and_made_anew(
    acme_cloud, azure, suffer, work_until_quiet
):
    deployment = acme_cloud.deploy(3)
    suffer(LAUNCH, error="AllocationFailed", late=True, times=2)

    work_until_quiet(rounds=16)

    assert acme_cloud.azure.calls(END) != []
    assert_live(deployment, acme_cloud, hosts=3)


def test_without_capacity_a_host_waits_says_why_and_comes_later(acme_cloud, azure, work_until_quiet):
    azure.behaviour.limit_capacity(1, subscription=acme_cloud.account.number)
    deployment = acme_cloud.deploy(3)
    work_until_quiet(rounds=4)
    waiting = list(deployment.hosts.exclude(state="active"))

    azure.behaviour.reset()
    work_until_quiet(rounds=16)

    assert [(host.state, "no capacity" in host.problem) for host in waiting] == [("planned", True)] * 2
    assert_live(deployment, acme_cloud, hosts=3)


@pytest.mark.parametrize("times", [1, 5], ids=["once", "for several rounds"])
def test_a_launch_whose_answer_is_lost_makes_no_second_machine(
    times, acme_cloud, azure, suffer, work_until_quiet
):
    deployment = acme_cloud.deploy(3)
    suffer(LAUNCH, cut=True, times=times)

    work_until_quiet(rounds=16)

    assert_live(deployment, acme_cloud, hosts=3)
    assert azure.faults.waiting() == []


def test_an_end_whose_answer_is_lost_is_an_end(acme_cloud, azure, suffer, work_until_quiet):
    deployment = acme_cloud.deploy(2)
    work_until_quiet()
    deployment.hosts.update(launch_tried_at="2026-01-01T00:00:00Z")
    suffer(END, cut=True, times=3)
    deployments.retire_deployment(deployment, by=acme_cloud.by)

    work_until_quiet()

    deployment.refresh_from_db()
    assert (deployment.state, acme_cloud.azure.host_ids(), acme_cloud.azure.leftovers()) == (
        "retired",
        {},
        [],
    )


@pytest.fixture
def without_entra(acme_cloud, azure):
    azure.record.clear()
    azure.faults.add(subscription="*", action="token", error="ServiceUnavailable", times=None)
    return acme_cloud


def outcomes(cloud):
    return set(cloud.account.checks.filter(enclave=None).values_list("outcome", flat=True))


def test_an_outage_of_entra_takes_no_proof_away(without_entra, azure, work_until_quiet):
    work_until_quiet(rounds=2)
    during = without_entra.states(), "unknown" in outcomes(without_entra), "failed" in outcomes(without_entra)

    azure.faults.clear()
    work_until_quiet()

    assert during == (("verified", "ready"), True, False)
    assert (without_entra.states(), outcomes(without_entra)) == (("verified", "ready"), {"passed"})


def test_an_outage_of_entra_holds_a_deployment_up_and_nothing_else(without_entra, azure, work_until_quiet):
    deployment = without_entra.deploy(2)
    work_until_quiet(rounds=2)
    during = without_entra.azure.machines(), Operation.objects.latest("created_at").state
    pause = without_entra.account.next_check_at - without_entra.account.checked_at

    azure.faults.clear()
    work_until_quiet()

    assert during == ([], "running")
    assert pause < timedelta(minutes=11)
    assert_live(deployment, without_entra, hosts=2)


def test_an_outage_is_no_reason_to_knock_all_the_time(without_entra):
    without_entra.deploy(1)
    make_due()

    worker.run_due()

    # One proof: the portal's own way in and two kinds of strangers, each tried three times by the SDK.
    assert len(without_entra.azure.calls("token")) <= 24


def test_in_an_outage_nobody_becomes_verified(registered, azure, work_until_quiet, in_acme):
    cloud = registered()
    cloud.apply_account_template()
    azure.faults.add(subscription="*", action="token", error="ServiceUnavailable", times=None, after=2)

    work_until_quiet(rounds=2)

    assert cloud.states()[0] in ("pending", "verifying")


def test_a_launch_that_is_refused_though_the_proof_passes_is_not_tried_in_a_hurry(acme_cloud, suffer):
    deployment = acme_cloud.deploy(2)
    suffer(LAUNCH, error="AuthorizationFailed", times=None)
    make_due()

    worker.run_due()

    assert len(acme_cloud.azure.calls(LAUNCH)) <= 2
    assert {host.state for host in deployment.hosts.all()} == {"planned"}
    assert acme_cloud.azure.machines() == []
