import pytest

from enclaves import lifecycle
from enclaves.lifecycle import IllegalMove, check_move

LIFECYCLES = {
    "cloud account": (lifecycle.AccountState, lifecycle.ACCOUNT_MOVES, {"pending"}, {"removed"}),
    "enclave": (lifecycle.EnclaveState, lifecycle.ENCLAVE_MOVES, {"pending"}, {"removed"}),
    "deployment": (lifecycle.DeploymentState, lifecycle.DEPLOYMENT_MOVES, {"planned"}, {"retired"}),
    "host": (lifecycle.HostState, lifecycle.HOST_MOVES, {"planned"}, {"deprovisioned"}),
    "operation": (
        lifecycle.OperationState,
        lifecycle.OPERATION_MOVES,
        {"queued"},
        {"finished", "failed", "cancelled"},
    ),
}


@pytest.mark.parametrize("noun", LIFECYCLES)
def test_every_state_has_its_moves(noun):
    states, moves, _, _ = LIFECYCLES[noun]

    assert set(moves) == set(states)


@pytest.mark.parametrize("noun", LIFECYCLES)
def test_every_state_can_be_reached_from_the_first(noun):
    states, moves, reached, _ = LIFECYCLES[noun]

    for _ in states:
        reached = reached.union(*(moves[state] for state in reached))

    assert reached == set(states)


@pytest.mark.parametrize("noun", LIFECYCLES)
def test_only_the_ends_lead_nowhere(noun):
    _, moves, _, ends = LIFECYCLES[noun]

    assert {state for state, targets in moves.items() if not targets} == ends


def test_a_removed_account_never_comes_back():
    with pytest.raises(IllegalMove, match=r"A cloud account that is removed cannot become verified\."):
        check_move("cloud account", lifecycle.ACCOUNT_MOVES, "removed", "verified")


def test_a_state_with_a_deadline_can_fail():
    for state in lifecycle.HOST_DEADLINES:
        assert lifecycle.HostState.FAILED in lifecycle.HOST_MOVES[state]
