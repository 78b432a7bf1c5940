from datetime import UTC, datetime, timedelta

from enclaves.lifecycle import HostState
from enclaves.models import Host
from enclaves.providers.base import CloudHost, CloudHostState
from enclaves.provisioning.decide import LISTING_DELAY, decide

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LONG_AGO = NOW - LISTING_DELAY - timedelta(seconds=1)
JUST_NOW = NOW - timedelta(seconds=5)


def host(state=HostState.PLANNED, **facts):
    return Host(state=state, cluster="query", number=1, name="query-1", **facts)


def machine(of, state=CloudHostState.RUNNING, instance_id="i-1"):
    return CloudHost(instance_id=instance_id, host_id=str(of.pk) if of else None, state=state)


def decided(hosts, machines=(), may_fail=2):
    return decide(hosts, machines, now=NOW, may_fail=may_fail)


def moves(actions):
    return [(move.host, move.target) for move in actions.moves]


def test_what_is_planned_is_launched():
    planned = host()

    assert decided([planned]).launch == [planned]


def test_a_machine_that_a_dead_worker_made_is_found_again_and_not_made_twice():
    planned = host(launch_tried_at=JUST_NOW)

    actions = decided([planned], [machine(planned)])

    assert moves(actions) == [(planned, HostState.PROVISIONED)]
    assert actions.launch == []


def test_what_is_planned_and_late_fails_with_the_last_error():
    late = host(deadline_at=LONG_AGO, problem="AWS has no capacity.")

    actions = decided([late])

    assert moves(actions) == [(late, HostState.FAILED)]
    assert actions.moves[0].reason == "AWS has no capacity."


def test_a_running_machine_is_asked_for_its_health():
    provisioned = host(HostState.PROVISIONED, instance_id="i-1")

    assert decided([provisioned], [machine(provisioned)]).ask_health == [provisioned]


def test_a_starting_machine_is_left_alone():
    provisioned = host(HostState.PROVISIONED, instance_id="i-1")

    actions = decided([provisioned], [machine(provisioned, CloudHostState.STARTING)])

    assert (actions.moves, actions.ask_health) == ([], [])


def test_a_ready_host_comes_into_service():
    ready = host(HostState.READY, instance_id="i-1")

    assert moves(decided([ready], [machine(ready)])) == [(ready, HostState.ACTIVE)]


def test_a_converged_enclave_gives_nothing_to_do():
    active = host(HostState.ACTIVE, instance_id="i-1")

    actions = decided([active], [machine(active)])

    assert (actions.moves, actions.launch, actions.ask_health, actions.terminate) == ([], [], [], [])


def test_a_machine_that_vanished_fails_its_host():
    active = host(HostState.ACTIVE, instance_id="i-1")

    assert moves(decided([active])) == [(active, HostState.FAILED)]


def test_a_machine_that_was_just_launched_may_be_missing_from_the_list():
    provisioned = host(HostState.PROVISIONED, instance_id="i-1", launch_tried_at=JUST_NOW)

    assert moves(decided([provisioned])) == []


def test_a_host_that_shall_go_retires_then_ends_then_is_gone():
    going = host(HostState.ACTIVE, want_to_retire=True, instance_id="i-1", launch_tried_at=LONG_AGO)
    assert moves(decided([going], [machine(going)])) == [(going, HostState.RETIRING)]

    going.state = HostState.RETIRING
    assert decided([going], [machine(going)]).terminate == ["i-1"]
    assert moves(decided([going], [machine(going, CloudHostState.ENDING)])) == []
    assert moves(decided([going], [machine(going, CloudHostState.GONE)])) == [
        (going, HostState.DEPROVISIONED)
    ]
    assert moves(decided([going])) == [(going, HostState.DEPROVISIONED)]


def test_a_launch_that_may_still_surface_keeps_its_row():
    going = host(HostState.RETIRING, want_to_retire=True, launch_tried_at=JUST_NOW)

    assert moves(decided([going])) == []


def test_a_machine_that_surfaces_after_its_row_is_gone_is_ended():
    gone = host(HostState.DEPROVISIONED, want_to_retire=True)

    assert decided([gone], [machine(gone)]).terminate == ["i-1"]


def test_machines_without_a_row_are_shown_and_never_ended():
    strangers = [machine(None), machine(host(), instance_id="i-2")]

    actions = decided([], strangers)

    assert actions.unexplained == strangers
    assert actions.terminate == []


def test_a_second_machine_of_one_row_is_shown():
    active = host(HostState.ACTIVE, instance_id="i-1")
    twin = machine(active, instance_id="i-2")

    assert decided([active], [machine(active), twin]).unexplained == [twin]


def test_no_more_hosts_in_service_fail_than_the_limit():
    active = [host(HostState.ACTIVE, instance_id=f"i-{n}") for n in range(5)]

    actions = decided(active, may_fail=2)

    assert moves(actions) == [(one, HostState.FAILED) for one in active[:2]]
    assert [move.host for move in actions.held_back] == active[2:]


def test_a_failed_host_is_kept_for_a_look():
    failed = host(HostState.FAILED, instance_id="i-1")

    actions = decided([failed], [machine(failed)])

    assert (actions.moves, actions.terminate, actions.unexplained) == ([], [], [])


def test_what_no_row_explains_and_failed_is_shown_too():
    stranger = machine(None, CloudHostState.FAILED)

    assert decided([], [stranger]).unexplained == [stranger]


def test_a_launch_under_way_is_followed_when_the_cloud_wants_to_be_asked():
    waits = host(cloud_operation="operations/1", follow_at=NOW + timedelta(seconds=1))
    wanted = host(cloud_operation="operations/2", follow_at=NOW)

    actions = decided([waits, wanted])

    assert actions.follow == [wanted]
    assert (actions.launch, actions.moves) == ([], [])


def test_a_launch_that_the_listing_calls_failed_is_followed_at_once_for_its_reason():
    making = host(cloud_operation="operations/1", follow_at=NOW + timedelta(seconds=40))

    assert decided([making], [machine(making, CloudHostState.FAILED)]).follow == [making]


def test_half_a_machine_of_a_planned_host_is_cleared_before_the_next_launch():
    planned = host()
    half = machine(planned, CloudHostState.FAILED)

    actions = decided([planned], [half])

    assert actions.half_made == [(planned, half)]
    assert actions.launch == []


def test_as_long_as_a_machine_of_the_same_name_is_ending_the_next_one_waits():
    planned = host()

    assert decided([planned], [machine(planned, CloudHostState.ENDING)]).launch == []
    assert decided([planned], [machine(planned, CloudHostState.GONE)]).launch == [planned]


def test_a_machine_that_failed_before_it_served_is_cleared_and_its_host_fails():
    provisioned = host(HostState.PROVISIONED)

    actions = decided([provisioned], [machine(provisioned, CloudHostState.FAILED)])

    assert moves(actions) == [(provisioned, HostState.FAILED)]
    assert actions.clear == ["i-1"]


def test_a_machine_that_failed_in_service_is_kept_for_a_look():
    active = host(HostState.ACTIVE)

    actions = decided([active], [machine(active, CloudHostState.FAILED)])

    assert moves(actions) == [(active, HostState.FAILED)]
    assert (actions.clear, actions.terminate) == ([], [])


def test_what_failed_to_be_made_goes_with_its_retiring_host():
    retiring = host(HostState.RETIRING, want_to_retire=True)

    assert decided([retiring], [machine(retiring, CloudHostState.FAILED)]).terminate == ["i-1"]
