from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants.errors import Refused
from tenants.forms import ConfirmForm, RolesForm
from tenants.gate import TenantRequest, tenant_page
from tenants.letters import with_problems
from tenants.models import Invitation, Membership
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.services import members as services
from tenants.views.answers import Question, ask, refusals

SHOWN = 50  # invitations beside the members; the others stand on their own page


@require_GET
@tenant_page(Permission.MEMBER_VIEW)
def member_list(request: TenantRequest) -> HttpResponse:
    members = request.actor.tenant.memberships.select_related("user")
    may_invite = request.actor.may(Permission.MEMBER_INVITE)
    context = {
        "page": page_of(members, request.GET, order=("joined_at", "id")),
        "may_manage": request.actor.may(Permission.MEMBER_MANAGE),
        "may_invite": may_invite,
        "invitations": _open_invitations(request) if may_invite else [],
    }
    return render(request, "tenants/members/list.html", context)


def _open_invitations(request: TenantRequest) -> QuerySet[Invitation]:
    open_ = request.actor.tenant.invitations.filter(accepted_at=None, revoked_at=None)
    return with_problems(open_.select_related("created_by")).order_by("-created_at", "-id")[:SHOWN]


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_MANAGE, fresh=True)
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
@tenant_page(Permission.MEMBER_MANAGE, fresh=True)
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
        consequences=[
            "Pages that they have open go silent, within a second.",
            "Their personal tokens are revoked, for good.",
            "Service accounts stay as they are; rotate those of their tokens that this person knows.",
            "Invitations that they sent stay open.",
        ],
        back=reverse("member-list", args=[name]),
        keep="Keep",
        act="Remove now",
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_LEAVE)
def tenant_leave(request: TenantRequest) -> HttpResponse:
    name = request.actor.tenant.name
    if request.method == "POST":
        with refusals(request):
            services.leave_tenant(by=request.actor)
            messages.success(request, f"You have left {name}.")
            return redirect("tenant-choose")
        return redirect("member-list", name)
    question = Question(
        title=f"Leave {name}?",
        lead="You see and do nothing there from that moment on. Only an admin can invite you back.",
        consequences=["Your personal tokens are revoked, for good. Service accounts stay as they are."],
        back=reverse("member-list", args=[name]),
        keep="Stay",
        act=f"Leave {name}",
    )
    return ask(request, question, ConfirmForm())


def _member(request: TenantRequest, pk: UUID) -> Membership:
    return get_object_or_404(request.actor.tenant.memberships.select_related("user"), pk=pk)
