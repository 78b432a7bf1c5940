from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants import services
from tenants.errors import Refused
from tenants.forms import AddMemberForm, ConfirmForm, RolesForm
from tenants.gate import TenantRequest, tenant_page
from tenants.models import Membership
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import Question, add_errors, ask, refusals


@require_GET
@tenant_page(Permission.MEMBER_VIEW)
def member_list(request: TenantRequest) -> HttpResponse:
    members = request.actor.tenant.memberships.select_related("user")
    context = {
        "page": page_of(members, request.GET, order=("joined_at", "id")),
        "may_manage": request.actor.may(Permission.MEMBER_MANAGE),
    }
    return render(request, "tenants/members/list.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_MANAGE)
def member_add(request: TenantRequest) -> HttpResponse:
    form = AddMemberForm(request.POST or None)
    if form.is_valid():
        try:
            member = services.add_member(**form.cleaned_data, by=request.actor)
        except ValidationError as error:
            add_errors(form, error)
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"{member.user.email} is a member now.")
            return redirect("member-list", request.actor.tenant.name)
    return render(request, "tenants/members/add.html", {"form": form})


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_MANAGE)
def member_roles(request: TenantRequest, pk: UUID) -> HttpResponse:
    member = _member(request, pk)
    form = RolesForm(request.POST or None, initial={"roles": member.roles})
    if form.is_valid():
        try:
            services.change_roles(member, form.cleaned_data["roles"], by=request.actor)
        except Refused as refusal:
            form.add_error("roles", str(refusal))
        else:
            messages.success(request, f"{member.user.email} has the new roles from now on.")
            return redirect("member-list", request.actor.tenant.name)
    return render(request, "tenants/members/roles.html", {"form": form, "member": member})


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_MANAGE)
def member_remove(request: TenantRequest, pk: UUID) -> HttpResponse:
    member, name = _member(request, pk), request.actor.tenant.name
    if request.method == "POST":
        with refusals(request):
            services.remove_member(member, by=request.actor)
            messages.success(request, f"{member.user.email} is no member any more.")
        # Who removed themselves would find no list any more.
        gone_self = request.user == member.user
        return redirect("tenant-choose") if gone_self else redirect("member-list", name)
    question = Question(
        title=f"Remove {member.user} from {name}?",
        lead="They see and do nothing here from this moment on.",
        consequences=["API tokens that they made belong to the tenant and keep working."],
        back=reverse("member-list", args=[name]),
        keep="Keep",
        act="Remove now",
    )
    return ask(request, question, ConfirmForm())


def _member(request: TenantRequest, pk: UUID) -> Membership:
    return get_object_or_404(request.actor.tenant.memberships.select_related("user"), pk=pk)
