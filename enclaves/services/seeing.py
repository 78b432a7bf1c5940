"""What a tenant may see of its things: the lists and single rows that pages are made of.

Each list is one query, however many rows it has. Everything starts at the tenant.
"""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db.models import Count, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Value

from enclaves.lifecycle import OPEN_OPERATION, AccountState, DeploymentState, EnclaveState, HostState
from enclaves.models import (
    AccountCheck,
    Application,
    CloudAccount,
    Deployment,
    Enclave,
    Event,
    Host,
    HostMove,
    Operation,
    Revision,
    Zone,
)
from tenants.models import AuditEvent, Tenant

MOVING = (HostState.PLANNED, HostState.PROVISIONED, HostState.READY, HostState.RETIRING)
TROUBLED = (HostState.FAILED, HostState.PARKED)
HOST_GROUPS: Mapping[str, tuple[HostState, ...]] = {
    "look": TROUBLED,
    "moving": MOVING,
    "active": (HostState.ACTIVE,),
    "gone": (HostState.DEPROVISIONED,),
}


def accounts(tenant: Tenant) -> QuerySet[CloudAccount]:
    """The accounts that were not removed, with their zones and checks counted."""
    own = AccountCheck.objects.filter(account=OuterRef("pk"), enclave=None)
    zones = Count("enclaves", filter=~Q(enclaves__state=EnclaveState.REMOVED))
    kept = tenant.cloudaccounts.exclude(state=AccountState.REMOVED)
    return _with_checks(kept.annotate(zone_count=zones), own).order_by("registered_at", "id")


def account(tenant: Tenant, name: str) -> CloudAccount:
    """The account that people call ``name`` (aws:…). Raises CloudAccount.DoesNotExist."""
    cloud, _, number = name.partition(":")
    kept = tenant.cloudaccounts.exclude(state=AccountState.REMOVED)
    return kept.select_related("tenant").get(cloud=cloud, number=number)


def every_check(account: CloudAccount) -> list[AccountCheck]:
    """The checks of an account, then those of its enclaves."""
    kept = account.checks.exclude(enclave__state=EnclaveState.REMOVED)
    by_place = F("enclave__zone_id").asc(nulls_first=True)
    return list(kept.select_related("enclave__account").order_by(by_place, "position"))


def account_checks(account: CloudAccount) -> list[AccountCheck]:
    return list(account.checks.filter(enclave=None))


def enclaves(tenant: Tenant) -> QuerySet[Enclave]:
    """The enclaves that were not removed, with their hosts and checks counted."""
    kept = tenant.enclaves.exclude(state=EnclaveState.REMOVED).select_related("account", "zone")
    own = AccountCheck.objects.filter(enclave=OuterRef("pk"))
    return _with_checks(_with_hosts(kept), own).order_by("zone_id", "id")


def enclave(tenant: Tenant, account: str, zone: str) -> Enclave:
    """The enclave that people call ``account/zone``. Raises Enclave.DoesNotExist."""
    cloud, _, number = account.partition(":")
    return enclaves(tenant).get(account__cloud=cloud, account__number=number, zone_id=zone)


def enclave_checks(enclave: Enclave) -> list[AccountCheck]:
    return list(enclave.checks.all())


def enclaves_of(account: CloudAccount) -> list[Enclave]:
    return list(account.enclaves.exclude(state=EnclaveState.REMOVED).order_by("zone_id"))


def ready_enclaves(tenant: Tenant) -> list[Enclave]:
    ready = tenant.enclaves.filter(state=EnclaveState.READY)
    return list(ready.select_related("account", "zone").order_by("zone_id"))


def accounts_that_take_zones(tenant: Tenant) -> list[CloudAccount]:
    verified = tenant.cloudaccounts.filter(state=AccountState.VERIFIED, frozen_at=None)
    return list(verified.order_by("registered_at"))


def zones() -> QuerySet[Zone]:
    """Every zone that the vendor ever offered."""
    return Zone.objects.all()


def open_zones(clouds: set[str]) -> list[Zone]:
    return list(Zone.objects.filter(is_open=True, cloud__in=clouds))


def applications(tenant: Tenant) -> QuerySet[Application]:
    return tenant.applications.all()


def deployments(tenant: Tenant) -> QuerySet[Deployment]:
    rows = tenant.deployments.select_related("application", "applied", "enclave__account", "enclave__zone")
    return _with_hosts(rows.defer("applied__spec", "applied__source", "applied__plan"))


def standing_deployments(tenant: Tenant) -> QuerySet[Deployment]:
    """The deployments that were not retired, newest first."""
    return deployments(tenant).exclude(state=DeploymentState.RETIRED).order_by("-created_at", "-id")


def deployments_in(enclave: Enclave) -> list[Deployment]:
    return list(standing_deployments(enclave.tenant).filter(enclave=enclave))


def standing_hosts(deployment: Deployment) -> int:
    """How many hosts of a deployment are not gone."""
    return deployment.hosts.exclude(state=HostState.DEPROVISIONED).count()


def revisions(deployment: Deployment) -> list[Revision]:
    """The newest revisions of a deployment."""
    return list(deployment.revisions.defer("source", "plan", "spec")[:100])


