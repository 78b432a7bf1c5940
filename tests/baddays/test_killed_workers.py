"""The worker dies at each call that it makes to the cloud, and the next one goes on."""

import os
import signal
import time

import pytest

from enclaves.services import deployments
from tests.baddays.conftest import make_due
from tests.baddays.living import assert_exactly, assert_told_once, audited, is_moving, live_and_die, once_each
from tests.baddays.mortal import WITH_GATEWAYS, Workers
from tests.baddays.trap import Trap, set_early, set_late

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

LAUNCH, END = "ec2:RunInstances", "ec2:TerminateInstances"
HOSTS = 10


@pytest.fixture
def workers(acme_cloud, tmp_path):
    with Workers(tmp_path / "workers.log", **WITH_GATEWAYS) as made:
        yield made


def assert_whole(deployment, cloud, hosts=HOSTS):
    assert_exactly(deployment, cloud, cloud.aws.host_ids, hosts)


def test_killed_after_each_call_of_a_rollout(acme_cloud, workers, aws, monkeypatch):
    trap = Trap()
    set_late(aws, trap, monkeypatch)
    deployment = acme_cloud.deploy(HOSTS)

    live_and_die(workers, trap, once_each("before", "action", launch=LAUNCH))

    assert [step.action for step in trap.sprung if step.outcome == "ok"].count(LAUNCH) == HOSTS
    assert len({step.action for step in trap.sprung}) > 20
    assert_whole(deployment, acme_cloud)
    assert_told_once(deployment)


def test_killed_before_each_launch(acme_cloud, workers, aws, monkeypatch):
    trap = Trap()
    set_early(aws, trap, monkeypatch)
    deployment = acme_cloud.deploy(HOSTS)

    # Each worker may launch one host, and dies on its way to the next.
    live_and_die(workers, trap, lambda step: step.before == step.action == LAUNCH)

    assert len(trap.sprung) == HOSTS - 1
    assert_whole(deployment, acme_cloud)


def test_killed_after_each_call_of_a_retirement(acme_cloud, workers, aws, monkeypatch):
    trap = Trap()
    deployment = acme_cloud.deploy(3)
    live_and_die(workers, trap, None)
    machines = sorted(acme_cloud.aws.host_ids())
    # What was launched a moment ago may be missing in AWS's list for a while; these were not.
    deployment.hosts.update(launch_tried_at="2026-01-01T00:00:00Z")
    set_late(aws, trap, monkeypatch)
    deployments.retire_deployment(deployment, by=acme_cloud.by)

    catch = once_each("before", "action", launch=LAUNCH)
    live_and_die(workers, trap, lambda step: step.action in ("ec2:DescribeInstances", END) and catch(step))

    deployment.refresh_from_db()
    assert [step.action for step in trap.sprung] == ["ec2:DescribeInstances", "ec2:DescribeInstances", END]
    assert (deployment.state, acme_cloud.aws.host_ids()) == ("retired", {})
    assert audited(acme_cloud, "host.terminated") == machines


@pytest.mark.parametrize(
    "at",
    [
        ("ec2:DescribeSubnets", "ec2:DescribeInstances"),
        ("ec2:DescribeInstances", "ec2:DescribeImages"),
        ("sts:AssumeRole", LAUNCH),
    ],
    ids=["it has seen no machine", "it may launch", "it has launched"],
)
def test_a_worker_that_comes_back_from_the_dead_is_refused(
    at, acme_cloud, aws, monkeypatch, tmp_path, work_until_quiet
):
    trap = Trap(signal.SIGSTOP)
    set_late(aws, trap, monkeypatch)
    deployment = acme_cloud.deploy(3)
    with Workers(tmp_path / "workers.log") as grave:
        trap.lay(lambda step: (step.before, step.action) == at)
        undead = grave.start()
        trap.name(undead)
        trap.wait()
        make_due()
        work_until_quiet()

        os.killpg(undead, signal.SIGCONT)
        grave.wait()

    assert_whole(deployment, acme_cloud, hosts=3)
    assert "Traceback" not in grave.log.read_text()


def test_without_help_the_lease_runs_out_by_itself(acme_cloud, aws, monkeypatch, tmp_path):
    trap = Trap()
    set_late(aws, trap, monkeypatch)
    deployment = acme_cloud.deploy(2)
    with Workers(tmp_path / "workers.log", PORTAL_WORK_LEASE_SECONDS="3") as workers:
        trap.lay(lambda step: (step.action, step.outcome) == (LAUNCH, "ok"))
        trap.name(workers.start())
        died = workers.wait()
        too_early = launches(workers, trap, acme_cloud)
        wait_for(lambda: launches(workers, trap, acme_cloud) == 2)
        wait_for(lambda: workers.start() and not workers.wait() and not is_moving())

    assert (died, too_early) == (signal.SIGKILL, 1)
    assert_whole(deployment, acme_cloud, hosts=2)


def launches(workers, trap, cloud):
    """Let a worker do what is really due, and count the machines there are."""
    trap.lay(None)
    workers.start()
    workers.wait()
    return len(cloud.aws.host_ids())


def wait_for(is_so, seconds=30):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "It took too long."
        time.sleep(0.05)


@pytest.mark.soak
@pytest.mark.parametrize("moment", [set_early, set_late])
def test_killed_at_every_single_call(moment, acme_cloud, workers, aws, monkeypatch):
    """Worker n dies at its n-th call, until one lives: once through the whole rollout, then again."""
    trap = Trap()
    moment(aws, trap, monkeypatch)
    deployment = acme_cloud.deploy(HOSTS)

    live_and_die(workers, trap, once_each("number", "action", launch=LAUNCH))

    assert_whole(deployment, acme_cloud)
