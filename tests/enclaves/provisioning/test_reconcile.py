from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enclaves.models import Enclave, Host, HostMove, Operation
from enclaves.providers.base import CloudHost, CloudHostState, Outcome, ProviderError, Trouble
from enclaves.provisioning import hosts as host_rows
from enclaves.provisioning import work
from enclaves.provisioning.reconcile import reconcile
from enclaves.provisioning.work import Claimed, LostLease
from enclaves.services import accounts, deployments
from tenants.errors import Refused
from tenants.models import AuditEvent

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "system"]),
    pytest.mark.usefixtures("enclave", "in_acme"),
]


def states(deployment):
    return Counter(deployment.hosts.values_list("state", flat=True))


def operation():
    return Operation.objects.latest("created_at")


def test_a_deployment_comes_up(deploy, cloud, work_until_quiet):
    deployment = deploy(hosts=3)
    work_until_quiet()

    deployment.refresh_from_db()
    assert (deployment.state, states(deployment)) == ("live", {"active": 3})
    assert len(cloud.living) == 3
    assert (operation().state, operation().outcome) == ("finished", "Revision 1 is live on 3 hosts.")


def test_host_rows_are_written_before_the_cloud_is_asked(deploy, cloud):
    deployment = deploy(hosts=3)

    assert states(deployment) == {"planned": 3}
    assert "launch" not in cloud.calls


def test_a_change_waits_for_a_proof_made_for_it(deploy, cloud, work_until_quiet):
    cloud.calls.clear()
    deploy(hosts=1)
    work_until_quiet()

    assert cloud.calls.index("prove_account") < cloud.calls.index("launch")


def test_every_launch_is_in_the_audit_and_in_the_time_line(deploy, work_until_quiet):
    deployment = deploy(hosts=1)
    work_until_quiet()

    host = deployment.hosts.get()
    event = AuditEvent.objects.get(action="host.launched")
    assert (event.actor, event.subject, event.detail["instance"]) == (
        "reconciler",
        "query-1",
        host.instance_id,
    )
    assert list(HostMove.objects.values_list("target", flat=True)) == [
        "planned",
        "provisioned",
        "ready",
        "active",
    ]


def test_scaling_down_ends_the_machines(deploy, cloud, work_until_quiet):
    deploy(hosts=3)
    work_until_quiet()
    deployment = deploy(hosts=1)
    work_until_quiet()

    assert states(deployment) == {"active": 1, "deprovisioned": 2}
    assert len(cloud.living) == 1


def test_retiring_ends_everything(deploy, cloud, admin, work_until_quiet):
    deployment = deploy(hosts=3)
    work_until_quiet()
    deployments.retire_deployment(deployment, by=admin)
    work_until_quiet()

    deployment.refresh_from_db()
    assert (deployment.state, states(deployment)) == ("retired", {"deprovisioned": 3})
    assert cloud.living == []


def test_a_lost_answer_makes_no_second_machine(deploy, cloud, work_until_quiet):
    cloud.lost_answers = 2
    cloud.lost_error = ProviderError("The answer was lost.", trouble=Trouble.UNAVAILABLE)
    deployment = deploy(hosts=3)
    work_until_quiet()

    assert states(deployment) == {"active": 3}
    assert len(cloud.machines) == 3


def test_without_capacity_the_host_waits_and_says_why(deploy, cloud, work_until_quiet):
    error = ProviderError("AWS has no capacity for m7g.2xlarge.", trouble=Trouble.NO_CAPACITY)
    cloud.errors["launch"] = [error]
    deployment = deploy(hosts=1)
    work_until_quiet(rounds=1)
    assert deployment.hosts.get().problem == "AWS has no capacity for m7g.2xlarge."

    work_until_quiet()
    assert states(deployment) == {"active": 1}
    assert deployment.hosts.get().launch_count == 1


def test_a_host_that_can_never_be_launched_fails_the_deployment(deploy, cloud, work_until_quiet):
    cloud.errors["launch"] = [ProviderError("There is no such image.", trouble=Trouble.INVALID)]
    deployment = deploy(hosts=1)
    work_until_quiet()

    deployment.refresh_from_db()
    assert (deployment.state, states(deployment)) == ("held_back", {"failed": 1})
    assert operation().state == "failed"
    assert "There is no such image." in operation().outcome


