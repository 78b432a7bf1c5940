from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enclaves.forms import AccessRulesForm, AskAccessForm, CertificateForm, DecideAccessForm, ExtendAccessForm
from enclaves.lifecycle import GRANTED, AccessState
from enclaves.models import AccessRequest, Host
from enclaves.services import access as services
from enclaves.services import visits
from enclaves.services.certificates import request_certificate
from tenants.forms import ConfirmForm
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import Question, add_errors, answer, ask, refusals


@require_GET
@tenant_page(Permission.ACCESS_VIEW)
def access_list(request: TenantRequest) -> HttpResponse:
    actor = request.actor
    rules = services.rules_of(actor.tenant)
    waiting = list(visits.waiting(actor.tenant))
    context = {
        "waiting": waiting,
        "mine_to_decide": {one.pk for one in waiting if services.may_decide(one, actor, rules)},
        "granted": list(visits.granted(actor.tenant)),
        "page": page_of(visits.over(actor.tenant), request.GET, order=["-requested_at", "-id"]),
        "rules": rules,
        "may_ask": actor.may(Permission.ACCESS_ASK),
        "may_end": actor.may(Permission.ACCESS_END),
        "may_rule": actor.may(Permission.ACCESS_RULE),
    }
    return answer(request, "enclaves/access/list.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_ASK)
def access_ask(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    hosts = _open_hosts(request)
    rules = services.rules_of(tenant)
    first = {"hosts": [str(host.pk) for host in hosts] if len(hosts) == 1 else []}
    form = AskAccessForm(request.POST or None, hosts=hosts, ceiling=rules.longest_minutes, initial=first)
    if form.is_valid():
        try:
            with refusals(request):
                made = services.ask_access(by=request.actor, tenant=tenant, **form.wanted(hosts))
                return redirect("access-detail", tenant.name, made.name)
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "enclaves/access/ask.html", {"form": form, "hosts": hosts})


@require_GET
@tenant_page(Permission.ACCESS_VIEW)
def access_detail(request: TenantRequest, grant: str) -> HttpResponse:
    row, actor = _request_of(request, grant), request.actor
    mine = services.person_id(actor) == row.person_id
    context = {
        "access": row,
        "hosts": visits.hosts_of(row),
        "sessions": visits.sessions_of(row),
        "certificates": list(row.certificates.all()) if mine else [],
        "form": CertificateForm(),
        "mine": mine,
        "is_granted": row.state in GRANTED,
        "may_decide": row.state == AccessState.REQUESTED
        and services.may_decide(row, actor, services.rules_of(actor.tenant)),
        "may_end": actor.may(Permission.ACCESS_END) and row.state in GRANTED,
        "may_replay": actor.may(Permission.RECORDING_VIEW),
        "gateway": visits.gateway(),
    }
    return answer(request, "enclaves/access/detail.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_DECIDE, fresh=True, second_factor=True)
def access_decide(request: TenantRequest, grant: str) -> HttpResponse:
    row, tenant = _request_of(request, grant), request.actor.tenant
    rules = services.rules_of(tenant)
    form = DecideAccessForm(request.POST or None, asked=row.minutes_asked, ceiling=rules.longest_minutes)
    if form.is_valid():
        try:
            with refusals(request):
                messages.success(request, decide(row, form, by=request.actor))
                return redirect("access-detail", tenant.name, row.name)
        except ValidationError as error:
            add_errors(form, error)
    context = {"access": row, "hosts": visits.hosts_of(row), "form": form, "rules": rules}
    return render(request, "enclaves/access/decide.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_END)
def access_revoke(request: TenantRequest, grant: str) -> HttpResponse:
    row = _request_of(request, grant)
    if request.method == "POST":
        with refusals(request):
            services.revoke_access(row, by=request.actor)
            messages.success(request, f"The access of {row.asked_as} is revoked.")
        return redirect("access-detail", request.actor.tenant.name, row.name)
    open_ones = [session.host.name for session in visits.sessions_of(row) if session.closed_at is None]
    question = Question(
        title=f"Revoke the access of {row.asked_as}?",
        lead=_what_is_cut(open_ones),
        consequences=["We then confirm that no login and no process is left."],
        back=_page(request, row),
        keep="Keep",
        act="Revoke now",
    )
    return ask(request, question, ConfirmForm())


@require_POST
@tenant_page(Permission.ACCESS_ASK)
def access_withdraw(request: TenantRequest, grant: str) -> HttpResponse:
    row = _request_of(request, grant)
    with refusals(request):
        services.withdraw_access(row, by=request.actor)
        messages.success(request, "You took it back. Nobody has to decide any more.")
    return redirect("access-detail", request.actor.tenant.name, row.name)


@require_POST
@tenant_page(Permission.ACCESS_ASK)
def access_finish(request: TenantRequest, grant: str) -> HttpResponse:
    row = _request_of(request, grant)
    with refusals(request):
        services.finish_access(row, by=request.actor)
        messages.success(request, "Your access is over.")
    return redirect("access-detail", request.actor.tenant.name, row.name)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCESS_ASK)
def access_extend(request: TenantRequest, grant: str) -> HttpResponse:
    row, tenant = _request_of(request, grant), request.actor.tenant
    ceiling = services.rules_of(tenant).longest_minutes
    form = ExtendAccessForm(request.POST or None, ceiling=ceiling)
    if form.is_valid():
        try:
            with refusals(request):
                more = services.extend_access(row, by=request.actor, **form.cleaned_data)
                return redirect("access-detail", tenant.name, more.name)
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "enclaves/access/extend.html", {"access": row, "form": form})


@require_POST
@tenant_page(Permission.ACCESS_ASK)
def access_certificate(request: TenantRequest, grant: str) -> HttpResponse:
    row, form = _request_of(request, grant), CertificateForm(request.POST)
    if form.is_valid():
        try:
            with refusals(request):
                request_certificate(row, by=request.actor, **form.cleaned_data)
                return redirect("access-detail", request.actor.tenant.name, row.name)
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "enclaves/access/certificate.html", {"access": row, "form": form})


