from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tenants.errors import Refused
from tenants.forms import ConfirmForm, CreateServiceAccountForm, CreateServiceTokenForm, ServiceAccountForm
from tenants.gate import TenantRequest, tenant_page
from tenants.models import ServiceAccount
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.services import service_accounts as services
from tenants.services.tokens import create_service_token, visible_tokens
from tenants.views.answers import Question, add_errors, ask
from tenants.views.tokens import secret_page, table_of


@require_GET
@tenant_page(Permission.SERVICE_ACCOUNT_VIEW)
def service_account_list(request: TenantRequest) -> HttpResponse:
    accounts = _with_use(request.actor.tenant.serviceaccounts.all())
    context = {
        "page": page_of(accounts, request.GET, order=("name",)),
        "may_manage": request.actor.may(Permission.SERVICE_ACCOUNT_MANAGE),
    }
    return render(request, "tenants/service_accounts/list.html", context)


def _with_use(accounts: QuerySet[ServiceAccount]) -> QuerySet[ServiceAccount]:
    in_force = Q(tokens__revoked_at=None, tokens__expires_at__gt=timezone.now())
    return accounts.annotate(
        token_count=Count("tokens", filter=in_force), last_used_at=Max("tokens__last_used_at")
    )


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SERVICE_ACCOUNT_MANAGE, fresh=True)
def service_account_create(request: TenantRequest) -> HttpResponse:
    form = CreateServiceAccountForm(request.POST or None, given_by=request.actor.roles)
    if form.is_valid():
        try:
            account = services.create_service_account(**form.cleaned_data, by=request.actor)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{account.name} is there. It can do nothing until it has a token.")
            return _to(request, account)
    return render(request, "tenants/service_accounts/create.html", {"form": form})


@require_GET
@tenant_page(Permission.SERVICE_ACCOUNT_VIEW)
def service_account_show(request: TenantRequest, pk: UUID) -> HttpResponse:
    account = _account(request, pk)
    tokens = visible_tokens(by=request.actor).filter(service_account=account)
    context = {
        "account": account,
        **table_of(tokens, request),
        "may_manage": request.actor.may(Permission.SERVICE_ACCOUNT_MANAGE),
    }
    return render(request, "tenants/service_accounts/detail.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SERVICE_ACCOUNT_MANAGE, fresh=True)
def service_account_change(request: TenantRequest, pk: UUID) -> HttpResponse:
    account = _account(request, pk)
    now = {"title": account.title, "roles": account.roles}
    form = ServiceAccountForm(request.POST or None, initial=now, given_by=request.actor.roles)
    if form.is_valid():
        services.change_service_account(account, **form.cleaned_data, by=request.actor)
        messages.success(request, f"{account.name} is changed, from its next call on.")
        return _to(request, account)
    return render(request, "tenants/service_accounts/change.html", {"form": form, "account": account})


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SERVICE_ACCOUNT_MANAGE)
def service_account_disable(request: TenantRequest, pk: UUID) -> HttpResponse:
    account = _account(request, pk)
    if request.method == "POST":
        services.disable_service_account(account, by=request.actor)
        messages.success(request, f"{account.name} is disabled: each of its tokens is refused.")
        return _to(request, account)
    question = Question(
        title=f"Disable {account.name}?",
        lead="Each of its tokens is refused from its next call on. Event streams that it has open end.",
        consequences=["Tokens that live until you enable it again work on then. Revoke those that leaked."],
        back=reverse("service-account", args=[request.actor.tenant.name, pk]),
        keep="Keep",
        act="Disable now",
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SERVICE_ACCOUNT_MANAGE, fresh=True)
def service_account_enable(request: TenantRequest, pk: UUID) -> HttpResponse:
    account = _account(request, pk)
    if request.method == "POST":
        services.enable_service_account(account, by=request.actor)
        messages.success(request, f"{account.name} is enabled.")
        return _to(request, account)
    question = Question(
        title=f"Enable {account.name}?",
        lead="Those of its tokens that are not over work again at once.",
        back=reverse("service-account", args=[request.actor.tenant.name, pk]),
        act="Enable",
        ends=False,
    )
    return ask(request, question, ConfirmForm())


@never_cache
@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SERVICE_ACCOUNT_MANAGE, fresh=True)
def service_token_create(request: TenantRequest, pk: UUID) -> HttpResponse:
    account = _account(request, pk)
    form = CreateServiceTokenForm(request.POST or None)
    if form.is_valid():
        name, until = form.cleaned_data["name"], form.expires_at()
        try:
            return secret_page(request, *create_service_token(account, name, until, by=request.actor))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "tenants/service_accounts/token.html", {"form": form, "account": account})


def _account(request: TenantRequest, pk: UUID) -> ServiceAccount:
    return get_object_or_404(request.actor.tenant.serviceaccounts.select_related("created_by"), pk=pk)


def _to(request: TenantRequest, account: ServiceAccount) -> HttpResponse:
    return redirect("service-account", request.actor.tenant.name, account.pk)
