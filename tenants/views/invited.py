"""The pages of somebody who follows the link of an invitation; they belong to no tenant yet."""

from typing import cast

from allauth.account.internal.flows.email_verification import send_verification_email_for_user
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tenants.assurance import own_session
from tenants.errors import Refused
from tenants.invitations import SESSION_KEY, accept_invitation, find_invitation, has_proven, open_link
from tenants.models import Invitation, User


@never_cache
@require_GET
def invitation_open(request: HttpRequest, secret: str) -> HttpResponse:
    # The secret leaves the address at once: it shall stand in no history, no referrer and no screenshot.
    request.session[SESSION_KEY] = open_link(secret)
    return HttpResponseRedirect(reverse("invitation"), headers={"Referrer-Policy": "no-referrer"})


@never_cache
@require_GET
def invitation_show(request: HttpRequest) -> HttpResponse:
    invitation = find_invitation(request.session.get(SESSION_KEY, ""))
    state = invitation.state if invitation else ""
    if invitation is None or state != "pending":
        request.session.pop(SESSION_KEY, None)
        return render(request, "tenants/invitations/over.html", {"invitation": invitation, "state": state})
    context = {"invitation": invitation, "standing": _standing(request, invitation)}
    return render(request, "tenants/invitations/show.html", context)


def _standing(request: HttpRequest, invitation: Invitation) -> str:
    """What hinders whoever looks from accepting: nobody is signed in, or the wrong one, or unproven."""
    if not request.user.is_authenticated:
        return "nobody"
    if has_proven(request.user, invitation.email):
        return "ready"
    return "unproven" if request.user.email == invitation.email else "another"


@require_POST
@login_required(redirect_field_name=None)
def invitation_accept(request: HttpRequest) -> HttpResponse:
    own_session(request)
    digest = request.session.get(SESSION_KEY, "")
    try:
        membership = accept_invitation(digest, by=cast(User, request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("invitation")
    del request.session[SESSION_KEY]
    messages.success(request, f"You are a member of {membership.tenant.name} now.")
    return redirect("tenant-home", membership.tenant.name)


@require_POST
@login_required(redirect_field_name=None)
def invitation_prove(request: HttpRequest) -> HttpResponse:
    """Send the letter by which they show that the address is theirs; its link leads back here."""
    own_session(request)
    invitation = find_invitation(request.session.get(SESSION_KEY, ""))
    if invitation is None or _standing(request, invitation) != "unproven":
        return redirect("invitation")
    if not send_verification_email_for_user(request, request.user):
        messages.info(
            request, f"A link went to {invitation.email} a moment ago. Look into the spam folder too."
        )
    return redirect("invitation")


@require_POST
@login_required(redirect_field_name=None)
def invitation_switch(request: HttpRequest) -> HttpResponse:
    """Sign out, and go on as the one who is invited."""
    digest = request.session.get(SESSION_KEY, "")
    logout(request)
    request.session[SESSION_KEY] = digest
    return redirect_to_login(reverse("invitation"))
