from datetime import timedelta

import pytest
from django.utils import timezone

from enclaves.models import Enclave, Host, Operation
from enclaves.providers.base import CloudHostState, Outcome, Progress, ProgressState, ProviderError, Trouble
from enclaves.provisioning import work
from enclaves.provisioning.reconcile import MOVING, reconcile
from enclaves.services import accounts
from tenants.models import AuditEvent

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "system"]),
    pytest.mark.usefixtures("enclave", "in_acme"),
]

RUNNING = Progress(ProgressState.RUNNING, retry_after=40)


def failed(text, trouble=Trouble.NO_CAPACITY):
    return Progress(ProgressState.FAILED, error=ProviderError(text, trouble=trouble))


@pytest.fixture
def slow(cloud):
    """A cloud that takes orders at once and carries them out later."""
    cloud.slow = True
    return cloud


@pytest.fixture
def look(enclave):
    """One round: ``look()`` says when the next one is due."""

    def run():
        work.ask(enclave.tenant_id, "reconcile", enclave.pk, urgent=True)
        claimed = work.claim(urgent_only=True)
        fresh = Enclave.objects.select_related("account__tenant", "zone").get()
        again = reconcile(fresh, claimed)
        claimed.release(look_again_at=again)
        return again

    return run


@pytest.fixture
def ordered(slow, deploy, look, work_until_quiet):
    """A host whose launch the cloud has taken and not carried out."""
    slow.progress = [RUNNING] * 100
    deployment = deploy(hosts=1)
    work_until_quiet(rounds=3)
    return deployment.hosts.get()


def now_due():
    Host.objects.update(follow_at=timezone.now() - timedelta(seconds=1))


def actions():
    return list(
        AuditEvent.objects.filter(action__startswith="host.")
        .order_by("sequence")
        .values_list("action", flat=True)
    )


def test_where_the_cloud_tells_of_a_launch_is_kept_and_the_host_waits_for_its_end(ordered):
    assert (ordered.state, ordered.instance_id) == ("planned", "i-1")
    assert ordered.cloud_operation == "operations/i-1"
    assert actions() == ["host.launch_asked"]


def test_a_slow_launch_comes_up_like_any_other(slow, deploy, work_until_quiet):
    slow.progress = [Progress(ProgressState.RUNNING)]
    deployment = deploy(hosts=2)
    work_until_quiet(rounds=4)
    now_due()
    work_until_quiet()

    deployment.refresh_from_db()
    assert (deployment.state, len(slow.machines)) == ("live", 2)
    assert set(deployment.hosts.values_list("state", "cloud_operation")) == {("active", "")}
    assert actions().count("host.launched") == 2


def test_the_operation_says_how_many_are_being_made(ordered):
    step = Operation.objects.get(kind="deploy").steps[1]

    assert (step["state"], step["detail"]) == ("running", "0 of 1, 1 being made")


def test_the_cloud_is_asked_again_when_it_wants_to_be(ordered, slow, look):
    slow.calls.clear()
    again = look()

    assert "follow" not in slow.calls
    assert MOVING < again - timezone.now() <= timedelta(seconds=40)
    now_due()
    look()
    assert slow.calls.count("follow") == 1


def test_what_the_listing_shows_as_running_is_not_asked_about(ordered, slow, look):
    slow._settle("i-1", ProgressState.DONE)
    slow.calls.clear()
    now_due()
    look()

    ordered.refresh_from_db()
    assert (ordered.state, ordered.cloud_operation, ordered.follow_at) == ("provisioned", "", None)
    assert "follow" not in slow.calls


def test_a_worker_that_takes_over_asks_about_the_launch_and_orders_nothing(ordered, slow, look):
    slow.progress = []
    slow.calls.clear()
    now_due()
    look()
    look()

    ordered.refresh_from_db()
    assert ordered.state == "provisioned"
    assert "launch" not in slow.calls


