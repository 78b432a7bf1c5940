from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants.actors import Actor
from tenants.errors import Refused
from tenants.forms import ConfirmForm, SignOnForm
from tenants.gate import TenantRequest, tenant_page
from tenants.models import SignOn
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.signon.sessions import TRYING
from tenants.signon.settings import (
    configure,
    end_sessions,
    lift_requirement,
    remove_sign_on,
    require_sign_on,
    sign_on_of,
    state_of,
    untie,
)
from tenants.views.answers import Question, add_errors, ask, refusals
from tenants.views.signing_on import redirect_uri


@require_GET
@tenant_page(Permission.SIGN_ON_MANAGE)
def sign_on_settings(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    identities = tenant.signonidentitys.select_related("membership__user")
    sign_on = sign_on_of(tenant)
    context = {
        "sign_on": sign_on,
        "state": state_of(tenant, sign_on),
        "redirect_uri": redirect_uri(tenant.name),
        "sign_on_page": settings.BASE_URL + reverse("sign-on", args=[tenant.name]),
        "page": page_of(identities, request.GET, order=("-tied_at", "-id")),
    }
    return render(request, "tenants/signon/settings.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_configure(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    sign_on = sign_on_of(tenant)
    keeps = sign_on is not None and sign_on.has_secret
    form = SignOnForm(request.POST or None, initial=_as_it_is(sign_on), keeps=keeps)
    if form.is_valid() and _configured(form, request.actor):
        messages.success(request, "The settings are kept. Try the sign-on now.")
        return redirect("sign-on-settings", tenant.name)
    context = {"form": form, "sign_on": sign_on, "redirect_uri": redirect_uri(tenant.name)}
    return render(request, "tenants/signon/configure.html", context)


def _as_it_is(sign_on: SignOn | None) -> dict[str, Any]:
    if sign_on is None:
        return {}
    names = ("issuer", "client_id", "trusts_email")
    return {
        **{name: getattr(sign_on, name) for name in names},
        "trusts_factor": sign_on.tenant.trusts_sign_on_factor,
        "is_public": not sign_on.sealed_secret,
    }


def _configured(form: SignOnForm, by: Actor) -> bool:
    try:
        configure(**form.wanted(), by=by)
    except ValidationError as error:
        add_errors(form, error)
    except Refused as refusal:
        form.add_error(None, str(refusal))
    return form.is_valid()


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_try(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    sign_on = get_object_or_404(SignOn, tenant=tenant)
    host = urlsplit(sign_on.issuer).hostname
    if request.method == "POST":
        # Browsers let no form lead to another site (CSP), so the way there is a link on a page of its own.
        request.session[TRYING] = tenant.name
        return render(request, "tenants/signon/trying.html", {"host": host})
    question = Question(
        title=f"Try the sign-on with {host}?",
        lead="You go to the provider and come back as yourself. Your session here stays as it is.",
        consequences=[
            f"Once you are back, whoever {host} vouches for comes in as the member with that address.",
        ],
        back=reverse("sign-on-settings", args=[tenant.name]),
        act="Try it",
        ends=False,
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_require(request: TenantRequest) -> HttpResponse:
    return _decide(request, require_sign_on, "Members must come by single sign-on now.", _REQUIRE)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_lift(request: TenantRequest) -> HttpResponse:
    return _decide(request, lift_requirement, "Members may sign in by themselves again.", _LIFT)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_end(request: TenantRequest) -> HttpResponse:
    return _decide(request, end_sessions, "All sessions by single sign-on are over.", _END)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_remove(request: TenantRequest) -> HttpResponse:
    return _decide(request, remove_sign_on, "There is no single sign-on any more.", _REMOVE)


_REQUIRE = {
    "title": "Require single sign-on of all members?",
    "lead": "Who is signed in by themselves is sent to the provider with their next click.",
    "consequences": [
        "Admins with a second factor can still sign in by themselves, for the day when the provider is down.",
        "Tokens go on working; they belong to the tenant.",
    ],
    "act": "Require it",
    "ends": False,
}
_LIFT = {
    "title": "Let members sign in by themselves again?",
    "lead": "Single sign-on stays; nobody has to use it. Whoever has no password can ask for one by e-mail.",
    "act": "Let them",
    "ends": False,
}
_END = {
    "title": "End all sessions that came by single sign-on?",
    "lead": "Their people sign in again by the provider, if it still lets them. Do this when somebody's "
    "account there was stolen or closed.",
    "act": "End the sessions",
}
_REMOVE = {
    "title": "Remove single sign-on?",
    "lead": "Sessions that came by it end now. Members stay, and sign in by themselves; whoever has no "
    "password can ask for one by e-mail.",
    "keep": "Keep",
    "act": "Remove now",
}


def _decide(
    request: TenantRequest, service: Callable[..., None], done: str, question: dict[str, Any]
) -> HttpResponse:
    back = reverse("sign-on-settings", args=[request.actor.tenant.name])
    if request.method == "POST":
        with refusals(request):
            service(by=request.actor)
            messages.success(request, done)
        return redirect(back)
    return ask(request, Question(back=back, **question), ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.SIGN_ON_MANAGE, fresh=True)
def sign_on_untie(request: TenantRequest, pk: UUID) -> HttpResponse:
    identities = request.actor.tenant.signonidentitys.select_related("membership__user")
    identity = get_object_or_404(identities, pk=pk)
    email, back = (
        identity.membership.user.email,
        reverse("sign-on-settings", args=[request.actor.tenant.name]),
    )
    if request.method == "POST":
        untie(identity, by=request.actor)
        messages.success(request, f"{email} is tied to nobody at the provider now.")
        return redirect(back)
    question = Question(
        title=f"Untie {email}?",
        lead="Whoever next comes from the provider with this address is tied to this member. Do this when "
        "their account there was made anew.",
        back=back,
        keep="Keep",
        act="Untie",
    )
    return ask(request, question, ConfirmForm())
