from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tenants.errors import Refused
from tenants.forms import ConfirmForm, CreateTokenForm, RotateTokenForm
from tenants.gate import TenantRequest, tenant_page
from tenants.models import ApiToken
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.services.revocation import is_revocable, require_revocation, revoke_token
from tenants.services.tokens import create_token, is_rotatable, require_rotation, rotate_token, visible_tokens
from tenants.views.answers import Question, add_errors, ask, refusals


@dataclass(frozen=True)
class Row:
    """A token in a table, and what the reader may do with it."""

    token: ApiToken
    may_rotate: bool
    may_revoke: bool


@require_GET
@tenant_page(Permission.TOKEN_VIEW)
def token_list(request: TenantRequest) -> HttpResponse:
    tokens = visible_tokens(by=request.actor).filter(service_account=None)
    context = {
        **table_of(tokens, request),
        "may_create": request.actor.may(Permission.TOKEN_CREATE),
        "of_others": request.actor.may(Permission.TOKEN_MANAGE),
    }
    return render(request, "tenants/tokens/list.html", context)


def table_of(tokens: QuerySet[ApiToken], request: TenantRequest) -> dict[str, Any]:
    """What the table of tokens shows: one page of them."""
    page, by = page_of(tokens, request.GET, order=("-created_at", "-id")), request.actor
    return {
        "page": page,
        "tokens": [Row(one, is_rotatable(one, by=by), is_revocable(one, by=by)) for one in page.rows],
    }


@never_cache
@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TOKEN_CREATE, fresh=True)
def token_create(request: TenantRequest) -> HttpResponse:
    form = CreateTokenForm(request.POST or None, given_by=request.actor.roles)
    if form.is_valid():
        name, roles = form.cleaned_data["name"], form.cleaned_data["roles"]
        try:
            return secret_page(request, *create_token(name, roles, form.expires_at(), by=request.actor))
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "tenants/tokens/create.html", {"form": form, "back": place_of(None, request)})


def secret_page(request: TenantRequest, token: ApiToken, secret: str) -> HttpResponse:
    """Show a secret in the answer itself: a redirect would have to keep it somewhere."""
    context = {"token": token, "secret": secret, "back": place_of(token, request)}
    return render(request, "tenants/tokens/made.html", context)


def place_of(token: ApiToken | None, request: TenantRequest) -> str:
    """Where a token stands: on the page of its service account, or among those of people."""
    tenant = request.actor.tenant.name
    if token is None or token.service_account_id is None:
        return reverse("token-list", args=[tenant])
    return reverse("service-account", args=[tenant, token.service_account_id])


@never_cache
@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TOKEN_VIEW, fresh=True)
def token_rotate(request: TenantRequest, pk: UUID) -> HttpResponse:
    token = _token(request, pk)
    require_rotation(token, request.actor)
    form = RotateTokenForm(request.POST or None)
    if form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["overlap"])
        try:
            return secret_page(request, *rotate_token(token, overlap=overlap, by=request.actor))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"token": token, "form": form, "back": place_of(token, request)}
    return render(request, "tenants/tokens/rotate.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TOKEN_VIEW)
def token_revoke(request: TenantRequest, pk: UUID) -> HttpResponse:
    token = _token(request, pk)
    require_revocation(token, request.actor)
    back = place_of(token, request)
    if request.method == "POST":
        with refusals(request):
            revoke_token(token, by=request.actor)
            messages.success(request, f"{token.name} is revoked; its next call is refused.")
        return redirect(back)
    question = Question(
        title=f"Revoke {token.name}?",
        lead="Whatever uses it is refused from its next call on. This cannot be undone.",
        consequences=[f"It is held by {token.holder} and begins with {token.prefix}."],
        back=back,
        keep="Keep",
        act="Revoke now",
    )
    return ask(request, question, ConfirmForm())


def _token(request: TenantRequest, pk: UUID) -> ApiToken:
    return get_object_or_404(visible_tokens(by=request.actor), pk=pk)
