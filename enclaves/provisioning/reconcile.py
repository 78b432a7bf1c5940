"""Making the machines of an enclave what its rows say: one round, to be repeated until nothing moves."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import AccountState, EnclaveState, HostState
from enclaves.models import Enclave, Host, HostMove, Operation, Work
from enclaves.providers.base import ProviderError, Trouble
from enclaves.provisioning import hosts as host_rows
from enclaves.provisioning import launching, operations, rollout, work
from enclaves.provisioning.clouds import place_of, provider_for
from enclaves.provisioning.decide import Actions, Move, decide
from enclaves.provisioning.rounds import BY, Round
from enclaves.provisioning.work import Claimed

MOVING, HELD, RESTING = timedelta(seconds=2), timedelta(seconds=30), timedelta(minutes=2)
AT_REST = (HostState.ACTIVE, HostState.DEPROVISIONED, HostState.FAILED)


def reconcile(enclave: Enclave, claimed: Claimed) -> datetime | None:
    """Do one round, and say when to look again; None means: not before somebody asks.

    Raises ProviderError if the cloud could not even be read, LostLease if another worker took over.
    """
    running = operations.open_operations(enclave=enclave)
    if not _may_change(enclave, running):
        return timezone.now() + HELD if running else None
    if running and not _freshly_proved(enclave, running):
        return timezone.now() + HELD
    this = _look(enclave, claimed)
    machines = this.provider.list_hosts(this.place)
    actions = decide(this.rows, machines, now=timezone.now(), may_fail=_may_fail(enclave, this.rows))
    _carry_out(this, actions)
    claimed.keep()
    _note(enclave, actions)
    rollout.report(enclave, running, this.rows, this.errors)
    return _next_look(this, actions)


def _may_change(enclave: Enclave, running: list[Operation]) -> bool:
    """Say whether the tenant and the proof allow changes now; what runs is told why not."""
    account = enclave.account
    if account.frozen_at or account.tenant.frozen_at:
        rollout.freeze(running)
        return False
    if account.state == AccountState.VERIFIED and enclave.state == EnclaveState.READY:
        if rollout.thaw(running):
            host_rows.renew_deadlines(enclave)
        return True
    rollout.hold(running, account, enclave)
    return False


def _freshly_proved(enclave: Enclave, running: list[Operation]) -> bool:
    """A change starts only on a proof made for it; the verifier makes it, and wakes us."""
    starting = [operation for operation in running if not rollout.has_proof(operation)]
    if not starting:
        return True
    account, asked_at = enclave.account, max(operation.created_at for operation in starting)
    proofs = [account.verified_at, enclave.proved_at]
    if all(proof and proof > asked_at for proof in proofs):
        rollout.note_proof(starting, max(filter(None, proofs)))
        return True
    rollout.await_proof(starting)
    # A proof that was tried and found no clear answer is tried again by the verifier, at its own pace.
    if account.checked_at is None or account.checked_at <= asked_at:
        work.ask(enclave.tenant_id, Work.Kind.VERIFY, account.pk, urgent=True)
    return False


def _look(enclave: Enclave, claimed: Claimed) -> Round:
    recent = timezone.now() - timedelta(days=1)
    rows = enclave.hosts.filter(~Q(state=HostState.DEPROVISIONED) | Q(moved_at__gt=recent))
    return Round(
        enclave,
        provider_for(enclave.account),
        place_of(enclave),
        claimed,
        list(rows.order_by("cluster", "number")),
    )


def _may_fail(enclave: Enclave, rows: list[Host]) -> int:
    """Count how many hosts in service may still be failed today: at most 4 %, and at least 2."""
    today = timezone.now() - timedelta(days=1)
    failed = HostMove.objects.filter(
        host__enclave=enclave, origin=HostState.ACTIVE, target=HostState.FAILED, at__gt=today
    ).count()
    in_service = sum(host.state == HostState.ACTIVE for host in rows)
    return max(in_service * 4 // 100, 2) - failed


def _carry_out(this: Round, actions: Actions) -> None:
    for move in actions.moves:
        _move(this, move)
    _clear(this, actions)
    _check_health(this, actions.ask_health)
    launching.follow(this, actions.follow)
    launching.launch(this, actions.launch)
    # After an error nothing is removed in the same round: what looks superfluous may be needed yet.
    if actions.terminate and not this.errors and this.may_still_change():
        this.terminate(actions.terminate)


def _clear(this: Round, actions: Actions) -> None:
    """End what never worked, so that it stands in nobody's way; nothing can be lost with it."""
    for host, machine in actions.half_made:
        error = ProviderError(machine.reason or launching.GAVE_UP, trouble=Trouble.UNAVAILABLE)
        launching.launch_failed(this, host, error)
    ended = [*actions.clear, *(machine.instance_id for _, machine in actions.half_made)]
    if ended and this.may_still_change():
        this.terminate(ended)


def _move(this: Round, move: Move) -> None:
    host = move.host
    if move.target == HostState.PROVISIONED and move.machine is not None:
        # Found by its tag: the worker that launched it did not live to see the answer.
        launching.launched(this, host, move.machine)
        return
    with atomic():
        host_rows.move(host, move.target, by=BY, reason=move.reason, **launching.seen(move.machine))
        if move.target == HostState.DEPROVISIONED and host.instance_id:
            this.record("host.terminated", host, instance=host.instance_id)


def _check_health(this: Round, waiting: list[Host]) -> None:
    if not waiting:
        return
    healthy = this.provider.healthy_hosts(this.place, [host.instance_id for host in waiting])
    for host in waiting:
        if host.instance_id in healthy:
            host_rows.move(host, HostState.READY, by=BY)


def _note(enclave: Enclave, actions: Actions) -> None:
    """Show what no row explains, and what was held back; machines that are not ours are never touched."""
    unexplained = [
        {"instance_id": one.instance_id, "machine": one.machine, "state": one.state}
        for one in actions.unexplained
    ]
    Enclave.objects.filter(pk=enclave.pk).update(unexplained=unexplained, reconciled_at=timezone.now())


def _next_look(this: Round, actions: Actions) -> datetime:
    if this.errors:
        return work.later(this.claimed, *this.errors)
    moving = [host for host in this.rows if host.state not in AT_REST]
    if not moving:
        return timezone.now() + RESTING
    wanted = [host.follow_at for host in moving if host.follow_at]
    # Nothing can be new before the cloud wants to be asked, if that is all there is to wait for.
    return min(wanted) if len(wanted) == len(moving) else timezone.now() + MOVING
