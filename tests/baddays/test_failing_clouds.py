"""AWS throttles, has no machines, loses answers or does not answer at all."""

from collections import Counter
from datetime import timedelta

import pytest

from enclaves.models import Operation
from enclaves.provisioning import worker
from enclaves.services import deployments
from tests.baddays.conftest import make_due

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

LAUNCH, END, ASSUME = "ec2:RunInstances", "ec2:TerminateInstances", "sts:AssumeRole"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Let the SDK try again at once."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


def assert_live(deployment, cloud, hosts):
    """The deployment is live, and the account holds its hosts and nothing else."""
    deployment.refresh_from_db()
    rows = {host.instance_id: str(host.pk) for host in deployment.hosts.filter(state="active")}
    assert (deployment.state, len(rows)) == ("live", hosts)
    assert cloud.aws.host_ids() == rows


def outcomes(cloud):
    return Counter(cloud.account.checks.filter(enclave=None).values_list("outcome", flat=True))


def states(cloud):
    cloud.account.refresh_from_db()
    cloud.enclave.refresh_from_db()
    return cloud.account.state, cloud.enclave.state


@pytest.mark.parametrize("action", [LAUNCH, "ec2:Describe*", "sts:*"])
def test_throttled_calls_only_take_longer(action, acme_cloud, aws, work_until_quiet):
    deployment = acme_cloud.deploy(3)
    aws.faults.add(account=acme_cloud.account.number, action=action, error="RequestLimitExceeded", times=11)

    work_until_quiet()

    assert_live(deployment, acme_cloud, hosts=3)
    assert aws.faults.waiting() == []


def test_without_capacity_a_host_waits_says_why_and_comes_later(acme_cloud, aws, work_until_quiet):
    aws.behaviour.limit_capacity(1, account=acme_cloud.account.number)
    deployment = acme_cloud.deploy(3)
    work_until_quiet(rounds=3)
    waiting = list(deployment.hosts.exclude(state="active"))

    aws.behaviour.reset()
    work_until_quiet()

    assert [(host.state, "no capacity" in host.problem) for host in waiting] == [("planned", True)] * 2
    assert_live(deployment, acme_cloud, hosts=3)


def test_while_a_launch_fails_nothing_is_removed(acme_cloud, aws, work_until_quiet):
    deployment = acme_cloud.deploy(2)
    work_until_quiet()
    deployment.hosts.update(launch_tried_at="2026-01-01T00:00:00Z")
    survivors = acme_cloud.aws.host_ids()
    aws.behaviour.limit_capacity(0, account=acme_cloud.account.number)
    acme_cloud.deploy(1, cluster="content")
    work_until_quiet(rounds=4)
    meanwhile = acme_cloud.aws.host_ids()

    aws.behaviour.reset()
    work_until_quiet()

    assert meanwhile == survivors
    assert_live(deployment, acme_cloud, hosts=1)


@pytest.mark.parametrize("times", [1, 7], ids=["once", "for several rounds"])
def test_a_launch_whose_answer_is_lost_makes_no_second_machine(times, acme_cloud, aws, work_until_quiet):
    deployment = acme_cloud.deploy(3)
    # The rehearsal of the proof is the first call of this name, and it is not what this is about.
    aws.faults.add(account=acme_cloud.account.number, action=LAUNCH, cut=True, times=times, after=1)

    work_until_quiet()

    assert_live(deployment, acme_cloud, hosts=3)
    assert aws.faults.waiting() == []


def test_an_end_whose_answer_is_lost_is_an_end(acme_cloud, aws, work_until_quiet):
    deployment = acme_cloud.deploy(2)
    work_until_quiet()
    deployment.hosts.update(launch_tried_at="2026-01-01T00:00:00Z")
    aws.faults.add(account=acme_cloud.account.number, action=END, cut=True, times=3)
    deployments.retire_deployment(deployment, by=acme_cloud.by)

    work_until_quiet()

    deployment.refresh_from_db()
    assert (deployment.state, acme_cloud.aws.host_ids()) == ("retired", {})


@pytest.mark.parametrize("action", ["iam:*", "kms:*"])
def test_a_proof_without_a_clear_answer_starts_no_change(action, acme_cloud, aws, work_until_quiet):
    aws.faults.add(account=acme_cloud.account.number, action=action, error="InternalError", times=None)
    deployment = acme_cloud.deploy(2)

    work_until_quiet(rounds=3)
    during = states(acme_cloud), acme_cloud.aws.machines(), deployment.hosts.filter(state="planned").count()
    pause = acme_cloud.account.next_check_at - acme_cloud.account.checked_at
    aws.faults.clear()
    work_until_quiet()

    assert during == (("verified", "ready"), [], 2)
    assert pause < timedelta(minutes=1)
    assert_live(deployment, acme_cloud, hosts=2)


@pytest.fixture
def without_sts(acme_cloud, aws):
    aws.record.clear()
    aws.faults.add(account="*", action="sts:*", error="ServiceUnavailable", times=None)
    return acme_cloud


def test_an_outage_of_sts_takes_no_proof_away(without_sts, aws, work_until_quiet):
    work_until_quiet(rounds=2)
    during = states(without_sts), outcomes(without_sts)["unknown"] > 0, outcomes(without_sts)["failed"]

    aws.faults.clear()
    work_until_quiet()

    assert during == (("verified", "ready"), True, 0)
    assert states(without_sts) == ("verified", "ready")
    assert outcomes(without_sts) == {"passed": 11}


def test_an_outage_of_sts_holds_a_deployment_up_and_nothing_else(without_sts, aws, work_until_quiet):
    deployment = without_sts.deploy(2)
    work_until_quiet(rounds=2)
    during = without_sts.aws.machines(), Operation.objects.latest("created_at").state

    aws.faults.clear()
    work_until_quiet()

    assert during == ([], "running")
    assert_live(deployment, without_sts, hosts=2)


def test_an_outage_is_no_reason_to_knock_all_the_time(without_sts, aws):
    without_sts.deploy(1)
    make_due()

    worker.run_due()

    # One proof: two roles, three kinds of strangers at two doors, each tried three times by the SDK.
    assert len(without_sts.aws.calls(ASSUME)) <= 24


def test_in_an_outage_nobody_becomes_verified(registered, aws, work_until_quiet, in_acme):
    cloud = registered()
    cloud.apply_templates()
    aws.faults.add(account="*", action=ASSUME, error="ServiceUnavailable", times=None, after=2)

    work_until_quiet(rounds=2)

    assert states(cloud)[0] in ("pending", "verifying")


def test_a_launch_that_is_refused_though_the_proof_passes_is_not_tried_in_a_hurry(acme_cloud, aws):
    deployment = acme_cloud.deploy(2)
    aws.faults.add(
        account=acme_cloud.account.number, action=LAUNCH, error="UnauthorizedOperation", times=None, after=1
    )
    # The rehearsals of later proofs pass as well.
    make_due()

    worker.run_due()

    assert acme_cloud.aws.calls(LAUNCH).count(f"{LAUNCH} UnauthorizedOperation") <= 2
    assert {host.state for host in deployment.hosts.all()} == {"planned"}
