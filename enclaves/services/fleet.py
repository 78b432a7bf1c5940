"""What staff may see across all tenants: figures by zone, lists with filters, and single things.

Everything is read on the connection that the row-level policies do not bind, so it is called inside of
tenants.looks.looking, which tells each tenant what was seen of it. Figures name no thing of anybody.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Func, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from enclaves.lifecycle import (
    GRANTED,
    OPEN_OPERATION,
    AccessState,
    AccountState,
    EnclaveState,
    HostState,
    OperationState,
)
from enclaves.models import (
    AccessRequest,
    AccessRules,
    AccountCheck,
    CloudAccount,
    Deployment,
    Enclave,
    Host,
    HostMove,
    Operation,
)
from enclaves.services import seeing, visits
from tenants.audit import LOOKED
from tenants.models import AuditEvent, Membership, Tenant
from tenants.policy import Role
from tenants.scope import EVERYBODY, tenant_scope

LATELY: Final = timedelta(days=1)
MOST_STANDING: Final = 300
NAMED: Final = 3  # tenants of a zone by name; of more only how many

# The filters of each list: the conditions that they set.
_SAME: Final = {"tenant": "tenant__name", "state": "state"}
FILTERS: Final[Mapping[type[Model], Mapping[str, str]]] = {
    CloudAccount: {**_SAME, "cloud": "cloud"},
    Enclave: {**_SAME, "zone": "zone_id"},
    Host: {**_SAME, "zone": "enclave__zone_id"},
    Operation: {**_SAME, "zone": "enclave__zone_id", "kind": "kind"},
}


def tenants(wanted: Mapping[str, Any]) -> QuerySet[Tenant]:
    """All tenants with what they have counted, or those that a text is part of."""
    rows = Tenant.objects.using(EVERYBODY).annotate(
        member_count=_count(Membership.objects.all()),
        account_count=_count(CloudAccount.objects.exclude(state=AccountState.REMOVED)),
        enclave_count=_count(Enclave.objects.exclude(state=EnclaveState.REMOVED)),
        host_count=_count(Host.objects.exclude(state=HostState.DEPROVISIONED)),
    )
    if wanted.get("state") == "frozen":
        rows = rows.filter(frozen_at__isnull=False)
    text = str(wanted.get("q") or "").strip()
    return rows.filter(Q(name__icontains=text) | Q(title__icontains=text)) if text else rows


def tenant(name: str) -> QuerySet[Tenant]:
    return Tenant.objects.using(EVERYBODY).filter(name=name)


def admins(tenant: Tenant) -> list[Membership]:
    """Whom to write to about a tenant."""
    found = tenant.memberships.filter(roles__contains=[Role.ADMIN]).select_related("user")
    return list(found.order_by("joined_at")[:10])


def recent_looks(tenant: Tenant) -> list[AuditEvent]:
    """The last looks of staff into a tenant, as the tenant itself sees them."""
    return list(tenant.auditevents.filter(action=LOOKED).order_by("-sequence")[:6])


def accounts(wanted: Mapping[str, Any]) -> QuerySet[CloudAccount]:
    """Accounts that fit; without a wish for a state those that were not removed, as with the others."""
    found = _narrowed(every_account(), wanted, ("number__istartswith", "title__icontains"))
    return found if wanted.get("state") else found.exclude(state=AccountState.REMOVED)


def every_account() -> QuerySet[CloudAccount]:
    rows = CloudAccount.objects.using(EVERYBODY).select_related("tenant")
    own = AccountCheck.objects.filter(account=OuterRef("pk"), enclave=None)
    return rows.annotate(
        zone_count=_count_of(Enclave.objects.filter(account=OuterRef("pk")).exclude(state="removed")),
        checks_total=_count_of(own),
        checks_passed=_count_of(own.filter(outcome="passed")),
    )


def enclaves(wanted: Mapping[str, Any]) -> QuerySet[Enclave]:
    found = _narrowed(every_enclave(), wanted, ("zone__name__icontains", "account__number__istartswith"))
    return found if wanted.get("state") else found.exclude(state=EnclaveState.REMOVED)


def every_enclave() -> QuerySet[Enclave]:
    rows = Enclave.objects.using(EVERYBODY).select_related("tenant", "account", "zone")
    own = AccountCheck.objects.filter(enclave=OuterRef("pk"))
    return _with_hosts(rows).annotate(
        checks_total=_count_of(own), checks_passed=_count_of(own.filter(outcome="passed"))
    )


def hosts(wanted: Mapping[str, Any]) -> QuerySet[Host]:
    by = ("name__istartswith", "instance_id__istartswith", "private_ipv4__startswith", "ipv6__istartswith")
    found = _narrowed(every_host(), wanted, by)
    return found if wanted.get("state") else seeing.in_group(found, str(wanted.get("group") or ""))


def every_host() -> QuerySet[Host]:
    return Host.objects.using(EVERYBODY).select_related(
        "tenant", "deployment__application", "enclave__account"
    )


def operations(wanted: Mapping[str, Any]) -> QuerySet[Operation]:
    rows = Operation.objects.using(EVERYBODY).select_related("tenant", "account", "enclave__account")
    return _narrowed(rows.annotate(revision_number=F("revision__number")), wanted, ("title__icontains",))


def every_access() -> QuerySet[AccessRequest]:
    return visits.every_request(EVERYBODY)


def standing_access() -> list[AccessRequest]:
    """What waits, is open, or is over and not known to be gone, at any tenant: what ends first, first."""
    standing = every_access().filter(state__in=visits.STANDING)
    return list(standing.order_by(Coalesce("ends_at", "lapses_at"), "id")[:MOST_STANDING])


def past_access() -> QuerySet[AccessRequest]:
    """What is over at all tenants."""
    return every_access().exclude(state__in=visits.STANDING)


def access_rules(tenant_ids: Collection[UUID]) -> Mapping[UUID, AccessRules]:
    """The rules of each of these tenants."""
    laid_down = AccessRules.objects.using(EVERYBODY).filter(tenant__in=tenant_ids)
    found = {rules.tenant_id: rules for rules in laid_down}
    return {one: found.get(one) or AccessRules(tenant_id=one) for one in tenant_ids}


@contextmanager
def access_in_its_tenant(name: str) -> Iterator[AccessRequest]:
    """A request in the scope of its tenant, where staff act on it by the rules of everybody.

    Raises AccessRequest.DoesNotExist.
    """
    tenant_id = AccessRequest.objects.using(EVERYBODY).values_list("tenant_id", flat=True).get(name=name)
    with tenant_scope(tenant_id):
        yield visits.every_request().get(name=name)


def deployments_of(tenant: Tenant) -> list[Deployment]:
    return list(seeing.standing_deployments(tenant)[:50])


def _narrowed[Row: Model](
    rows: QuerySet[Row], wanted: Mapping[str, Any], searched: tuple[str, ...]
) -> QuerySet[Row]:
    conditions = {field: wanted[name] for name, field in FILTERS[rows.model].items() if wanted.get(name)}
    text = str(wanted.get("q") or "").strip()
    if not text:
        return rows.filter(**conditions)
    found = Q()
    for field in searched:
        found |= Q(**{field: text})
    return rows.filter(found, **conditions)


@dataclass(frozen=True)
class ZoneFigures:
    """One zone in figures, over all tenants."""

    name: str
    tenants: int
    tenant_names: tuple[str, ...]
    enclaves: int
    degraded: int
    accounts: int
    accounts_verified: int
    unexplained: int
    hosts: Mapping[str, int]  # by state, those that are gone left out
    failed_today: int

    @property
    def hosts_total(self) -> int:
        return sum(self.hosts.values())

    @property
    def state(self) -> str:
        """Degraded where changes are stopped, "troubled" where a person should look, else healthy."""
        if self.degraded or self.accounts_verified < self.accounts:
            return "degraded"
        troubled = any(self.hosts.get(state) for state in seeing.TROUBLED) or self.unexplained
        return "troubled" if troubled else "healthy"


@dataclass(frozen=True)
class Figures:
    """The whole fleet in figures."""

    tenants: int
    tenants_frozen: int
    accounts: Mapping[str, int]  # by state, removed ones left out
    accounts_frozen: int
    operations_open: int
    operations_failed: int  # lately
    grants_open: int
    grants_not_gone: int  # over, and nobody has confirmed that nothing is left of them
    zones: tuple[ZoneFigures, ...]

    @property
    def accounts_total(self) -> int:
        return sum(self.accounts.values())

    @property
    def hosts_total(self) -> int:
        return sum(zone.hosts_total for zone in self.zones)

    @property
    def hosts_active(self) -> int:
        return sum(zone.hosts.get(HostState.ACTIVE, 0) for zone in self.zones)

    @property
    def unexplained(self) -> int:
        return sum(zone.unexplained for zone in self.zones)


def figures() -> Figures:
    """Count everything, in a number of queries that does not depend on how much there is."""
    counted = Tenant.objects.using(EVERYBODY).aggregate(
        all=Count("pk"), frozen=Count("pk", filter=Q(frozen_at__isnull=False))
    )
    standing = CloudAccount.objects.using(EVERYBODY).exclude(state=AccountState.REMOVED)
    by_state = standing.order_by().values_list("state").annotate(Count("pk"), Count("frozen_at"))
    states = list(by_state)
    return Figures(
        tenants=counted["all"],
        tenants_frozen=counted["frozen"],
        accounts={state: count for state, count, _ in states},
        accounts_frozen=sum(frozen for *_, frozen in states),
        **_operation_counts(),
        **_grant_counts(),
        zones=_zones(),
    )


def _operation_counts() -> dict[str, int]:
    failed = Q(state=OperationState.FAILED, ended_at__gt=timezone.now() - LATELY)
    counts: dict[str, int] = Operation.objects.using(EVERYBODY).aggregate(
        operations_open=Count("pk", filter=Q(state__in=OPEN_OPERATION)),
        operations_failed=Count("pk", filter=failed),
    )
    return counts


def _grant_counts() -> dict[str, int]:
    counts: dict[str, int] = AccessRequest.objects.using(EVERYBODY).aggregate(
        grants_open=Count("pk", filter=Q(state__in=GRANTED)),
        grants_not_gone=Count("pk", filter=Q(state=AccessState.REVOCATION_FAILED)),
    )
    return counts


def _zones() -> tuple[ZoneFigures, ...]:
    hosts, failed = _hosts_by_zone(), _failed_today()
    found = []
    for row in _enclaves_by_zone():
        zone, names = row.pop("zone_id"), sorted(row.pop("names"))
        shown = tuple(names) if len(names) <= NAMED else ()
        facts: dict[str, Any] = {"hosts": hosts.get(zone, {}), "failed_today": failed.get(zone, 0)}
        found.append(ZoneFigures(name=zone, tenants=len(names), tenant_names=shown, **row, **facts))
    return tuple(found)


def _enclaves_by_zone() -> list[Any]:
    standing = Enclave.objects.using(EVERYBODY).exclude(state=EnclaveState.REMOVED)
    verified = Q(account__state=AccountState.VERIFIED)
    machines = Func(F("unexplained"), function="jsonb_array_length", output_field=IntegerField())
    rows = standing.order_by("zone_id").values("zone_id")
    return list(
        rows.annotate(
            names=ArrayAgg("tenant__name", distinct=True),
            enclaves=Count("pk"),
            degraded=Count("pk", filter=Q(state=EnclaveState.DEGRADED)),
            accounts=Count("account", distinct=True),
            accounts_verified=Count("account", distinct=True, filter=verified),
            unexplained=Coalesce(Sum(machines), 0),
        )
    )


def _hosts_by_zone() -> dict[str, dict[str, int]]:
    standing = Host.objects.using(EVERYBODY).exclude(state=HostState.DEPROVISIONED)
    found: dict[str, dict[str, int]] = {}
    for zone, state, count in (
        standing.order_by().values_list("enclave__zone_id", "state").annotate(Count("pk"))
    ):
        found.setdefault(zone, {})[state] = count
    return found


def _failed_today() -> dict[str, int]:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    moves = HostMove.objects.using(EVERYBODY).filter(target=HostState.FAILED, at__gte=midnight)
    return dict(moves.order_by().values_list("host__enclave__zone_id").annotate(Count("pk")))


def _count(rows: QuerySet[Any]) -> Any:
    """How many rows of a tenant there are, for a list of tenants."""
    return _count_of(rows.filter(tenant=OuterRef("pk")))


def _count_of(rows: QuerySet[Any]) -> Any:
    # A subquery for each: a second join would multiply the rows of the first.
    count = Func(Value(1), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(how_many=count).values("how_many"))


def _with_hosts(rows: QuerySet[Enclave]) -> QuerySet[Enclave]:
    own = Host.objects.filter(enclave=OuterRef("pk"))
    return rows.annotate(
        hosts_total=_count_of(own.exclude(state=HostState.DEPROVISIONED)),
        hosts_active=_count_of(own.filter(state=HostState.ACTIVE)),
        hosts_moving=_count_of(own.filter(state__in=seeing.MOVING)),
        hosts_failed=_count_of(own.filter(state=HostState.FAILED)),
        hosts_parked=_count_of(own.filter(state=HostState.PARKED)),
    )
