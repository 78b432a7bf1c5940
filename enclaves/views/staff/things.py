"""A tenant and single things of tenants, as staff see them. The tenant is told of each look."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from enclaves.services import fleet, seeing, visits
from enclaves.services.access import OPEN_HOSTS
from enclaves.services.health import health_of
from enclaves.views.operations import LOG_LINES
from tenants.policy import StaffPermission
from tenants.scope import EVERYBODY
from tenants.staff_gate import StaffRequest, fleet_page


@require_GET
@fleet_page(StaffPermission.TENANT_LOOK)
def tenant_detail(request: StaffRequest, name: str) -> HttpResponse:
    tenant = get_object_or_404(fleet.tenant(name))
    request.looks.into(tenant, tenant)
    context = {
        "tenant": tenant,
        "admins": fleet.admins(tenant),
        "accounts": list(seeing.accounts(tenant)),
        "enclaves": list(seeing.enclaves(tenant)),
        "deployments": fleet.deployments_of(tenant),
        "operations": list(seeing.operations(tenant).order_by("-created_at", "-id")[:10]),
        "looks": fleet.recent_looks(tenant),
        "may_ask": request.staff.may(StaffPermission.ACCESS_ASK),
    }
    return render(request, "staff/tenant.html", context)


@require_GET
@fleet_page(StaffPermission.ACCOUNT_LOOK)
def account_detail(request: StaffRequest, pk: UUID) -> HttpResponse:
    account = get_object_or_404(fleet.every_account(), pk=pk)
    request.looks.into(account.tenant, account)
    context = {
        "account": account,
        "checks": seeing.every_check(account),
        "enclaves": seeing.enclaves_of(account),
    }
    return render(request, "staff/accounts/detail.html", context)


@require_GET
@fleet_page(StaffPermission.ENCLAVE_LOOK)
def enclave_detail(request: StaffRequest, pk: UUID) -> HttpResponse:
    enclave = get_object_or_404(fleet.every_enclave(), pk=pk)
    request.looks.into(enclave.tenant, enclave)
    context = {
        "enclave": enclave,
        "checks": seeing.enclave_checks(enclave),
        "hosts": seeing.hosts_in(enclave),
        "deployments": seeing.deployments_in(enclave),
    }
    return render(request, "staff/enclaves/detail.html", context)


@require_GET
@fleet_page(StaffPermission.HOST_LOOK)
def host_detail(request: StaffRequest, pk: UUID) -> HttpResponse:
    host = get_object_or_404(fleet.every_host().select_related("agent"), pk=pk)
    request.looks.into(host.tenant, host)
    context = {
        "host": host,
        "timeline": seeing.timeline(host),
        "health": health_of(host),
        "accesses": visits.to_host(host, EVERYBODY),
        "may_ask": request.staff.may(StaffPermission.ACCESS_ASK) and host.state in OPEN_HOSTS,
    }
    return render(request, "staff/hosts/detail.html", context)


@require_GET
@fleet_page(StaffPermission.OPERATION_LOOK)
def operation_detail(request: StaffRequest, pk: UUID) -> HttpResponse:
    operation = get_object_or_404(fleet.operations({}), pk=pk)
    request.looks.into(operation.tenant, operation)
    events = seeing.events_of(operation, LOG_LINES)
    context = {"operation": operation, "events": events, "hidden_events": len(events) == LOG_LINES}
    return render(request, "staff/operations/detail.html", context)
