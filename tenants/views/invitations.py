from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants.errors import Refused
from tenants.forms import ConfirmForm, InviteForm
from tenants.gate import TenantRequest, tenant_page
from tenants.invitations import invite_member, resend_invitation, revoke_invitation
from tenants.letters import with_problems
from tenants.models import Invitation
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import Question, add_errors, ask, refusals


@require_GET
@tenant_page(Permission.MEMBER_INVITE)
def invitation_list(request: TenantRequest) -> HttpResponse:
    invitations = with_problems(request.actor.tenant.invitations.select_related("created_by"))
    page = page_of(invitations, request.GET, order=("-created_at", "-id"))
    return render(request, "tenants/invitations/list.html", {"page": page, "invitations": page.rows})


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_INVITE, fresh=True)
def invitation_send(request: TenantRequest) -> HttpResponse:
    form = InviteForm(request.POST or None, given_by=request.actor.roles)
    if form.is_valid():
        try:
            invitation = invite_member(**form.cleaned_data, by=request.actor)
        except ValidationError as error:
            add_errors(form, error)
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"{invitation.email} is invited, for seven days.")
            return redirect("member-list", request.actor.tenant.name)
    return render(request, "tenants/invitations/send.html", {"form": form})


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_INVITE)
def invitation_resend(request: TenantRequest, pk: UUID) -> HttpResponse:
    invitation = _invitation(request, pk)
    members = reverse("member-list", args=[request.actor.tenant.name])
    if request.method == "POST":
        with refusals(request):
            resend_invitation(invitation, by=request.actor)
            messages.success(request, f"{invitation.email} is invited once more, for seven days.")
        return redirect(members)
    question = Question(
        title=f"Send the invitation of {invitation.email} again?",
        lead="They get a new link, which works for seven days. The link of the old letter is dead then.",
        back=members,
        act="Send again",
        ends=False,
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MEMBER_INVITE)
def invitation_revoke(request: TenantRequest, pk: UUID) -> HttpResponse:
    invitation = _invitation(request, pk)
    members = reverse("member-list", args=[request.actor.tenant.name])
    if request.method == "POST":
        with refusals(request):
            revoke_invitation(invitation, by=request.actor)
            messages.success(request, f"The invitation of {invitation.email} is revoked.")
        return redirect(members)
    question = Question(
        title=f"Revoke the invitation of {invitation.email}?",
        lead="The link in their letter is dead from this moment on. No letter tells them.",
        back=members,
        keep="Keep",
        act="Revoke now",
    )
    return ask(request, question, ConfirmForm())


def _invitation(request: TenantRequest, pk: UUID) -> Invitation:
    return get_object_or_404(request.actor.tenant.invitations, pk=pk)
