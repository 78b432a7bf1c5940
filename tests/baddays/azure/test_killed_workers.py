"""The worker dies at each kind of call that it makes to Azure, and the next one goes on."""

import os
import signal

import pytest

from enclaves.services import deployments
from tests.baddays.conftest import make_due
from tests.baddays.living import assert_exactly, assert_told_once, audited, live_and_die, once_each
from tests.baddays.mortal import WITH_GATEWAYS, Workers
from tests.baddays.trap import Trap, set_early, set_late

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

MACHINES = "Microsoft.Compute/virtualMachines"
LAUNCH, END, LIST, FOLLOW = f"{MACHINES}/write", f"{MACHINES}/delete", f"{MACHINES}/read", "operation"
HOSTS = 4


@pytest.fixture
def workers(acme_cloud, tmp_path):
    with Workers(tmp_path / "workers.log", **WITH_GATEWAYS) as made:
        yield made


def assert_whole(deployment, cloud, hosts=HOSTS):
    assert_exactly(deployment, cloud, cloud.azure.host_ids, hosts)
    assert cloud.azure.leftovers() == []


def test_killed_after_each_call_of_a_rollout(acme_cloud, workers, azure, monkeypatch):
    trap = Trap()
    set_late(azure, trap, monkeypatch)
    azure.behaviour.change(pace=0.01)  # so that launches are followed, not over at once
    deployment = acme_cloud.deploy(HOSTS)

    live_and_die(workers, trap, once_each("before", "action", launch=LAUNCH))

    caught = {step.action for step in trap.sprung}
    assert [step.action for step in trap.sprung if step.outcome == "ok"].count(LAUNCH) == HOSTS
    assert (len(caught) > 15, {"token", LAUNCH, LIST} - caught) == (True, set())
    assert_whole(deployment, acme_cloud)
    assert_told_once(deployment)


def test_killed_before_each_launch(acme_cloud, workers, azure, monkeypatch):
    trap = Trap()
    set_early(azure, trap, monkeypatch)
    deployment = acme_cloud.deploy(HOSTS)

    # Each worker may launch one host, and dies on its way to the next.
    live_and_die(workers, trap, lambda step: step.before == step.action == LAUNCH)

    assert len(trap.sprung) == HOSTS - 1
    assert_whole(deployment, acme_cloud)


def test_killed_after_each_call_of_a_retirement(acme_cloud, workers, azure, monkeypatch):
    trap = Trap()
    deployment = acme_cloud.deploy(3)
    live_and_die(workers, trap, None)
    machines = sorted(acme_cloud.azure.host_ids())
    deployment.hosts.update(launch_tried_at="2026-01-01T00:00:00Z")
    set_late(azure, trap, monkeypatch)
    deployments.retire_deployment(deployment, by=acme_cloud.by)

    catch = once_each("before", "action", launch="")
    live_and_die(workers, trap, lambda step: step.action in (LIST, END) and catch(step))

    deployment.refresh_from_db()
    assert [step.action for step in trap.sprung].count(END) == 2
    assert (deployment.state, acme_cloud.azure.host_ids(), acme_cloud.azure.leftovers()) == (
        "retired",
        {},
        [],
    )
    assert audited(acme_cloud, "host.terminated") == machines


@pytest.mark.parametrize("at", [("token", LIST), ("token", LAUNCH)], ids=["it has looked", "it has launched"])
def test_a_worker_that_comes_back_from_the_dead_is_refused(
    at, acme_cloud, azure, monkeypatch, tmp_path, work_until_quiet
):
    trap = Trap(signal.SIGSTOP)
    set_late(azure, trap, monkeypatch)
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


@pytest.mark.soak
@pytest.mark.parametrize("moment", [set_early, set_late])
def test_killed_at_every_single_call(moment, acme_cloud, workers, azure, monkeypatch):
    """Worker n dies at its n-th call, until one lives: once through the whole rollout, then again."""
    trap = Trap()
    moment(azure, trap, monkeypatch)
    deployment = acme_cloud.deploy(HOSTS)

    live_and_die(workers, trap, once_each("number", "action", launch=LAUNCH))

    assert_whole(deployment, acme_cloud)
