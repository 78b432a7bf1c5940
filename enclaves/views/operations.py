from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from enclaves.services import seeing
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import answer

LOG_LINES = 500


@require_GET
@tenant_page(Permission.OPERATION_VIEW)
def operation_list(request: TenantRequest) -> HttpResponse:
    rows = seeing.operations(request.actor.tenant)
    context = {"page": page_of(rows, request.GET, order=["-created_at", "-id"])}
    return answer(request, "enclaves/operations/list.html", context)


@require_GET
@tenant_page(Permission.OPERATION_VIEW)
def operation_detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    operation = get_object_or_404(seeing.operations(request.actor.tenant), pk=pk)
    events = seeing.events_of(operation, LOG_LINES)
    context = {
        "operation": operation,
        "events": events,
        "hidden_events": len(events) == LOG_LINES,
    }
    return answer(request, "enclaves/operations/detail.html", context)
