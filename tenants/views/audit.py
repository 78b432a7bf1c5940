from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from tenants import audit
from tenants.forms import AuditFilterForm
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission


@require_GET
@tenant_page(Permission.AUDIT_VIEW)
def audit_list(request: TenantRequest) -> HttpResponseBase:
    tenant = request.actor.tenant
    form = AuditFilterForm(request.GET)
    wanted = form.wanted()
    events = audit.find(tenant, **wanted)
    if request.GET.get("format") == "jsonl":
        name = f'attachment; filename="{tenant.name}-audit.jsonl"'
        lines = audit.export(events, tenant)
        return StreamingHttpResponse(
            lines, content_type="application/jsonl", headers={"Content-Disposition": name}
        )
    context = {
        "page": page_of(events, request.GET, order=("-sequence",)),
        "form": form,
        "filtered": any(wanted.values()),
        "chain": audit.head(tenant),
    }
    return render(request, "tenants/audit/list.html", context)


@require_POST
@tenant_page(Permission.AUDIT_VIEW)
def audit_verify(request: TenantRequest) -> HttpResponse:
    verdict = audit.verify(request.actor.tenant)
    if verdict.intact:
        messages.success(request, f"The chain is intact: {verdict.events} events.")
    else:
        messages.error(request, verdict.problem)
    return redirect("audit-list", request.actor.tenant.name)
