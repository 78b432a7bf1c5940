"""What to do about the hosts of an enclave: a pure function of what should be and what is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from enclaves.lifecycle import HostState
from enclaves.models import Host
from enclaves.providers.base import CloudHost, CloudHostState

# How long a launch that was tried may stay invisible in the cloud's listing before it counts as not made.
LISTING_DELAY = timedelta(minutes=2)

_LIVING = (CloudHostState.STARTING, CloudHostState.RUNNING, CloudHostState.STOPPED)
# What the cloud failed to make stands in the account too, until somebody ends it.
_STANDING = (*_LIVING, CloudHostState.FAILED)
_HAS_MACHINE = (HostState.PROVISIONED, HostState.READY, HostState.ACTIVE)


@dataclass(frozen=True)
class Move:
    host: Host
    target: HostState
    reason: str = ""
    machine: CloudHost | None = None  # what the cloud says of it, to be written down


@dataclass
class Actions:
    """What one round does: move rows, clear what failed to be made, launch, end machines."""

    moves: list[Move] = field(default_factory=list)
    half_made: list[tuple[Host, CloudHost]] = field(default_factory=list)  # launches that failed later
    clear: list[str] = field(default_factory=list)  # machines that never worked: ended whatever else fails
    follow: list[Host] = field(default_factory=list)  # whose launch the cloud wants to be asked about
    launch: list[Host] = field(default_factory=list)
    ask_health: list[Host] = field(default_factory=list)
    terminate: list[str] = field(default_factory=list)
    unexplained: list[CloudHost] = field(default_factory=list)
    held_back: list[Move] = field(default_factory=list)  # failures over the limit of a day


def decide(hosts: Sequence[Host], machines: Iterable[CloudHost], *, now: datetime, may_fail: int) -> Actions:
    """Compare rows with machines.

    ``hosts`` are all rows of the enclave but the long deprovisioned ones; ``may_fail`` is how many hosts
    may still be failed today without a person.
    """
    actions = Actions()
    by_host = _by_host(machines, {str(host.pk): host for host in hosts}, actions)
    for host in hosts:
        _decide_host(host, by_host.get(host.pk, ()), actions, now)
    _hold_back_failures(actions, may_fail)
    return actions


def _by_host(
    machines: Iterable[CloudHost], known: Mapping[str, Host], actions: Actions
) -> dict[UUID, list[CloudHost]]:
    found: dict[UUID, list[CloudHost]] = {}
    for machine in machines:
        host = known.get(machine.host_id or "")
        if host is not None:
            found.setdefault(host.pk, []).append(machine)
        elif machine.state in _STANDING:
            actions.unexplained.append(machine)
    return found


def _decide_host(host: Host, machines: Sequence[CloudHost], actions: Actions, now: datetime) -> None:
    standing = [machine for machine in machines if machine.state in _STANDING]
    machine = standing[0] if standing else None
    # A token makes one machine, so a second one for the same row can only come from outside.
    actions.unexplained += standing[1:]
    if host.state == HostState.DEPROVISIONED:
        # A launch that surfaced late: its row is gone, so must be the machine.
        actions.terminate += [one.instance_id for one in standing]
    elif host.want_to_retire:
        _decide_retiring(host, machines, standing, actions, now)
    elif host.state == HostState.PLANNED and host.cloud_operation:
        _decide_being_made(host, machine, actions, now)
    elif host.state == HostState.PLANNED:
        _decide_planned(host, machine, machines, actions, now)
    elif host.state in _HAS_MACHINE:
        _decide_machine(host, machine, actions, now)


def _decide_retiring(
    host: Host, machines: Sequence[CloudHost], standing: Sequence[CloudHost], actions: Actions, now: datetime
) -> None:
    if host.state != HostState.RETIRING:
        actions.moves.append(Move(host, HostState.RETIRING))
    elif standing:
        actions.terminate += [machine.instance_id for machine in standing]
    elif all(machine.state == CloudHostState.GONE for machine in machines) and (
        machines or not _just_launched(host, now)
    ):
        actions.moves.append(Move(host, HostState.DEPROVISIONED))


def _decide_being_made(host: Host, machine: CloudHost | None, actions: Actions, now: datetime) -> None:
    """The cloud took the order and works on it; only what it says of that order tells how it ends."""
    if machine is not None and machine.state in (CloudHostState.RUNNING, CloudHostState.STOPPED):
        actions.moves.append(Move(host, HostState.PROVISIONED, machine=machine))
    elif _late(host, now):
        actions.moves.append(_too_late(host))
    elif _wants_to_be_asked(host, now) or (machine is not None and machine.state == CloudHostState.FAILED):
        actions.follow.append(host)


def _decide_planned(
    host: Host,
    machine: CloudHost | None,
    machines: Sequence[CloudHost],
    actions: Actions,
    now: datetime,
) -> None:
    if machine is not None and machine.state == CloudHostState.FAILED:
        actions.half_made.append((host, machine))
    elif machine is not None:
        actions.moves.append(Move(host, HostState.PROVISIONED, machine=machine))
    elif _late(host, now):
        actions.moves.append(_too_late(host))
    elif not any(one.state == CloudHostState.ENDING for one in machines):
        # Where a machine's name is its host's, the next one has to wait until the first has gone.
        actions.launch.append(host)


def _decide_machine(host: Host, machine: CloudHost | None, actions: Actions, now: datetime) -> None:
    if machine is None:
        if not _just_launched(host, now):
            actions.moves.append(Move(host, HostState.FAILED, "Its machine is gone from the account."))
    elif machine.state == CloudHostState.FAILED:
        _decide_failed(host, machine, actions)
    elif machine.state == CloudHostState.STOPPED:
        actions.moves.append(Move(host, HostState.FAILED, "Its machine was stopped from outside."))
    elif host.state == HostState.READY:
        actions.moves.append(Move(host, HostState.ACTIVE, machine=machine))
    elif host.state == HostState.PROVISIONED and _late(host, now):
        actions.moves.append(Move(host, HostState.FAILED, "It did not pass the cloud's checks in time."))
    elif host.state == HostState.PROVISIONED and machine.state == CloudHostState.RUNNING:
        actions.ask_health.append(host)


def _decide_failed(host: Host, machine: CloudHost, actions: Actions) -> None:
    reason = machine.reason or "The cloud says that its machine failed."
    actions.moves.append(Move(host, HostState.FAILED, reason))
    # One that has served may hold what somebody wants to look at; it goes when the host is replaced.
    if host.state == HostState.PROVISIONED:
        actions.clear.append(machine.instance_id)


def _too_late(host: Host) -> Move:
    return Move(host, HostState.FAILED, host.problem or "It could not be launched in time.")


def _wants_to_be_asked(host: Host, now: datetime) -> bool:
    return host.follow_at is None or host.follow_at <= now


def _just_launched(host: Host, now: datetime) -> bool:
    return host.launch_tried_at is not None and now - host.launch_tried_at <= LISTING_DELAY


def _late(host: Host, now: datetime) -> bool:
    return host.deadline_at is not None and host.deadline_at < now


def _hold_back_failures(actions: Actions, may_fail: int) -> None:
    """Never fail more hosts in a day than the limit: a mass failure is more likely an error of ours."""
    failures = [move for move in actions.moves if _fails_in_service(move)]
    actions.held_back = failures[max(may_fail, 0) :]
    actions.moves = [move for move in actions.moves if move not in actions.held_back]


def _fails_in_service(move: Move) -> bool:
    return move.target == HostState.FAILED and move.host.state == HostState.ACTIVE
