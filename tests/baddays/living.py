"""Worker after worker does what is due, and who is caught dies: the same on every cloud."""

from collections.abc import Callable

import pytest
from django.db.transaction import atomic

from enclaves.models import Authority, Deployment, Host, Operation, Work
from enclaves.providers.base import HostOrder, ProviderError, Trouble, ZoneResources
from enclaves.provisioning.clouds import place_of, provider_for
from tenants import audit
from tests.baddays.conftest import make_due
from tests.baddays.mortal import Workers
from tests.baddays.registered import Registered
from tests.baddays.trap import Step, Trap, Wish


def live_and_die(workers: Workers, trap: Trap, wish: Wish | None, most: int = 150) -> None:
    """Let worker after worker do what is due until nothing moves; ``wish`` says who is caught."""
    for _ in range(most):
        make_due(Work.Kind.RECONCILE)
        trap.lay(wish)
        trap.name(workers.start())
        workers.wait()
        trap.lay(None)
        if not is_moving():
            return
    raise AssertionError(f"It did not come to rest:\n{workers.log.read_text()[-3000:]}")


def is_moving() -> bool:
    return Operation.objects.filter(state__in=["queued", "running"]).exists()


def once_each(*what: str, launch: str) -> Wish:
    """Catch at each kind of call once, and at every launch that was carried out."""
    known = set()

    def wish(step: Step) -> bool:
        label = tuple(getattr(step, name) for name in what)
        is_new = label not in known
        known.add(label)
        return is_new or (step.action, step.outcome) == (launch, "ok")

    return wish


def audited(cloud: Registered, action: str) -> list[str]:
    """The machines of which the record tells, which is whole."""
    with atomic():
        assert audit.verify(cloud.by.tenant).intact
    events = cloud.by.tenant.auditevents.filter(action=action)
    return sorted(events.values_list("detail__instance", flat=True))


A_LIFE = ["", "planned", "provisioned", "ready"]


def assert_exactly(
    deployment: Deployment, cloud: Registered, host_ids: Callable[[], dict[str, str]], hosts: int
) -> None:
    """Rows and account say the same, both ways; nothing was made twice; the audit knows each host."""
    deployment.refresh_from_db()
    rows = {host.instance_id: str(host.pk) for host in deployment.hosts.filter(state="active")}
    assert (deployment.state, len(rows)) == ("live", hosts)
    assert host_ids() == rows
    for host in deployment.hosts.all():
        assert sorted(move.origin for move in host.timeline.all()) == sorted(A_LIFE)
    assert audited(cloud, "host.launched") == sorted(rows)


def assert_told_once(deployment: Deployment) -> None:
    """Each host was told who it is. (The same in each try: AWS would have refused another text.)"""
    for host in deployment.hosts.all():
        assert f'"host_id\\": \\"{host.pk}' in host.user_data
    purposes = Authority.objects.using("system").values_list("purpose", flat=True)
    assert sorted(purposes) == ["gateways", "grants", "ssh-users"]


def assert_cloud_refuses(claim: Registered, resources: ZoneResources, zone: str) -> Host:
    """Whatever the provider of a claim asks of somebody else's enclave is refused; return the host in it."""
    provider, place = provider_for(claim.account), place_of(claim.enclave)
    host = Host.objects.get()
    order = HostOrder("h", "n", "t", host.machine, host.image_id, 10, zone, "none", {})
    for attempt in (
        lambda: provider.list_hosts(place),
        lambda: provider.launch(place, resources, order),
        lambda: provider.terminate(place, [host.instance_id]),
    ):
        with pytest.raises(ProviderError) as refusal:
            attempt()
        assert refusal.value.trouble == Trouble.REFUSED
    return host
