"""Moving hosts, with their time line and deadlines."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from enclaves.lifecycle import HOST_DEADLINES, HostState
from enclaves.models import Deployment, Enclave, Host, HostMove
from enclaves.provisioning import live
from enclaves.provisioning.telling import tell_of_believed_agent, tell_of_hosts


def plan_rows(deployment: Deployment, wanted: Iterable[dict[str, Any]], *, by: str) -> list[Host]:
    """Write the rows of hosts to be made. The cloud is asked only after these are committed."""
    deadline = _deadline(HostState.PLANNED)
    rows = [
        Host(
            tenant_id=deployment.tenant_id,
            enclave_id=deployment.enclave_id,
            deployment=deployment,
            deadline_at=deadline,
            **one,
        )
        for one in wanted
    ]
    Host.objects.bulk_create(rows)
    HostMove.objects.bulk_create([_move(host, "", HostState.PLANNED, by=by) for host in rows])
    return rows


def move(host: Host, target: HostState, *, by: str, reason: str = "", **changes: Any) -> None:
    """Move a host and write it into its time line, or raise IllegalMove."""
    origin = host.state
    with transaction.atomic():
        # A launch is over, for good or bad, as soon as its host moves.
        ended = {"cloud_operation": "", "follow_at": None}
        deadline = _deadline(target)
        host.move_to(
            target, moved_at=timezone.now(), deadline_at=deadline, problem=reason, **ended, **changes
        )
        _move(host, origin, target, by=by, reason=reason).save()
        live.nudge(host.tenant_id, f"host:{host.pk}", f"enclave:{host.enclave_id}", "hosts")
        if HostState.FAILED in (origin, target):
            tell_of_hosts(host.deployment)
        if target in (HostState.FAILED, HostState.DEPROVISIONED):
            tell_of_believed_agent(host)


def renew_deadlines(enclave: Enclave) -> None:
    """Give moving hosts their full time again, after a time in which nothing was allowed to move."""
    for state in HOST_DEADLINES:
        enclave.hosts.filter(state=state).update(deadline_at=_deadline(HostState(state)))


def _move(host: Host, origin: str, target: str, *, by: str, reason: str = "") -> HostMove:
    return HostMove(tenant_id=host.tenant_id, host=host, origin=origin, target=target, by=by, reason=reason)


def _deadline(state: HostState) -> datetime | None:
    minutes = HOST_DEADLINES.get(state)
    return timezone.now() + timedelta(minutes=minutes) if minutes else None
