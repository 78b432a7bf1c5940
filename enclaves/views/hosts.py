from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from enclaves.forms import HostFilterForm
from enclaves.services import seeing, visits
from enclaves.services.access import OPEN_HOSTS
from enclaves.services.health import health_of
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import answer

GROUPS = (
    ("", "All", ""),
    ("look", "Needs a look", "s-warn"),
    ("moving", "Moving", "s-run"),
    ("active", "Active", "s-ok"),
    ("gone", "Gone", "s-idle"),
)


@dataclass(frozen=True)
class Chip:
    title: str
    icon: str
    count: int
    url: str
    on: bool


@require_GET
@tenant_page(Permission.HOST_VIEW)
def host_list(request: TenantRequest) -> HttpResponse:
    tenant, params = request.actor.tenant, request.GET
    found = seeing.narrowed(seeing.hosts(tenant), params.dict())
    counts, group = seeing.host_counts(found), params.get("group", "")
    context = {
        "page": page_of(seeing.in_group(found, group), params, order=["cluster", "number", "id"]),
        "form": HostFilterForm(
            params,
            enclaves=list(seeing.enclaves(tenant)),
            deployments=list(seeing.standing_deployments(tenant)[:100]),
        ),
        "chips": _chips(params, counts, group),
        "group": group,
        "total": counts.get(group, 0),
        "filtered": any(params.get(name) for name in ("q", "enclave", "deployment", "cluster", "group")),
    }
    return answer(request, "enclaves/hosts/list.html", context)


@require_GET
@tenant_page(Permission.HOST_VIEW)
def host_detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    host = get_object_or_404(seeing.hosts(request.actor.tenant).select_related("agent"), pk=pk)
    actor = request.actor
    context = {
        "host": host,
        "timeline": seeing.timeline(host),
        "health": health_of(host),
        "accesses": visits.to_host(host) if actor.may(Permission.ACCESS_VIEW) else None,
        "may_ask": actor.may(Permission.ACCESS_ASK) and host.state in OPEN_HOSTS,
    }
    return answer(request, "enclaves/hosts/detail.html", context)


def _chips(params: QueryDict, counts: Mapping[str, int], group: str) -> list[Chip]:
    return [
        Chip(title, icon, counts[name], _with_group(params, name), on=name == group)
        for name, title, icon in GROUPS
        if counts[name] or name in ("", group)
    ]


def _with_group(params: QueryDict, group: str) -> str:
    kept = params.copy()
    for name in ("before", "after", "group"):
        kept.pop(name, None)
    if group:
        kept["group"] = group
    return f"?{kept.urlencode()}"
