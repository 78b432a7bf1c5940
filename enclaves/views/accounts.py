from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enclaves.forms import ClientIdForm, RegisterAccountForm
from enclaves.models import CloudAccount
from enclaves.services import accounts as services
from enclaves.services import seeing, templates
from enclaves.services.templates import Template
from enclaves.views.checks import grouped, registration_steps
from tenants.forms import ConfirmForm, ConfirmNameForm
from tenants.gate import TenantRequest, tenant_page
from tenants.policy import Permission
from tenants.views.answers import Question, add_errors, answer, ask, back_to, refusals

MAY = {
    "register": Permission.ACCOUNT_REGISTER,
    "verify": Permission.ACCOUNT_VERIFY,
    "freeze": Permission.ACCOUNT_FREEZE,
    "remove": Permission.ACCOUNT_REMOVE,
    "create_enclave": Permission.ENCLAVE_CREATE,
}


@require_GET
@tenant_page(Permission.ACCOUNT_VIEW)
def account_list(request: TenantRequest) -> HttpResponse:
    actor = request.actor
    context = {
        "accounts": list(seeing.accounts(actor.tenant)),
        "may_register": actor.may(Permission.ACCOUNT_REGISTER),
    }
    return answer(request, "enclaves/accounts/list.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCOUNT_REGISTER)
def account_register(request: TenantRequest) -> HttpResponse:
    form = RegisterAccountForm(request.POST or None)
    if form.is_valid():
        try:
            account = services.register_account(by=request.actor, **form.wanted)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("account-detail", request.actor.tenant.name, account)
    return render(request, "enclaves/accounts/register.html", {"form": form})


@require_GET
@tenant_page(Permission.ACCOUNT_VIEW)
def account_detail(request: TenantRequest, account: str) -> HttpResponse:
    row, actor = account_of(request, account), request.actor
    checks = seeing.account_checks(row)
    add_zone = reverse("enclave-add", args=[actor.tenant.name])
    context = {
        "account": row,
        "groups": grouped(checks),
        "passed": sum(check.outcome == "passed" for check in checks),
        "total": len(checks),
        "steps": registration_steps(row, checks),
        "template": templates.account_template(row),
        "form": ClientIdForm(label=row.words.hands_back),
        "roles": templates.roles(row),
        "permissions_url": reverse("account-permissions", args=[actor.tenant.name, row]),
        "enclaves": seeing.enclaves_of(row),
        "add_zone_url": f"{add_zone}?account={row}",
        "may": {name: actor.may(permission) for name, permission in MAY.items()},
    }
    return answer(request, "enclaves/accounts/detail.html", context)


@require_GET
@tenant_page(Permission.ACCOUNT_VIEW)
def account_permissions(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    context = {"account": row, "roles": templates.roles(row)}
    return render(request, "enclaves/accounts/permissions.html", context)


@require_GET
@tenant_page(Permission.ACCOUNT_REGISTER)
def account_template(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    return download(templates.account_template(row))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCOUNT_REGISTER)
def account_client_id(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    form = ClientIdForm(request.POST or None, label=row.words.hands_back)
    if form.is_valid():
        try:
            with refusals(request):
                services.hand_in_client(row, by=request.actor, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect(_page(request, row))
    return render(request, "enclaves/accounts/client_id.html", {"account": row, "form": form})


@require_POST
@tenant_page(Permission.ACCOUNT_VERIFY)
def account_verify(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    with refusals(request):
        services.verify_account(row, by=request.actor)
    return redirect(back_to(request, _page(request, row)))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCOUNT_FREEZE, fresh=True)
def account_freeze(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    form = ConfirmNameForm(request.POST or None, name=str(row))
    if form.is_valid():
        with refusals(request):
            services.freeze_account(row, by=request.actor)
            messages.success(request, f"{row} is frozen. What runs keeps running.")
        return redirect(_page(request, row))
    question = Question(
        title=f"Freeze {row}?",
        lead="At once, and until an admin lifts it:",
        consequences=[
            "All access to its hosts ends: sessions are cut, and what was started in them is ended.",
            "Running operations stop at their next safe point. No new change starts.",
            "Hosts keep running. Your service is not interrupted.",
        ],
        back=_page(request, row),
        keep="Keep changing",
        act="Freeze the account",
    )
    return ask(request, question, form)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCOUNT_FREEZE, fresh=True)
def account_unfreeze(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    if request.method == "POST":
        with refusals(request):
            services.unfreeze_account(row, by=request.actor)
            messages.success(request, f"The freeze of {row} is lifted.")
        return redirect(_page(request, row))
    question = Question(
        title=f"Lift the freeze of {row}?",
        lead="Changes go on from where they stopped.",
        back=_page(request, row),
        keep="Keep it frozen",
        act="Lift the freeze",
        ends=False,
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ACCOUNT_REMOVE, fresh=True)
def account_remove(request: TenantRequest, account: str) -> HttpResponse:
    row = account_of(request, account)
    form = ConfirmNameForm(request.POST or None, name=str(row))
    if form.is_valid():
        with refusals(request):
            services.remove_account(row, by=request.actor)
            messages.success(request, f"{row} is removed. You can delete its {row.words.leftover} now.")
            return redirect("account-list", request.actor.tenant.name)
        return redirect(_page(request, row))
    question = Question(
        title=f"Remove {row}?",
        lead="The portal forgets how to get in, and never uses this registration again.",
        consequences=[
            "Its enclaves must be removed before.",
            f"Its {row.words.leftover} is yours to delete.",
        ],
        back=_page(request, row),
        keep="Keep the account",
        act="Remove the account",
    )
    return ask(request, question, form)


def account_of(request: TenantRequest, name: str) -> CloudAccount:
    try:
        return seeing.account(request.actor.tenant, name)
    except CloudAccount.DoesNotExist as error:
        raise Http404 from error


def download(template: Template) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{template.file_name}"'}
    return HttpResponse(template.text, content_type=f"{template.media_type}; charset=utf-8", headers=headers)


def _page(request: TenantRequest, account: CloudAccount) -> str:
    return reverse("account-detail", args=[request.actor.tenant.name, account])
