"""The sweep: finds what a lost message forgot, and what is stuck."""

from datetime import timedelta

from django.utils import timezone

from enclaves.lifecycle import HOST_DEADLINES, HostState, IllegalMove
from enclaves.models import Event, Host
from enclaves.provisioning import authorities, hosts, issuer, work
from tenants.scope import tenant_scope

BY = "sweep"
GRACE = timedelta(minutes=5)  # the reconciler knows better why a host is stuck; it goes first
MOST_NUDGES = 4
KEEP_NUDGES = timedelta(days=1)


def sweep() -> int:
    """Fail what is stuck, forget old nudges, turn the keys, and return how many workers should look now."""
    issuer.keep_keys()
    authorities.keep_authorities()
    _fail_stuck_hosts()
    Event.objects.using("system").filter(operation=None, at__lt=timezone.now() - KEEP_NUDGES).delete()
    return min(work.count_due(), MOST_NUDGES)


def _fail_stuck_hosts() -> None:
    stuck = Host.objects.using("system").filter(
        deadline_at__lt=timezone.now() - GRACE,
        state__in=list(HOST_DEADLINES),
        # Who froze wanted to stop us, not to lose hosts.
        tenant__frozen_at=None,
        enclave__account__frozen_at=None,
    )
    for tenant_id, host_id in stuck.values_list("tenant_id", "id")[:100]:
        with tenant_scope(tenant_id):
            _fail(Host.objects.get(pk=host_id))


def _fail(host: Host) -> None:
    minutes = HOST_DEADLINES[HostState(host.state)]
    reason = host.problem or f"It was {host.state} for more than {minutes} minutes."
    try:
        hosts.move(host, HostState.FAILED, by=BY, reason=reason)
    except IllegalMove:
        return  # it has moved by itself meanwhile
