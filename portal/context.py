"""What the shell of every page needs: the theme, and inside a tenant or as staff who acts and where to go."""

from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from portal import navigation
from portal.views import THEME_COOKIE, THEMES
from tenants.notifications import count_unseen
from tenants.policy import Permission


def shell(request: HttpRequest) -> dict[str, Any]:
    """For the templates. It queries nothing but what the bell counts: the rest was left by the gate."""
    known: dict[str, Any] = {"theme": theme_of(request)}
    actor = getattr(request, "actor", None)
    if actor is not None:
        known |= {
            "actor": actor,
            "tenant": actor.tenant,
            "may_freeze": actor.may(Permission.TENANT_FREEZE),
            "memberships": getattr(request, "memberships", []),
            "navigation": SimpleLazyObject(partial(navigation.sections, actor, request.path)),
            # Asked at most once, and only by a page with a bell.
            "unseen": cache(partial(count_unseen, actor)),
            "stream": reverse("events", kwargs={"tenant": actor.tenant.name}),
        }
    return known | _of_staff(request)


def _of_staff(request: HttpRequest) -> dict[str, Any]:
    staff = getattr(request, "staff", None)
    if staff is None:
        return {}
    return {
        "staff": staff,
        "frame": "staff/shell.html",
        "navigation": SimpleLazyObject(partial(navigation.staff_sections, staff, request.path)),
    }


def theme_of(request: HttpRequest) -> str:
    """The theme that was chosen here, or nothing: then the system decides."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""
