"""The states that things pass through, and the only moves between them."""

from collections.abc import Mapping

from django.db.models import TextChoices

from tenants.errors import Refused


class AccountState(TextChoices):
    PENDING = "pending"  # named, and nothing in the account answers yet
    VERIFYING = "verifying"  # the account answers, and some check has not passed
    VERIFIED = "verified"
    DEGRADED = "degraded"  # was verified, and a check fails now
    INSECURE = "insecure"  # somebody without our external id gets in
    REMOVED = "removed"


class EnclaveState(TextChoices):
    PENDING = "pending"
    READY = "ready"
    DEGRADED = "degraded"
    REMOVED = "removed"


class DeploymentState(TextChoices):
    PLANNED = "planned"
    ROLLING_OUT = "rolling_out", "rolling out"
    LIVE = "live"
    HELD_BACK = "held_back", "held back"
    RETIRING = "retiring"
    RETIRED = "retired"


class HostState(TextChoices):
    PLANNED = "planned"  # a row, not yet a machine
    PROVISIONED = "provisioned"  # the cloud took the order
    READY = "ready"  # it runs and passes the cloud's checks
    ACTIVE = "active"  # it serves
    RETIRING = "retiring"
    DEPROVISIONED = "deprovisioned"
    FAILED = "failed"
    PARKED = "parked"  # kept for a look, out of service


class OperationState(TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    FROZEN = "frozen"


class AccessState(TextChoices):
    REQUESTED = "requested"
    APPROVED = "approved"  # the clock runs; the hosts have not said yet that they can take it
    ACTIVE = "active"
    ENDED = "ended"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # nobody decided
    ACTIVATION_FAILED = "activation_failed", "activation failed"
    REVOCATION_FAILED = "revocation_failed", "revocation failed"  # over, and not known to be gone


class AccessEnd(TextChoices):
    """Why a grant is over."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    FINISHED = "finished"
    FROZEN = "frozen"


type Moves = Mapping[str, frozenset[str]]

_A, _E, _D, _H, _O = AccountState, EnclaveState, DeploymentState, HostState, OperationState
_G = AccessState

ACCOUNT_MOVES: Moves = {
    _A.PENDING: frozenset({_A.VERIFYING, _A.INSECURE, _A.REMOVED}),
    _A.VERIFYING: frozenset({_A.PENDING, _A.VERIFIED, _A.INSECURE, _A.REMOVED}),
    _A.VERIFIED: frozenset({_A.DEGRADED, _A.INSECURE, _A.REMOVED}),
    _A.DEGRADED: frozenset({_A.VERIFIED, _A.INSECURE, _A.REMOVED}),
    _A.INSECURE: frozenset({_A.VERIFYING, _A.VERIFIED, _A.DEGRADED, _A.REMOVED}),
    _A.REMOVED: frozenset(),
}
ENCLAVE_MOVES: Moves = {
    _E.PENDING: frozenset({_E.READY, _E.REMOVED}),
    _E.READY: frozenset({_E.DEGRADED, _E.REMOVED}),
    _E.DEGRADED: frozenset({_E.READY, _E.REMOVED}),
    _E.REMOVED: frozenset(),
}
DEPLOYMENT_MOVES: Moves = {
    _D.PLANNED: frozenset({_D.ROLLING_OUT, _D.RETIRING}),
    _D.ROLLING_OUT: frozenset({_D.LIVE, _D.HELD_BACK, _D.RETIRING}),
    _D.LIVE: frozenset({_D.ROLLING_OUT, _D.HELD_BACK, _D.RETIRING}),
    _D.HELD_BACK: frozenset({_D.ROLLING_OUT, _D.LIVE, _D.RETIRING}),
    _D.RETIRING: frozenset({_D.RETIRED}),
    _D.RETIRED: frozenset(),
}
HOST_MOVES: Moves = {
    _H.PLANNED: frozenset({_H.PROVISIONED, _H.RETIRING, _H.FAILED}),
    _H.PROVISIONED: frozenset({_H.READY, _H.RETIRING, _H.FAILED, _H.PARKED}),
    _H.READY: frozenset({_H.ACTIVE, _H.RETIRING, _H.FAILED, _H.PARKED}),
    _H.ACTIVE: frozenset({_H.RETIRING, _H.FAILED, _H.PARKED}),
    _H.RETIRING: frozenset({_H.DEPROVISIONED, _H.FAILED}),
    _H.FAILED: frozenset({_H.RETIRING, _H.PARKED}),
    _H.PARKED: frozenset({_H.RETIRING}),
    _H.DEPROVISIONED: frozenset(),
}
OPERATION_MOVES: Moves = {
    _O.QUEUED: frozenset({_O.RUNNING, _O.FAILED, _O.CANCELLED, _O.FROZEN}),
    _O.RUNNING: frozenset({_O.FINISHED, _O.FAILED, _O.CANCELLED, _O.FROZEN}),
    _O.FROZEN: frozenset({_O.RUNNING, _O.FAILED, _O.CANCELLED}),
    _O.FINISHED: frozenset(),
    _O.FAILED: frozenset(),
    _O.CANCELLED: frozenset(),
}
ACCESS_MOVES: Moves = {
    _G.REQUESTED: frozenset({_G.APPROVED, _G.DENIED, _G.WITHDRAWN, _G.LAPSED}),
    _G.APPROVED: frozenset({_G.ACTIVE, _G.ENDED, _G.ACTIVATION_FAILED}),
    _G.ACTIVE: frozenset({_G.ENDED}),
    _G.ENDED: frozenset({_G.REVOCATION_FAILED}),
    _G.REVOCATION_FAILED: frozenset({_G.ENDED}),
    _G.DENIED: frozenset(),
    _G.WITHDRAWN: frozenset(),
    _G.LAPSED: frozenset(),
    _G.ACTIVATION_FAILED: frozenset(),
}

# A machine exists, or may exist, for a host in one of these states.
SERVING = (_H.PLANNED, _H.PROVISIONED, _H.READY, _H.ACTIVE)
GONE = (_H.DEPROVISIONED,)
GRANTED = (_G.APPROVED, _G.ACTIVE)  # these alone open a host
OPEN_OPERATION = (_O.QUEUED, _O.RUNNING, _O.FROZEN)

# How many minutes a host may stay in a state that should pass by itself.
HOST_DEADLINES = {_H.PLANNED: 20, _H.PROVISIONED: 15, _H.READY: 10, _H.RETIRING: 30}


class IllegalMove(Refused):
    """A thing was asked to go where its lifecycle does not lead."""


def check_move(noun: str, moves: Moves, current: str, target: str) -> None:
    """Raise IllegalMove unless ``moves`` leads from the current state to the target."""
    if target not in moves[current]:
        article = "An" if noun[0] in "aeiou" else "A"
        raise IllegalMove(f"{article} {noun} that is {current} cannot become {target}.")
