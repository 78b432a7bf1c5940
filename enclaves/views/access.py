from functools import partial
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enclaves.forms import AccessRulesForm
from enclaves.models import AccessRequest
from enclaves.services import access as services
from enclaves.services import visits
from enclaves.views import granting
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import add_errors, answer

_RECORDING: Final = f"{visits.ASCIICAST}; charset=utf-8"
_LONG: Final = 15  # figures that no place in a recording has


@require_GET
@tenant_page(Permission.ACCESS_VIEW)
def access_list(request: TenantRequest) -> HttpResponse:
    actor = request.actor
    rules = services.rules_of(actor.tenant)
    waiting = list(visits.waiting(actor.tenant))
    context = {
        "not_gone": list(visits.not_gone(actor.tenant)),
        "waiting": waiting,
        "mine_to_decide": {one.pk for one in waiting if services.may_decide(one, actor, rules)},
        "granted": list(visits.granted(actor.tenant)),
        "page": page_of(visits.over(actor.tenant), request.GET, order=["-requested_at", "-id"]),
        "rules": rules,
        "may_ask": actor.may(Permission.ACCESS_ASK),
        "may_end": services.may_revoke(actor),
        "may_rule": actor.may(Permission.ACCESS_RULE),
    }
    return answer(request, "enclaves/access/list.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_ASK)
def access_ask(request: TenantRequest) -> HttpResponse:
    """Ask for the hosts that the person came from, or for any that can be asked for."""
    tenant, wanted = request.actor.tenant, request.GET
    hosts = visits.open_hosts(tenant, host=wanted.get("host", ""), deployment=wanted.get("deployment", ""))
    return granting.ask_page(request, tenant, hosts, chosen=hosts[0] if len(hosts) == 1 else None)


@require_GET
@tenant_page(Permission.ACCESS_VIEW)
def access_detail(request: TenantRequest, grant: str) -> HttpResponse:
    rules = services.rules_of(request.actor.tenant)
    may_replay = request.actor.may(Permission.RECORDING_VIEW)
    return granting.show(request, _request_of(request, grant), rules, may_replay=may_replay)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_DECIDE, fresh=True, second_factor=True)
def access_decide(request: TenantRequest, grant: str) -> HttpResponse:
    return granting.decide_page(request, _request_of(request, grant))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_END)
def access_revoke(request: TenantRequest, grant: str) -> HttpResponse:
    return granting.revoke_page(request, _request_of(request, grant))


@require_POST
@tenant_page(Permission.ACCESS_ASK)
def access_withdraw(request: TenantRequest, grant: str) -> HttpResponse:
    return granting.withdraw(request, _request_of(request, grant))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_ASK)
def access_finish(request: TenantRequest, grant: str) -> HttpResponse:
    return granting.finish_page(request, _request_of(request, grant))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_ASK)
def access_extend(request: TenantRequest, grant: str) -> HttpResponse:
    return granting.extend_page(request, _request_of(request, grant))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_ASK)
def access_certify(request: TenantRequest, grant: str) -> HttpResponse:
    return granting.certify_page(request, _request_of(request, grant))


@require_GET
@tenant_page(Permission.ACCESS_ASK)
def certificate_download(request: TenantRequest, grant: str, pk: UUID) -> HttpResponse:
    return granting.download(request, _request_of(request, grant), pk)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_RULE, fresh=True)
def access_rules(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    rules = services.rules_of(tenant)
    now = {"longest_minutes": rules.longest_minutes, "delegates": rules.delegates}
    form = AccessRulesForm(request.POST or None, initial=now)
    if form.is_valid():
        try:
            services.change_rules(by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "The rules hold for every decision from now on.")
            return redirect("access-list", tenant.name)
    return render(request, "enclaves/access/rules.html", {"form": form})


@require_GET
@tenant_page(Permission.RECORDING_VIEW)
def session_detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    session = get_object_or_404(visits.sessions(request.actor.tenant), pk=pk)
    context = {
        "session": session,
        "access": session.request,
        "text": partial(visits.transcript, session),  # not read for who has a script, see the template
        "is_intact": visits.is_intact(session),
    }
    return answer(request, "enclaves/access/session.html", context)


@require_GET
@tenant_page(Permission.RECORDING_VIEW)
def session_recording(request: TenantRequest, pk: UUID) -> HttpResponseBase:
    """The recording, asciicast v2: the whole file, or for the player a part of it from a character on."""
    session = get_object_or_404(visits.sessions(request.actor.tenant), pk=pk)
    given = request.GET.get("from", "")
    start = int(given) if given.isascii() and given.isdigit() and len(given) < _LONG else 0
    headers = {"Content-Disposition": f'attachment; filename="{session.request}-{session.host}.cast"'}
    if not given:
        return StreamingHttpResponse(visits.recording(session), content_type=_RECORDING, headers=headers)
    text = visits.part_of_recording(session, start)
    headers["X-Recording-Open"] = "no" if session.closed_at else "yes"
    headers["X-Recording-More"] = "yes" if start + len(text) < session.recorded else "no"
    return HttpResponse(text, content_type=_RECORDING, headers=headers)


def _request_of(request: TenantRequest, grant: str) -> AccessRequest:
    return get_object_or_404(visits.requests(request.actor.tenant), name=grant)