def test_after_a_launch_error_nothing_is_removed_in_that_round(deploy, cloud, work_until_quiet, enclave):
    deployment = deploy(hosts=2)
    work_until_quiet()
    deploy(hosts=1)
    deployment.hosts.filter(want_to_retire=True).update(state="retiring")
    host = deployment.hosts.filter(state="active").get()
    Host.objects.create(
        **{
            field: getattr(host, field) for field in ("tenant", "enclave", "deployment", "cluster", "machine")
        },
        **{
            field: getattr(host, field)
            for field in ("vcpu", "memory_mib", "disk_gib", "availability_zone_id")
        },
        number=9,
        name="query-9",
    )
    cloud.errors["launch"] = [ProviderError("Slow down.", trouble=Trouble.THROTTLED)]
    cloud.calls.clear()

    work_until_quiet(rounds=2)

    assert "launch" in cloud.calls
    assert "terminate" not in cloud.calls[: cloud.calls.index("launch") + 1]


def test_a_machine_of_somebody_else_is_shown_and_left_alone(deploy, cloud, work_until_quiet, enclave):
    deploy(hosts=1)
    cloud.machines["i-stranger"] = CloudHost("i-stranger", None, CloudHostState.RUNNING, "t3.nano")
    work_until_quiet()

    enclave.refresh_from_db()
    assert [one["instance_id"] for one in enclave.unexplained] == ["i-stranger"]
    assert cloud.machines["i-stranger"].state == CloudHostState.RUNNING


@pytest.mark.parametrize("code", ["permissions", "strangers", "subnets"])
def test_on_an_account_that_is_not_sound_nothing_is_changed(deploy, cloud, work_until_quiet, code):
    deployment = deploy(hosts=2)
    cloud.outcomes[code] = Outcome.FAILED
    work_until_quiet()

    assert states(deployment) == {"planned": 2}
    assert cloud.machines == {}
    with pytest.raises(Refused, match="nothing is changed in it"):
        deploy(hosts=3)


def test_frozen_means_no_change_and_unfrozen_goes_on(deploy, cloud, admin, account, work_until_quiet):
    deployment = deploy(hosts=2)
    accounts.freeze_account(account, by=admin)
    work_until_quiet()
    assert (operation().state, cloud.machines) == ("frozen", {})

    accounts.unfreeze_account(account, by=admin)
    work_until_quiet()
    assert states(deployment) == {"active": 2}


def test_a_long_freeze_fails_no_host(deploy, cloud, admin, account, work_until_quiet):
    from enclaves.provisioning.sweeping import sweep

    deployment = deploy(hosts=2)
    accounts.freeze_account(account, by=admin)
    work_until_quiet()
    deployment.hosts.update(deadline_at="2026-01-01T00:00:00Z")
    sweep()
    assert states(deployment) == {"planned": 2}

    accounts.unfreeze_account(account, by=admin)
    work_until_quiet()
    assert states(deployment) == {"active": 2}


def test_a_worker_that_lost_its_lease_launches_nothing(deploy, cloud, enclave):
    deploy(hosts=1)
    Operation.objects.update(steps=[{"title": "Prove", "state": "done", "detail": ""}] * 5, state="running")
    claimed = work.claim()
    zombie = Claimed(claimed.id, claimed.tenant_id, "reconcile", enclave.pk, claimed.fence - 1, 1)

    with pytest.raises(LostLease):
        reconcile(Enclave.objects.select_related("account__tenant", "zone").get(), zombie)

    assert cloud.machines == {}


def test_a_converged_enclave_costs_the_same_for_one_host_and_for_many(
    deploy, enclave, cloud, work_until_quiet
):
    def cost():
        work.ask(enclave.tenant_id, "reconcile", enclave.pk, urgent=True)
        claimed = work.claim(urgent_only=True)
        fresh = Enclave.objects.select_related("account__tenant", "zone").get()
        cloud.calls.clear()
        with CaptureQueriesContext(connection) as queries:
            reconcile(fresh, claimed)
        claimed.release(look_again_at=None)
        return len(queries), len(cloud.calls)

    deploy(hosts=1)
    work_until_quiet()
    one = cost()
    deploy(hosts=40)
    work_until_quiet()

    assert cost() == one


def test_a_stuck_host_fails_with_a_reason(deploy, enclave):
    from enclaves.provisioning.sweeping import sweep

    deployment = deploy(hosts=1)
    deployment.hosts.update(deadline_at="2026-01-01T00:00:00Z")
    sweep()

    host = deployment.hosts.get()
    assert (host.state, host.problem) == ("failed", "It was planned for more than 20 minutes.")
    assert host.timeline.last().by == "sweep"


def test_a_host_that_moved_meanwhile_is_not_moved_again(deploy):
    from enclaves.lifecycle import IllegalMove

    host = deploy(hosts=1).hosts.get()
    twin = Host.objects.get(pk=host.pk)
    host_rows.move(host, "provisioned", by="reconciler")

    with pytest.raises(IllegalMove, match="already left"):
        host_rows.move(twin, "failed", by="sweep")
