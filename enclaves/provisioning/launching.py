"""Launching hosts, and following launches that a cloud takes its time for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import HostState
from enclaves.models import Enclave, Host, HostMove, Work
from enclaves.providers.base import CloudHost, HostOrder, Progress, ProgressState, ProviderError, Trouble
from enclaves.provisioning import birth, work
from enclaves.provisioning import hosts as host_rows
from enclaves.provisioning.rounds import BY, Round

LAUNCHES_PER_ROUND = 50
FOLLOWS_PER_ROUND = 50
# When to ask again where the cloud does not say, and the longest that it may have us wait.
ASK_AGAIN, ASK_AT_LEAST = timedelta(seconds=10), timedelta(minutes=2)

GAVE_UP = "The cloud took the order, and could not make the machine."


def launch(this: Round, waiting: Sequence[Host]) -> None:
    """Order machines for hosts, as many as the limits of a round and of an hour allow."""
    budget = min(LAUNCHES_PER_ROUND, _launches_left(this)) if waiting else 0
    exhausted: dict[tuple[str, str], str] = {}  # machine types that a zone has just refused, and why
    for host in waiting[:budget]:
        if why := exhausted.get((host.machine, host.availability_zone_id)):
            _keep(host, problem=why)
            continue
        if not this.may_still_change():
            return
        try:
            _launch_one(this, host)
        except ProviderError as error:
            launch_failed(this, host, error)
            exhausted[host.machine, host.availability_zone_id] = str(error)
            if error.trouble not in (Trouble.NO_CAPACITY, Trouble.INVALID):
                return  # the next call would meet the same wall


def follow(this: Round, waiting: Sequence[Host]) -> None:
    """Ask how launches go that the cloud still works on, those first that wait for longest.

    One that failed leaves half a machine, which is ended; the host is launched again, or told to have
    failed, just as if the cloud had refused the order at once.
    """
    given_up: list[Host] = []
    for host in sorted(waiting, key=_asked_at)[:FOLLOWS_PER_ROUND]:
        try:
            progress = this.provider.follow(this.place, host.cloud_operation)
        except ProviderError as error:
            if not _lost_sight(this, host, error):
                break  # the next call would meet the same wall
            continue
        _note_progress(host, progress)
        if progress.state == ProgressState.FAILED:
            launch_failed(this, host, progress.error or ProviderError(GAVE_UP, trouble=Trouble.UNAVAILABLE))
            given_up.append(host)
    if given_up and this.may_still_change():
        this.terminate([host.instance_id for host in given_up])


def launched(this: Round, host: Host, machine: CloudHost) -> None:
    """Write down that the cloud has made a host's machine."""
    with atomic():
        host_rows.move(host, HostState.PROVISIONED, by=BY, **seen(machine))
        this.record("host.launched", host, instance=machine.instance_id, machine=host.machine)


def launch_failed(this: Round, host: Host, error: ProviderError) -> None:
    """Write down why; a clear refusal made nothing, so the next try may be another order."""
    this.errors.append(error)
    if host.cloud_operation:
        this.record("host.launch_failed", host, instance=host.instance_id, problem=str(error))
    if error.trouble == Trouble.INVALID:
        host_rows.move(host, HostState.FAILED, by=BY, reason=str(error))
        return
    changes: dict[str, object] = {"problem": str(error), "cloud_operation": "", "follow_at": None}
    if error.trouble == Trouble.NO_CAPACITY:
        changes |= {"launch_count": host.launch_count + 1, "availability_zone_id": _next_zone(this, host)}
        changes["user_data"] = ""  # another order, which may wait, and is to name the keys of its day
    _keep(host, **changes)
    if error.trouble == Trouble.REFUSED:
        work.ask(host.tenant_id, Work.Kind.VERIFY, this.enclave.account_id, urgent=True)


def seen(machine: CloudHost | None) -> dict[str, str]:
    """What of a machine is kept in its host's row."""
    if machine is None:
        return {}
    return {
        "instance_id": machine.instance_id,
        "private_ipv4": machine.private_ipv4,
        "ipv6": machine.ipv6,
        **({"identity": machine.identity} if machine.identity else {}),
    }


def _launches_left(this: Round) -> int:
    """Limit the hosts made per hour, so that an error of ours has a bounded bill."""
    made = HostMove.objects.filter(
        host__enclave=this.enclave, target=HostState.PROVISIONED, at__gt=timezone.now() - timedelta(hours=1)
    )
    being_made = sum(bool(host.cloud_operation) for host in this.rows)
    return max(settings.HOSTS_PER_HOUR - made.count() - being_made, 0)


def _launch_one(this: Round, host: Host) -> None:
    this.claimed.keep()
    told = host.user_data or birth.user_data(this.enclave, host)
    _keep(host, launch_tried_at=timezone.now(), user_data=told)
    machine = this.provider.launch(this.place, this.enclave.resources, _order(this.enclave, host))
    if machine.operation:
        # Before anything else: whoever takes over must be able to ask how it goes.
        _keep(host, cloud_operation=machine.operation, follow_at=None, instance_id=machine.instance_id)
        this.record("host.launch_asked", host, instance=machine.instance_id, machine=host.machine)
    else:
        launched(this, host, machine)


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
        user_data=host.user_data,
    )


def _next_zone(this: Round, host: Host) -> str:
    zones = list(this.place.availability_zone_ids)
    return zones[(zones.index(host.availability_zone_id) + 1) % len(zones)]


def _asked_at(host: Host) -> datetime:
    return host.follow_at or host.launch_tried_at or host.created_at


def _note_progress(host: Host, progress: Progress) -> None:
    if progress.state == ProgressState.RUNNING:
        _keep(host, follow_at=timezone.now() + _pause(progress.retry_after))
    elif progress.state == ProgressState.DONE:
        # The next listing shows the machine, with its addresses.
        _keep(host, cloud_operation="", follow_at=None)


def _pause(retry_after: float | None) -> timedelta:
    return min(timedelta(seconds=retry_after), ASK_AT_LEAST) if retry_after else ASK_AGAIN


def _lost_sight(this: Round, host: Host, error: ProviderError) -> bool:
    """Say whether the cloud has forgotten this one launch; then the listing tells what came of it."""
    this.errors.append(error)
    if error.trouble == Trouble.REFUSED:
        work.ask(host.tenant_id, Work.Kind.VERIFY, this.enclave.account_id, urgent=True)
    if error.trouble != Trouble.INVALID:
        return False
    _keep(host, cloud_operation="", follow_at=None)
    return True


def _keep(host: Host, **changes: Any) -> None:
    Host.objects.filter(pk=host.pk).update(**changes)
    for name, value in changes.items():
        setattr(host, name, value)
