from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants.assurance import has_second_factor
from tenants.forms import ConfirmForm
from tenants.gate import TenantRequest, tenant_page
from tenants.policy import Permission
from tenants.services.security import require_second_factor, standing_of
from tenants.views.answers import Question, ask, refusals

SHOWN = 50  # names of members; beyond, the count says enough


@require_GET
@tenant_page(Permission.TENANT_SECURE)
def security_show(request: TenantRequest) -> HttpResponse:
    standing = standing_of(request.actor.tenant)
    context = {
        "standing": standing,
        "without": standing.without[:SHOWN],
        "has_one": has_second_factor(request.user),
    }
    return render(request, "tenants/security/show.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TENANT_SECURE, fresh=True)
def security_require(request: TenantRequest) -> HttpResponse:
    name = request.actor.tenant.name
    if request.method == "POST":
        with refusals(request):
            require_second_factor(True, by=request.actor)
            messages.success(request, f"{name} opens with a second factor only, from now on.")
        return redirect("tenant-security", name)
    left = standing_of(request.actor.tenant).without.count()
    question = Question(
        title=f"Require a second factor in {name}?",
        lead="It holds from everybody's next click on.",
        consequences=[
            f"Without one now: {left}. They set one up before they see anything of {name} again.",
            "Who has one and did not use it in this session is asked for it once.",
            "API tokens go on as before.",
        ],
        back=reverse("tenant-security", args=[name]),
        act="Require it",
        ends=False,
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.TENANT_SECURE, fresh=True)
def security_lift(request: TenantRequest) -> HttpResponse:
    name = request.actor.tenant.name
    if request.method == "POST":
        with refusals(request):
            require_second_factor(False, by=request.actor)
            messages.success(request, f"{name} opens without a second factor again.")
        return redirect("tenant-security", name)
    question = Question(
        title=f"Require no second factor in {name}?",
        lead="A password alone opens the tenant again, to whoever knows it.",
        back=reverse("tenant-security", args=[name]),
        keep="Keep requiring it",
        act="Require none",
    )
    return ask(request, question, ConfirmForm())
