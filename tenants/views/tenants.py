from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants.assurance import own_session, signed_on_for
from tenants.forms import ConfirmForm, ConfirmNameForm, CreateTenantForm
from tenants.gate import TenantRequest, memberships_of, tenant_page
from tenants.models import Tenant, User
from tenants.policy import Permission
from tenants.services import tenants as services
from tenants.views.answers import Question, add_errors, ask, refusals


@require_GET
@login_required
def tenant_choose(request: HttpRequest) -> HttpResponse:
    if cast(User, request.user).is_staff:
        return redirect("staff-home")
    memberships = memberships_of(cast(User, request.user), only=signed_on_for(request))
    if not memberships:
        return redirect("tenant-create")
    if len(memberships) == 1:
        return redirect("tenant-home", memberships[0].tenant.name)
    return render(request, "tenants/choose.html", {"memberships": memberships})


@require_http_methods(["GET", "POST"])
@login_required
def tenant_create(request: HttpRequest) -> HttpResponse:
    own_session(request)
    form = CreateTenantForm(request.POST or None)
    if form.is_valid():
        tenant = _created(form, cast(User, request.user))
        if tenant:
            return redirect("tenant-home", tenant.name)
    return render(request, "tenants/create.html", {"form": form})


def _created(form: Form, user: User) -> Tenant | None:
    try:
        return services.create_tenant(**form.cleaned_data, by=user)
    except ValidationError as error:
        add_errors(form, error)
        return None


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TENANT_FREEZE, fresh=True)
def tenant_freeze(request: TenantRequest) -> HttpResponse:
    name = request.actor.tenant.name
    form = ConfirmNameForm(request.POST or None, name=name)
    if form.is_valid():
        with refusals(request):
            services.freeze_tenant(by=request.actor)
            messages.success(request, f"{name} is frozen. What runs keeps running.")
        return redirect("tenant-home", name)
    question = Question(
        title=f"Freeze {name}?",
        lead="At once, and until an admin lifts it:",
        consequences=[
            "All access to hosts ends: sessions are cut, and what was started in them is ended.",
            "Running operations stop at their next safe point. No new change starts.",
            "Hosts keep running. Your service is not interrupted.",
        ],
        back=reverse("tenant-home", args=[name]),
        keep="Keep changing",
        act=f"Freeze {name}",
    )
    return ask(request, question, form)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TENANT_FREEZE, fresh=True)
def tenant_unfreeze(request: TenantRequest) -> HttpResponse:
    name = request.actor.tenant.name
    if request.method == "POST":
        with refusals(request):
            services.unfreeze_tenant(by=request.actor)
            messages.success(request, f"The freeze of {name} is lifted.")
        return redirect("tenant-home", name)
    question = Question(
        title=f"Lift the freeze of {name}?",
        lead="Changes go on from where they stopped.",
        back=reverse("tenant-home", args=[name]),
        keep="Stay frozen",
        act="Lift the freeze",
        ends=False,
    )
    return ask(request, question, ConfirmForm())
