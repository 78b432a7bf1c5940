"""Making the machines of an enclave what its rows say: one round, to be repeated until nothing moves."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import AccountState, EnclaveState, HostState
from enclaves.models import CloudAccount, Enclave, Host, HostMove, Operation, Work
from enclaves.providers.base import CloudHost, HostOrder, Place, Provider, ProviderError, Trouble
from enclaves.provisioning import hosts as host_rows
from enclaves.provisioning import operations, rollout, work
from enclaves.provisioning.clouds import place_of, provider_for
from enclaves.provisioning.decide import Actions, Move, decide
from enclaves.provisioning.work import Claimed
from tenants import audit

log = logging.getLogger(__name__)

BY = "reconciler"
MOVING, HELD, RESTING = timedelta(seconds=2), timedelta(seconds=30), timedelta(minutes=2)
LAUNCHES_PER_ROUND = 50


@dataclass
class Round:
    """One look at an enclave, and what came of it."""

    enclave: Enclave
    provider: Provider
    place: Place
    claimed: Claimed
    rows: list[Host]
    errors: list[ProviderError] = field(default_factory=list)


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
    _check_health(this, actions.ask_health)
    _launch(this, actions.launch)
    # After an error nothing is removed in the same round: what looks superfluous may be needed yet.
    if actions.terminate and not this.errors and _may_still_change(this.enclave):
        _terminate(this, actions.terminate)


def _move(this: Round, move: Move) -> None:
    host = move.host
    if move.target == HostState.PROVISIONED and move.machine is not None:
        # Found by its tag: the worker that launched it did not live to see the answer.
        _launched(this, host, move.machine)
        return
    with atomic():
        host_rows.move(host, move.target, by=BY, reason=move.reason, **_seen(move.machine))
        if move.target == HostState.DEPROVISIONED and host.instance_id:
            _record(this, "host.terminated", host, instance=host.instance_id)


def _launched(this: Round, host: Host, machine: CloudHost) -> None:
    with atomic():
        host_rows.move(host, HostState.PROVISIONED, by=BY, **_seen(machine))
        _record(this, "host.launched", host, instance=machine.instance_id, machine=host.machine)


def _record(this: Round, action: str, subject: Host | Enclave, **detail: str | list[str]) -> None:
    by = audit.System(BY, this.enclave.tenant_id)
    audit.record(action, subject, by=by, tenant=None, enclave=str(this.enclave), **detail)


def _seen(machine: CloudHost | None) -> dict[str, str]:
    if machine is None:
        return {}
    return {
        "instance_id": machine.instance_id,
        "private_ipv4": machine.private_ipv4,
        "ipv6": machine.ipv6,
    }


def _check_health(this: Round, waiting: list[Host]) -> None:
    if not waiting:
        return
    healthy = this.provider.healthy_hosts(this.place, [host.instance_id for host in waiting])
    for host in waiting:
        if host.instance_id in healthy:
            host_rows.move(host, HostState.READY, by=BY)


def _launch(this: Round, waiting: list[Host]) -> None:
    budget = min(LAUNCHES_PER_ROUND, _launches_left(this.enclave)) if waiting else 0
    exhausted: dict[tuple[str, str], str] = {}  # machine types that a zone has just refused, and why
    for host in waiting[:budget]:
        if why := exhausted.get((host.machine, host.availability_zone_id)):
            Host.objects.filter(pk=host.pk).update(problem=why)
            continue
        if not _may_still_change(this.enclave):
            return
        try:
            _launch_one(this, host)
        except ProviderError as error:
            this.errors.append(error)
            _launch_failed(this, host, error)
            exhausted[host.machine, host.availability_zone_id] = str(error)
            if error.trouble not in (Trouble.NO_CAPACITY, Trouble.INVALID):
                return  # the next call would meet the same wall


def _may_still_change(enclave: Enclave) -> bool:
    """Look again before each change: a round takes minutes, and a freeze holds at once."""
    held = Q(frozen_at__isnull=False) | Q(tenant__frozen_at__isnull=False) | ~Q(state=AccountState.VERIFIED)
    return not CloudAccount.objects.filter(held, pk=enclave.account_id).exists()


def _launches_left(enclave: Enclave) -> int:
    """Limit the hosts made per hour, so that an error of ours has a bounded bill."""
    made = HostMove.objects.filter(
        host__enclave=enclave, target=HostState.PROVISIONED, at__gt=timezone.now() - timedelta(hours=1)
    )
    return max(settings.HOSTS_PER_HOUR - made.count(), 0)


def _launch_one(this: Round, host: Host) -> None:
    this.claimed.keep()
    Host.objects.filter(pk=host.pk).update(launch_tried_at=timezone.now())
    _launched(
        this, host, this.provider.launch(this.place, this.enclave.resources, _order(this.enclave, host))
    )


def _order(enclave: Enclave, host: Host) -> HostOrder:
    return HostOrder(
        host_id=str(host.pk),
        name=host.name,
        token=f"{host.pk}-{host.launch_count}",
        machine=host.machine,
        image_id=host.image_id,
        disk_gib=host.disk_gib,
        availability_zone_id=host.availability_zone_id,
        confidential=host.confidential,
        tags={
            "enclave:host": str(host.pk),
            "enclave:deployment": str(host.deployment_id),
            "enclave:tenant": enclave.account.tenant.name,
        },
    )


def _launch_failed(this: Round, host: Host, error: ProviderError) -> None:
    """Write down why; a clear refusal made nothing, so the next try may be another order."""
    if error.trouble == Trouble.INVALID:
        host_rows.move(host, HostState.FAILED, by=BY, reason=str(error))
        return
    changes: dict[str, object] = {"problem": str(error)}
    if error.trouble == Trouble.NO_CAPACITY:
        changes |= {"launch_count": host.launch_count + 1, "availability_zone_id": _next_zone(this, host)}
    Host.objects.filter(pk=host.pk).update(**changes)
    if error.trouble == Trouble.REFUSED:
        work.ask(host.tenant_id, Work.Kind.VERIFY, this.enclave.account_id, urgent=True)


def _next_zone(this: Round, host: Host) -> str:
    zones = list(this.place.availability_zone_ids)
    return zones[(zones.index(host.availability_zone_id) + 1) % len(zones)]


def _terminate(this: Round, instance_ids: list[str]) -> None:
    this.claimed.keep()
    # Recorded before, because a worker that dies with the answer finds the machines gone and asks no more.
    with atomic():
        _record(this, "host.termination_asked", this.enclave, instances=instance_ids)
    try:
        this.provider.terminate(this.place, instance_ids)
    except ProviderError as error:
        this.errors.append(error)
    else:
        # What the cloud agreed to end had surfaced, so its absence is believed at once.
        Host.objects.filter(instance_id__in=instance_ids).update(launch_tried_at=None)


def _note(enclave: Enclave, actions: Actions) -> None:
    """Show what no row explains, and what was held back; machines that are not ours are never touched."""
    unexplained = [
        {"instance_id": one.instance_id, "machine": one.machine, "state": one.state}
        for one in actions.unexplained
    ]
    Enclave.objects.filter(pk=enclave.pk).update(unexplained=unexplained, reconciled_at=timezone.now())


def _next_look(this: Round, actions: Actions) -> datetime:
    if this.errors:
        return timezone.now() + timedelta(seconds=min(5 * 2 ** min(this.claimed.attempts, 6), 300))
    moving = any(
        host.state not in (HostState.ACTIVE, HostState.DEPROVISIONED, HostState.FAILED) for host in this.rows
    )
    return timezone.now() + (MOVING if moving else RESTING)