def all_revisions(deployment: Deployment) -> QuerySet[Revision]:
    return deployment.revisions.defer("source", "plan", "spec")


def revision_of_plan(deployment: Deployment, plan_hash: str) -> Revision:
    """The revision whose plan has this hash.

    None has it if the plan was made again; then the newest revision, which has the new plan.
    """
    return deployment.revisions.filter(plan_hash=plan_hash).first() or deployment.revisions.latest("number")


def operations(tenant: Tenant) -> QuerySet[Operation]:
    rows = tenant.operations.select_related("account", "enclave__account")
    return rows.annotate(revision_number=F("revision__number"))


def open_operations(tenant: Tenant) -> list[Operation]:
    return list(operations(tenant).filter(state__in=OPEN_OPERATION).order_by("created_at")[:20])


def operations_of(deployment: Deployment) -> list[Operation]:
    return list(deployment.operations.order_by("-created_at")[:10])


def events_of(operation: Operation, limit: int) -> list[Event]:
    """The newest lines of an operation's log, in the order in which they were written."""
    lines = operation.events.exclude(text="").order_by("-id")[:limit]
    return list(reversed(lines))


def events_after(operation: Operation, after: int, limit: int) -> tuple[list[Event], bool]:
    """Some lines of an operation's log after the one with this id, and whether there are more."""
    lines = list(operation.events.exclude(text="").filter(pk__gt=after).order_by("id")[: limit + 1])
    return lines[:limit], len(lines) > limit


def hosts(tenant: Tenant) -> QuerySet[Host]:
    return tenant.hosts.select_related("deployment__application", "enclave__account")


def narrowed(hosts: QuerySet[Host], wanted: Mapping[str, str]) -> QuerySet[Host]:
    """The hosts that fit a filter; a filter that makes no sense fits none."""
    try:
        for field in ("enclave", "deployment"):
            if wanted.get(field):
                hosts = hosts.filter(**{field: wanted[field]})
    except ValidationError:
        return hosts.none()
    if wanted.get("cluster"):
        hosts = hosts.filter(cluster=wanted["cluster"])
    return hosts.filter(_found_by(wanted["q"])) if wanted.get("q") else hosts


def in_group(hosts: QuerySet[Host], group: str) -> QuerySet[Host]:
    """The hosts in one of HOST_GROUPS; without a group those that are not gone."""
    if group in HOST_GROUPS:
        return hosts.filter(state__in=HOST_GROUPS[group])
    return hosts.exclude(state=HostState.DEPROVISIONED)


def host_counts(hosts: QuerySet[Host]) -> dict[str, int]:
    """How many hosts each group has, and under the empty name all that are not gone."""
    groups = {name: Count("pk", filter=Q(state__in=states)) for name, states in HOST_GROUPS.items()}
    counted = hosts.order_by().aggregate(all=Count("pk", filter=~Q(state=HostState.DEPROVISIONED)), **groups)
    return {"": counted.pop("all"), **counted}


def hosts_in(enclave: Enclave, limit: int = 300) -> list[Host]:
    """The hosts of an enclave that are not gone, by cluster and number; of very many the first."""
    standing = enclave.hosts.exclude(state=HostState.DEPROVISIONED)
    return list(standing.only("name", "cluster", "number", "state", "problem")[:limit])


def troubled_hosts(enclave: Enclave) -> list[Host]:
    return list(enclave.hosts.filter(state__in=TROUBLED)[:10])


def timeline(host: Host) -> list[HostMove]:
    """The moves of a host, newest first."""
    return list(host.timeline.order_by("-at", "-id")[:200])


def recent_audit(tenant: Tenant) -> list[AuditEvent]:
    return list(tenant.auditevents.order_by("-sequence")[:6])


def _found_by(text: str) -> Q:
    text = text.strip()
    return (
        Q(name__istartswith=text)
        | Q(instance_id__istartswith=text)
        | Q(private_ipv4__startswith=text)
        | Q(ipv6__istartswith=text)
    )


def _with_hosts[Row: (Enclave, Deployment)](rows: QuerySet[Row]) -> QuerySet[Row]:
    return rows.annotate(
        hosts_total=Count("hosts", filter=~Q(hosts__state=HostState.DEPROVISIONED)),
        hosts_active=Count("hosts", filter=Q(hosts__state=HostState.ACTIVE)),
        hosts_moving=Count("hosts", filter=Q(hosts__state__in=MOVING)),
        hosts_failed=Count("hosts", filter=Q(hosts__state=HostState.FAILED)),
        hosts_parked=Count("hosts", filter=Q(hosts__state=HostState.PARKED)),
    )


def _with_checks[Row: (CloudAccount, Enclave)](
    rows: QuerySet[Row], checks: QuerySet[AccountCheck]
) -> QuerySet[Row]:
    return rows.annotate(
        checks_total=_how_many(checks), checks_passed=_how_many(checks.filter(outcome="passed"))
    )


def _how_many(rows: QuerySet[AccountCheck]) -> Subquery:
    """Count in a subquery: a second join would multiply the rows of the first."""
    count = Func(Value(1), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(how_many=count).values("how_many"))
