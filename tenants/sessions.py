"""Where a person is signed in, and how to end that."""

import re
import time
from datetime import timedelta
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.core.internal.sessionkit import get_session_user
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

from tenants.assurance import signed_on_for
from tenants.models import User

SEEN_AT: Final = "seen_at"
_SEEN_EVERY: Final = timedelta(minutes=5)
_OWN_PAGES: Final = "/accounts/"
# What leads out of a session, or shows a second factor in it, changes nothing of the person's own.
_ALSO_SIGNED_ON: Final = frozenset({"account_logout", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"})


def note_sign_in(request: HttpRequest) -> None:
    """Begin to note when this session was last used."""
    request.session[SEEN_AT] = time.time()


@sync_and_async_middleware
def watch_sessions(get_response: Any) -> Any:
    """Note now and then that a session is in use, and keep those of an organisation off personal pages.

    A tenant's identity provider could otherwise change the password of somebody who is a member elsewhere.
    """
    watch: Any = _watch_async if iscoroutinefunction(get_response) else _watch
    watched = watch(get_response)
    watched.process_view = _keep_off
    return watched


def _watch(get_response: Any) -> Any:
    def watched(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            _note_use(request)
        response: HttpResponseBase = get_response(request)
        return response

    return watched


def _watch_async(get_response: Any) -> Any:
    # An open stream is no sign that somebody is there.
    async def watched(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await get_response(request)
        return response

    return watched


def _keep_off(request: HttpRequest, *view: object) -> HttpResponse | None:
    place = request.resolver_match
    if not request.path.startswith(_OWN_PAGES) or (place and place.url_name in _ALSO_SIGNED_ON):
        return None
    if not request.user.is_authenticated or signed_on_for(request) is None:
        return None
    return render(request, "account/signed_on.html", status=403)


def _note_use(request: HttpRequest) -> None:
    seen_at = request.session.get(SEEN_AT)
    if seen_at is None or time.time() - seen_at < _SEEN_EVERY.total_seconds():
        return
    note_sign_in(request)
    mine = UserSession.objects.filter(session_key=request.session.session_key)
    mine.update(last_seen_at=timezone.now(), ip=get_adapter().get_client_ip(request))


def sessions_of(user: User) -> list[UserSession]:
    """The sessions in which somebody is signed in now, the one used last first."""
    found = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk"))
    live = Session.objects.filter(
        session_key__in=[one.session_key for one in found], expire_date__gt=timezone.now()
    )
    # A session from before the password was changed still has its row, and lets nobody in.
    valid = {
        row.session_key
        for row in live
        if row.get_decoded().get(HASH_SESSION_KEY) == user.get_session_auth_hash()
    }
    return [one for one in found if one.session_key in valid]


def end_session(session: UserSession) -> None:
    """Sign somebody out where they are. What they do there next is refused."""
    session.end()


def end_sessions(user: User, *, but: str = "") -> int:
    """Sign somebody out everywhere, except in the session of that key; say in how many."""
    ended = [one for one in UserSession.objects.filter(user=user) if one.session_key != but]
    for session in ended:
        session.end()
    return len(ended)


def is_alive(session_key: str) -> bool:
    """Say whether a session that was there a while ago was not ended since, by hand or by a new password."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_session_user(store) is not None


_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
_BROWSERS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """What a browser says of itself, in words: "Firefox on Linux"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if not browser:
        first = re.match(r"[\w.-]{1,40}", user_agent)
        browser = first[0] if first else "Something that does not say what it is"
    return f"{browser} on {system}" if system else browser
