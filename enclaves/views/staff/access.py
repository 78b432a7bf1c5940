"""Access as staff see it: what they asked for, and what their approvers decide. Tenants are told of looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enclaves.forms import AskAccessForm, CertificateForm, DecideAccessForm, ExtendAccessForm
from enclaves.lifecycle import GRANTED, AccessState
from enclaves.models import AccessRequest, Host
from enclaves.services import access as services
from enclaves.services import fleet, visits
from enclaves.services.certificates import request_certificate
from enclaves.views.access import certificate_file, decide
from tenants.forms import ConfirmForm
from tenants.policy import StaffPermission
from tenants.scope import tenant_scope
from tenants.staff_gate import StaffRequest, fleet_page, staff_page
from tenants.views.answers import Question, add_errors, ask, refusals


@require_GET
@fleet_page(StaffPermission.FLEET_VIEW)
def access_list(request: StaffRequest) -> HttpResponse:
    found = fleet.standing_access(request.staff.id)
    request.looks.at_list("access", found)
    rules = fleet.access_rules([row.tenant_id for row in found])
    context = {
        "waiting": [row for row in found if row.state == AccessState.REQUESTED],
        "granted": [row for row in found if row.state in GRANTED],
        "over": [row for row in found if row.state not in (AccessState.REQUESTED, *GRANTED)],
        "mine_to_decide": {
            row.pk for row in found if services.may_decide(row, request.staff, rules[row.tenant_id])
        },
    }
    return render(request, "staff/access/list.html", context)


@require_http_methods(["GET", "POST"])
@fleet_page(StaffPermission.ACCESS_ASK)
def access_ask(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Ask for a host that was looked at, and for others of its deployment."""
    looked_at = get_object_or_404(fleet.every_host(), pk=pk)
    request.looks.into(looked_at.tenant, looked_at)
    with tenant_scope(looked_at.tenant_id):
        return _ask(request, looked_at)


@require_GET
@fleet_page(StaffPermission.FLEET_VIEW)
def access_detail(request: StaffRequest, grant: str) -> HttpResponse:
    row = get_object_or_404(fleet.every_access(), name=grant)
    request.looks.into(row.tenant, row)
    mine = row.person_id == request.staff.id
    rules = fleet.access_rules([row.tenant_id])[row.tenant_id]
    context = {
        "access": row,
        "hosts": visits.hosts_of(row),
        "sessions": visits.sessions_of(row),
        "certificates": list(row.certificates.all()) if mine else [],
        "form": CertificateForm(),
        "mine": mine,
        "is_granted": row.state in GRANTED,
        "may_decide": row.state == AccessState.REQUESTED and services.may_decide(row, request.staff, rules),
        "may_end": request.staff.may(StaffPermission.ACCESS_DECIDE) and row.state in GRANTED,
        "gateway": visits.gateway(),
    }
    return render(request, "staff/access/detail.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_DECIDE, fresh=True)
def access_decide(request: StaffRequest, grant: str) -> HttpResponse:
    with _own_scope(grant) as row:
        rules = services.rules_of(row.tenant)
        form = DecideAccessForm(request.POST or None, asked=row.minutes_asked, ceiling=rules.longest_minutes)
        if form.is_valid():
            try:
                with refusals(request):
                    messages.success(request, decide(row, form, by=request.staff))
                    return redirect("staff-access", row.name)
            except ValidationError as error:
                add_errors(form, error)
        context = {"access": row, "hosts": visits.hosts_of(row), "form": form, "rules": rules}
        return render(request, "staff/access/decide.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_DECIDE)
def access_revoke(request: StaffRequest, grant: str) -> HttpResponse:
    with _own_scope(grant) as row:
        if request.method == "POST":
            with refusals(request):
                services.revoke_access(row, by=request.staff)
                messages.success(request, f"The access of {row.asked_as} is revoked.")
            return redirect("staff-access", row.name)
        question = Question(
            title=f"Revoke the access of {row.asked_as}?",
            lead="Open sessions are cut at once and their recordings are closed.",
            consequences=["We then confirm that no login and no process is left."],
            back=f"/staff/access/{row.name}/",
            keep="Keep",
            act="Revoke now",
        )
        return ask(request, question, ConfirmForm())


@require_POST
@staff_page(StaffPermission.ACCESS_ASK)
def access_withdraw(request: StaffRequest, grant: str) -> HttpResponse:
    with _own_scope(grant) as row, refusals(request):
        services.withdraw_access(row, by=request.staff)
        messages.success(request, "You took it back. Nobody has to decide any more.")
    return redirect("staff-access", grant)


@require_POST
@staff_page(StaffPermission.ACCESS_ASK)
def access_finish(request: StaffRequest, grant: str) -> HttpResponse:
    with _own_scope(grant) as row, refusals(request):
        services.finish_access(row, by=request.staff)
        messages.success(request, "Your access is over.")
    return redirect("staff-access", grant)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_ASK)
def access_extend(request: StaffRequest, grant: str) -> HttpResponse:
    with _own_scope(grant) as row:
        ceiling = services.rules_of(row.tenant).longest_minutes
        form = ExtendAccessForm(request.POST or None, ceiling=ceiling)
        if form.is_valid():
            try:
                with refusals(request):
                    more = services.extend_access(row, by=request.staff, **form.cleaned_data)
                    return redirect("staff-access", more.name)
            except ValidationError as error:
                add_errors(form, error)
        return render(request, "staff/access/extend.html", {"access": row, "form": form})


@require_POST
@staff_page(StaffPermission.ACCESS_ASK)
def access_certificate(request: StaffRequest, grant: str) -> HttpResponse:
    form = CertificateForm(request.POST)
    with _own_scope(grant) as row:
        if form.is_valid():
            try:
                with refusals(request):
                    request_certificate(row, by=request.staff, **form.cleaned_data)
                    return redirect("staff-access", row.name)
            except ValidationError as error:
                add_errors(form, error)
        return render(request, "staff/access/certificate.html", {"access": row, "form": form})


@require_GET
@staff_page(StaffPermission.ACCESS_ASK)
def certificate_download(request: StaffRequest, grant: str, pk: UUID) -> HttpResponse:
    with _own_scope(grant) as row:
        if row.person_id != request.staff.id:
            raise Http404
        return certificate_file(row, pk)


def _ask(request: StaffRequest, looked_at: Host) -> HttpResponse:
    tenant = looked_at.tenant
    hosts = visits.open_hosts(tenant, deployment=str(looked_at.deployment_id))
    ceiling = services.rules_of(tenant).longest_minutes
    first = {"hosts": [str(looked_at.pk)]}
    form = AskAccessForm(request.POST or None, hosts=hosts, ceiling=ceiling, initial=first)
    if form.is_valid():
        try:
            with refusals(request):
                made = services.ask_access(by=request.staff, tenant=tenant, **form.wanted(hosts))
                return redirect("staff-access", made.name)
        except ValidationError as error:
            add_errors(form, error)
    context = {"form": form, "hosts": hosts, "looked_at": looked_at}
    return render(request, "staff/access/ask.html", context)


@contextmanager
def _own_scope(grant: str) -> Iterator[AccessRequest]:
    """The request of this name, in the scope of its tenant: staff act on it by the rules of everybody."""
    tenant_id = fleet.tenant_of_access(grant)
    if tenant_id is None:
        raise Http404
    with tenant_scope(tenant_id):
        yield visits.every_request().get(name=grant)