def test_a_launch_that_fails_later_is_cleared_away_and_made_again(ordered, slow, look, work_until_quiet):
    slow.progress = [failed("Azure has no capacity for Standard_D8ps_v5.")]
    now_due()
    look()
    ordered.refresh_from_db()
    assert (ordered.state, ordered.launch_count) == ("planned", 1)
    assert ordered.problem == "Azure has no capacity for Standard_D8ps_v5."
    assert slow.machines["i-1"].state == CloudHostState.GONE

    work_until_quiet()

    ordered.refresh_from_db()
    assert (ordered.state, ordered.instance_id) == ("active", "i-2")
    assert actions() == [
        "host.launch_asked",
        "host.launch_failed",
        "host.termination_asked",
        "host.launch_asked",
        "host.launched",
    ]


def test_a_launch_that_can_never_succeed_fails_the_host_and_leaves_nothing(ordered, slow, look):
    slow.progress = [failed("The image is for another architecture.", Trouble.INVALID)]
    now_due()
    look()

    ordered.refresh_from_db()
    assert (ordered.state, ordered.problem) == ("failed", "The image is for another architecture.")
    assert slow.living == []


def test_half_a_machine_that_could_not_be_ended_at_once_is_ended_before_the_next_launch(ordered, slow, look):
    slow.progress = [failed("No capacity.")]
    slow.errors["terminate"] = [ProviderError("Slow down.", trouble=Trouble.THROTTLED)]
    now_due()
    look()
    assert slow.machines["i-1"].state == CloudHostState.FAILED

    slow.calls.clear()
    look()

    assert slow.calls == ["list_hosts", "terminate"]
    assert slow.machines["i-1"].state == CloudHostState.GONE


def test_an_error_elsewhere_keeps_no_half_made_machine_alive(ordered, slow, look, deploy):
    Host.objects.update(cloud_operation="")
    slow._settle("i-1", ProgressState.FAILED)
    slow.errors["launch"] = [ProviderError("Slow down.", trouble=Trouble.THROTTLED)]
    look()

    assert slow.machines["i-1"].state == CloudHostState.GONE


def test_a_launch_that_the_cloud_has_forgotten_is_read_off_the_listing(ordered, slow, look):
    slow.errors["follow"] = [ProviderError("No such operation.", trouble=Trouble.INVALID)]
    now_due()
    look()
    look()

    ordered.refresh_from_db()
    assert (ordered.state, ordered.cloud_operation) == ("provisioned", "")
    assert len(slow.machines) == 1


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.UNAVAILABLE, Trouble.REFUSED])
def test_an_answer_that_is_none_changes_nothing(ordered, slow, look, trouble):
    slow.errors["follow"] = [ProviderError("Not now.", trouble=trouble)]
    now_due()
    look()

    ordered.refresh_from_db()
    assert (ordered.state, ordered.cloud_operation) == ("planned", "operations/i-1")
    assert slow.machines["i-1"].state == CloudHostState.STARTING


def test_a_host_that_takes_too_long_fails_with_a_reason(ordered, look):
    Host.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    look()

    ordered.refresh_from_db()
    assert (ordered.state, ordered.problem) == ("failed", "It could not be launched in time.")


def test_a_frozen_account_is_not_even_asked(ordered, slow, look, account, admin):
    accounts.freeze_account(account, by=admin)
    slow.calls.clear()
    now_due()
    look()

    assert slow.calls == []


def test_a_host_that_is_retired_while_it_is_made_leaves_nothing(ordered, slow, work_until_quiet):
    Host.objects.update(want_to_retire=True)
    work_until_quiet()

    ordered.refresh_from_db()
    assert (ordered.state, slow.living) == ("deprovisioned", [])


def test_launches_under_way_count_for_the_limit_of_an_hour(ordered, slow, deploy, look, settings):
    settings.HOSTS_PER_HOUR = 1
    Operation.objects.update(steps=[{"title": "Prove", "state": "done", "detail": ""}] * 5)
    deploy(hosts=2)
    Operation.objects.update(steps=[{"title": "Prove", "state": "done", "detail": ""}] * 5)
    slow.calls.clear()
    look()

    assert "launch" not in slow.calls


def test_on_an_account_that_is_not_sound_half_a_machine_is_left_for_its_people(
    ordered, slow, work_until_quiet, account, admin
):
    slow.outcomes["permissions"] = Outcome.FAILED
    accounts.verify_account(account, by=admin)
    work_until_quiet(rounds=2)
    slow._settle("i-1", ProgressState.FAILED)
    work_until_quiet(rounds=2)

    assert slow.machines["i-1"].state == CloudHostState.FAILED
