from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tenants.actors import Actor
from tenants.forms import ConfirmForm, CreateTokenForm
from tenants.gate import TenantRequest, tenant_page
from tenants.models import ApiToken
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.services import tokens as services
from tenants.views.answers import Question, add_errors, ask, refusals


@require_GET
@tenant_page(Permission.TOKEN_VIEW)
def token_list(request: TenantRequest) -> HttpResponse:
    tokens = request.actor.tenant.apitokens.select_related("created_by")
    context = {
        "page": page_of(tokens, request.GET, order=("-created_at", "-id")),
        "may_create": request.actor.may(Permission.TOKEN_CREATE),
        "may_revoke": request.actor.may(Permission.TOKEN_REVOKE),
    }
    return render(request, "tenants/tokens/list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TOKEN_CREATE)
def token_create(request: TenantRequest) -> HttpResponse:
    form = CreateTokenForm(request.POST or None, given_by=request.actor.roles)
    made = _made(form, request.actor) if form.is_valid() else None
    if made is None:
        return render(request, "tenants/tokens/create.html", {"form": form})
    # Shown in the answer itself: a redirect would have to keep the secret somewhere.
    token, secret = made
    return render(request, "tenants/tokens/made.html", {"token": token, "secret": secret})


def _made(form: CreateTokenForm, actor: Actor) -> tuple[ApiToken, str] | None:
    name, roles = form.cleaned_data["name"], form.cleaned_data["roles"]
    try:
        return services.create_token(name, roles, form.expires_at(), by=actor)
    except ValidationError as error:
        add_errors(form, error)
        return None


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TOKEN_REVOKE)
def token_revoke(request: TenantRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(request.actor.tenant.apitokens, pk=pk)
    tokens = reverse("token-list", args=[request.actor.tenant.name])
    if request.method == "POST":
        with refusals(request):
            services.revoke_token(token, by=request.actor)
            messages.success(request, f"{token.name} is revoked; its next call is refused.")
        return redirect(tokens)
    question = Question(
        title=f"Revoke {token.name}?",
        lead="Whatever uses it is refused from its next call on. This cannot be undone.",
        back=tokens,
        keep="Keep",
        act="Revoke now",
    )
    return ask(request, question, ConfirmForm())
