"""One access request on a page: what it shows and its forms, alike for a tenant's people and for staff."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from enclaves.forms import AskAccessForm, CertificateForm, DecideAccessForm, ExtendAccessForm
from enclaves.lifecycle import GRANTED, AccessState
from enclaves.models import AccessRequest, AccessRules, Host
from enclaves.services import access as services
from enclaves.services import visits
from enclaves.services.access import Person
from enclaves.services.certificates import request_certificate
from tenants.forms import ConfirmForm
from tenants.models import Tenant
from tenants.views.answers import Admitted, Question, add_errors, answer, ask, refusals


def way(request: HttpRequest, page: str, *args: object) -> str:
    """The address of a page about access where the reader is, at a tenant or among staff: ``detail`` …"""
    if getattr(request, "staff", None) is not None:
        return reverse(f"staff-access-{page}", args=args)
    return reverse(f"access-{page}", args=[request.actor.tenant.name, *args])  # type: ignore[attr-defined]  # it passed a gate


def person_of(request: Admitted) -> Person:
    staff = getattr(request, "staff", None)
    return staff if staff is not None else request.actor  # type: ignore[union-attr]  # one of both is there


def show(
    request: Admitted, row: AccessRequest, rules: AccessRules, *, may_replay: bool = False
) -> HttpResponse:
    by, is_granted = person_of(request), row.state in GRANTED
    mine = services.person_id(by) == row.person_id
    context = {
        "access": row,
        "hosts": visits.hosts_of(row),
        "sessions": visits.sessions_of(row),
        "extensions": visits.extensions_of(row),
        "certificates": list(row.certificates.all()) if mine else [],
        "form": CertificateForm(),
        "mine": mine,
        "is_granted": is_granted,
        "may_decide": row.state == AccessState.REQUESTED and services.may_decide(row, by, rules),
        "may_end": is_granted and services.may_revoke(by),
        "may_replay": may_replay,
        "gateway": visits.gateway(),
    }
    return answer(request, "enclaves/access/detail.html", context)


def ask_page(
    request: Admitted, tenant: Tenant, hosts: Sequence[Host], *, chosen: Host | None = None
) -> HttpResponse:
    """Ask for hosts of a tenant; one may be chosen at the beginning."""
    first = {"hosts": [str(chosen.pk)] if chosen else []}
    ceiling = services.rules_of(tenant).longest_minutes
    form = AskAccessForm(request.POST or None, hosts=hosts, ceiling=ceiling, initial=first)
    if form.is_valid():
        try:
            with refusals(request):
                wanted = form.wanted(hosts)
                made = services.ask_access(by=person_of(request), tenant=tenant, **wanted)
                return redirect(way(request, "detail", made.name))
        except ValidationError as error:
            add_errors(form, error)
    context = {"form": form, "hosts": hosts, "asked": tenant}
    return render(request, "enclaves/access/ask.html", context)


def decide_page(request: Admitted, row: AccessRequest) -> HttpResponse:
    rules = services.rules_of(row.tenant)
    form = DecideAccessForm(request.POST or None, asked=row.minutes_asked, ceiling=rules.longest_minutes)
    if form.is_valid():
        try:
            with refusals(request):
                messages.success(request, _decide(row, form, by=person_of(request)))
                return redirect(way(request, "detail", row.name))
            # Somebody was faster, or it was frozen meanwhile: the page shows what is the case now.
            return redirect(way(request, "decide", row.name))
        except ValidationError as error:
            add_errors(form, error)
    context = {"access": row, "hosts": visits.hosts_of(row), "form": form, "rules": rules}
    return render(request, "enclaves/access/decide.html", context)


def revoke_page(request: Admitted, row: AccessRequest) -> HttpResponse:
    if request.method == "POST":
        with refusals(request):
            services.revoke_access(row, by=person_of(request))
            messages.success(request, f"The access of {row.asked_as} is revoked.")
        return _back(request, row)
    question = Question(
        title=f"Revoke the access of {row.asked_as}?",
        lead=_what_is_cut(row),
        consequences=["We then confirm that no login and no process is left."],
        back=way(request, "detail", row.name),
        keep="Keep",
        act="Revoke now",
    )
    return ask(request, question, ConfirmForm())


def finish_page(request: Admitted, row: AccessRequest) -> HttpResponse:
    services.must_be_of(row, person_of(request))
    if request.method == "POST":
        with refusals(request):
            services.finish_access(row, by=person_of(request))
            messages.success(request, "Your access is over.")
        return _back(request, row)
    question = Question(
        title="Give your access back?",
        lead=_what_is_cut(row),
        consequences=["What you started there is ended.", "To get in again you have to ask again."],
        back=way(request, "detail", row.name),
        keep="Keep it",
        act="I am done",
    )
    return ask(request, question, ConfirmForm())


def withdraw(request: Admitted, row: AccessRequest) -> HttpResponse:
    with refusals(request):
        services.withdraw_access(row, by=person_of(request))
        messages.success(request, "You took it back. Nobody has to decide any more.")
    return _back(request, row)


def extend_page(request: Admitted, row: AccessRequest) -> HttpResponse:
    services.must_be_of(row, person_of(request))
    ceiling = services.rules_of(row.tenant).longest_minutes
    form = ExtendAccessForm(request.POST or None, ceiling=ceiling)
    if form.is_valid():
        try:
            with refusals(request):
                more = services.extend_access(row, by=person_of(request), **form.cleaned_data)
                return redirect(way(request, "detail", more.name))
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "enclaves/access/extend.html", {"access": row, "form": form})


def certify_page(request: Admitted, row: AccessRequest) -> HttpResponse:
    services.must_be_of(row, person_of(request))
    form = CertificateForm(request.POST or None)
    if form.is_valid():
        try:
            with refusals(request):
                request_certificate(row, by=person_of(request), **form.cleaned_data)
                return _back(request, row)
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "enclaves/access/certificate.html", {"access": row, "form": form})


def download(request: Admitted, row: AccessRequest, pk: UUID) -> HttpResponse:
    """A certificate as a file, for whoever it was made for alone."""
    services.must_be_of(row, person_of(request))
    made = get_object_or_404(row.certificates, pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}-cert.pub"'}
    return HttpResponse(made.certificate + "\n", content_type="text/plain; charset=utf-8", headers=headers)


def _decide(row: AccessRequest, form: DecideAccessForm, *, by: Person) -> str:
    """Do what a form says, and return what to say of it."""
    note = form.cleaned_data["note"]
    if form.cleaned_data["decision"] == "deny":
        services.deny_access(row, by=by, note=note)
        return f"Denied. {row.asked_as} was told."
    services.approve_access(row, by=by, minutes=form.cleaned_data["minutes"], note=note)
    return f"Approved. {row.asked_as} was told."


def _what_is_cut(row: AccessRequest) -> str:
    hosts = [session.host.name for session in visits.sessions_of(row) if session.closed_at is None]
    if not hosts:
        return "There is no session at the moment; from now on none begins."
    noun = "session" if len(hosts) == 1 else "sessions"
    verb, its = ("is", "its recording is") if len(hosts) == 1 else ("are", "their recordings are")
    return f"The open {noun} on {', '.join(sorted(set(hosts)))} {verb} cut at once and {its} closed."


def _back(request: Admitted, row: AccessRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(way(request, "detail", row.name))
