import pytest

from enclaves import lifecycle
from portal.states import LOOKS, look_of

TONES = {"ok", "run", "warn", "bad", "idle"}
STATES = [
    (kind, state)
    for kind, states in {
        "account": lifecycle.AccountState,
        "enclave": lifecycle.EnclaveState,
        "deployment": lifecycle.DeploymentState,
        "host": lifecycle.HostState,
        "operation": lifecycle.OperationState,
        "access": [*lifecycle.AccessState, *lifecycle.AccessEnd],
    }.items()
    for state in states
]


@pytest.mark.parametrize(("kind", "state"), STATES)
def test_every_state_of_every_lifecycle_has_a_look(kind, state):
    assert look_of(kind, state).word == state.label.lower()


@pytest.mark.parametrize("look", LOOKS.values(), ids=str)
def test_every_look_is_a_tone_a_shape_and_a_word(look):
    assert look.tone in TONES
    assert look.shape.startswith("s-")
    assert look.word


def test_one_tone_tells_its_kinds_of_rest_apart_by_shape():
    resting = {look.shape for look in LOOKS.values() if look.tone == "idle"}

    assert resting == {"s-wait", "s-idle", "s-unk", "s-frozen"}


def test_unknown_never_looks_like_a_pass():
    assert look_of("check", "unknown").shape != look_of("check", "passed").shape
    assert look_of("check", "unknown").tone != look_of("check", "passed").tone
