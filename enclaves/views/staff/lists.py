"""Lists across tenants, with search and filters. Each tenant is told that rows of it were shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enclaves.forms import FleetFilterForm
from enclaves.lifecycle import AccountState, EnclaveState, HostState, OperationState
from enclaves.services import fleet, zones
from tenants.paging import page_of
from tenants.policy import StaffPermission
from tenants.staff_gate import StaffRequest, fleet_page


@dataclass(frozen=True)
class Listing:
    """One kind of thing, as it is listed across tenants."""

    name: str
    rows: Callable[[Mapping[str, Any]], QuerySet[Any]]
    order: Sequence[str]
    states: Sequence[tuple[str, str]]
    filters: Sequence[str]
    search: str


ACCOUNTS = Listing(
    "accounts",
    fleet.accounts,
    ("-registered_at", "-id"),
    AccountState.choices,
    ("tenant", "cloud", "state"),
    "Account number or title",
)
ENCLAVES = Listing(
    "enclaves",
    fleet.enclaves,
    ("-created_at", "-id"),
    EnclaveState.choices,
    ("tenant", "zone", "state"),
    "Zone or account number",
)
HOSTS = Listing(
    "hosts",
    fleet.hosts,
    ("-created_at", "-id"),
    HostState.choices,
    ("tenant", "zone", "state", "group"),
    "Name, instance or address",
)
OPERATIONS = Listing(
    "operations",
    fleet.operations,
    ("-created_at", "-id"),
    OperationState.choices,
    ("tenant", "zone", "kind", "state"),
    "Title",
)


@require_GET
@fleet_page(StaffPermission.TENANT_LIST)
def tenant_list(request: StaffRequest) -> HttpResponse:
    form = FleetFilterForm(request.GET, filters=("state",), states=[("frozen", "frozen")])
    wanted = form.wanted()
    page = page_of(fleet.tenants(wanted), request.GET, order=("name",))
    context = {"page": page, "form": form, "filtered": any(wanted.values()), "search": "Name or title"}
    return render(request, "staff/tenants.html", context)


@require_GET
@fleet_page(StaffPermission.ACCOUNT_LOOK)
def account_list(request: StaffRequest) -> HttpResponse:
    return _listed(request, ACCOUNTS)


@require_GET
@fleet_page(StaffPermission.ENCLAVE_LOOK)
def enclave_list(request: StaffRequest) -> HttpResponse:
    return _listed(request, ENCLAVES)


@require_GET
@fleet_page(StaffPermission.HOST_LOOK)
def host_list(request: StaffRequest) -> HttpResponse:
    return _listed(request, HOSTS)


@require_GET
@fleet_page(StaffPermission.OPERATION_LOOK)
def operation_list(request: StaffRequest) -> HttpResponse:
    return _listed(request, OPERATIONS)


def _listed(request: StaffRequest, listing: Listing) -> HttpResponse:
    known = [zone.name for zone in zones.catalogue()] if "zone" in listing.filters else []
    form = FleetFilterForm(request.GET, filters=listing.filters, states=listing.states, zones=known)
    wanted = form.wanted()
    page = page_of(listing.rows(wanted), request.GET, order=listing.order)
    request.looks.at_list(listing.name, page.rows)
    context = {
        "page": page,
        "form": form,
        "filtered": any(wanted.values()),
        "search": listing.search,
        "table": f"staff/{listing.name}/table.html",
    }
    return render(request, f"staff/{listing.name}/list.html", context)