@require_GET
@tenant_page(Permission.ACCESS_ASK)
def certificate_download(request: TenantRequest, grant: str, pk: UUID) -> HttpResponse:
    row = _request_of(request, grant)
    if services.person_id(request.actor) != row.person_id:
        raise Http404
    return certificate_file(row, pk)


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
        "text": visits.transcript(session),
        "is_intact": visits.is_intact(session),
    }
    return answer(request, "enclaves/access/session.html", context)


@require_GET
@tenant_page(Permission.RECORDING_VIEW)
def session_recording(request: TenantRequest, pk: UUID) -> HttpResponse:
    """The recording, asciicast v2, from a character on: ``?from=``."""
    session = get_object_or_404(visits.sessions(request.actor.tenant), pk=pk)
    start = request.GET.get("from", "0")
    text = visits.recording(session, int(start) if start.isdecimal() else 0)
    headers = {
        "Content-Disposition": f'attachment; filename="{session.request}-{session.host}.cast"',
        "X-Recording-Open": "no" if session.closed_at else "yes",
    }
    return HttpResponse(text, content_type="application/x-asciicast; charset=utf-8", headers=headers)


def decide(row: AccessRequest, form: DecideAccessForm, *, by: services.Person) -> str:
    """Do what a form says, and return what to say of it."""
    note = form.cleaned_data["note"]
    if form.cleaned_data["decision"] == "deny":
        services.deny_access(row, by=by, note=note)
        return f"Denied. {row.asked_as} was told."
    services.approve_access(row, by=by, minutes=form.cleaned_data["minutes"], note=note)
    return f"Approved. {row.asked_as} was told."


def certificate_file(row: AccessRequest, pk: UUID) -> HttpResponse:
    made = get_object_or_404(row.certificates, pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}-cert.pub"'}
    return HttpResponse(made.certificate + "\n", content_type="text/plain; charset=utf-8", headers=headers)


def _what_is_cut(hosts: Sequence[str]) -> str:
    if not hosts:
        return "There is no session at the moment; from now on none begins."
    return f"The open session on {', '.join(hosts)} is cut at once and its recording is closed."


def _open_hosts(request: TenantRequest) -> list[Host]:
    """The hosts that the person came from, or all that can be asked for."""
    return visits.open_hosts(
        request.actor.tenant,
        host=request.GET.get("host", ""),
        deployment=request.GET.get("deployment", ""),
    )


def _request_of(request: TenantRequest, grant: str) -> AccessRequest:
    return get_object_or_404(visits.requests(request.actor.tenant), name=grant)


def _page(request: TenantRequest, row: AccessRequest) -> str:
    return reverse("access-detail", args=[request.actor.tenant.name, row.name])
