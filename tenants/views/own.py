"""The pages of one's own account: who one is, and where one is signed in. No tenant is known there."""

from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants.forms import ConfirmForm, ProfileForm
from tenants.models import User
from tenants.sessions import device_of, end_session, end_sessions, sessions_of
from tenants.views.answers import Question


@require_http_methods(["GET", "POST"])
@login_required
def own_profile(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = ProfileForm(request.POST or None, initial={"name": user.name})
    if form.is_valid():
        user.name = form.cleaned_data["name"].strip()
        user.save(update_fields=["name"])
        messages.success(request, "Your name is changed.")
        return redirect("own-profile")
    return render(request, "account/profile.html", {"form": form})


@require_GET
@login_required
def session_list(request: HttpRequest) -> HttpResponse:
    current = request.session.session_key
    sessions = [
        {"session": one, "device": device_of(one.user_agent), "is_this": one.session_key == current}
        for one in sessions_of(cast(User, request.user))
    ]
    return render(request, "usersessions/usersession_list.html", {"sessions": sessions})


@require_http_methods(["GET", "POST"])
@login_required
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one session. It asks for no password: whoever fears a thief shall be fast."""
    session = get_object_or_404(UserSession, user=request.user, pk=pk)
    device = device_of(session.user_agent)
    if request.method == "POST":
        end_session(session)
        messages.success(request, f"{device} is signed out.")
        return redirect("usersessions_list")
    question = Question(
        title=f"Sign out {device}?",
        lead=f"Whoever uses that browser, at {session.ip}, has to sign in again.",
        back=reverse("usersessions_list"),
        keep="Keep it",
        act="Sign it out",
    )
    return _ask(request, question)


@require_http_methods(["GET", "POST"])
@login_required
def session_end_all(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        end_sessions(cast(User, request.user))
        logout(request)
        messages.success(request, "You are signed out everywhere.")
        return redirect("account_login")
    question = Question(
        title="Sign out everywhere?",
        lead="Every browser in which you are signed in has to sign in again, this one too.",
        consequences=["API tokens are no sessions: they go on. Operations go on without you."],
        back=reverse("usersessions_list"),
        keep="Stay signed in",
        act="Sign out everywhere",
    )
    return _ask(request, question)


@require_http_methods(["GET", "POST"])
@login_required
def session_end_others(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        end_sessions(cast(User, request.user), but=request.session.session_key or "")
        messages.success(request, "Every other session is signed out.")
        return redirect("usersessions_list")
    question = Question(
        title="Sign out all other sessions?",
        lead="Every other browser in which you are signed in has to sign in again.",
        back=reverse("usersessions_list"),
        keep="Keep them",
        act="Sign them out",
    )
    return _ask(request, question)


def _ask(request: HttpRequest, question: Question) -> HttpResponse:
    context = {"question": question, "form": ConfirmForm(), "action": request.path}
    part = "confirm.html#question" if request.headers.get("HX-Request") else "account/confirm.html"
    return render(request, part, context)
