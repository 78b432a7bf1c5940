"""What the shell of every page needs to know: the theme, and inside a tenant who acts there and where to go."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from tenants.models import Membership

from portal import navigation
from portal.views import THEME_COOKIE, THEMES


def shell(request: HttpRequest) -> dict[str, Any]:
    """For the templates. Queries run only if a template asks: error pages and fragments cost nothing."""
    known: dict[str, Any] = {"theme": theme_of(request)}
    actor = getattr(request, "actor", None)
    if actor is not None:
        known |= {
            "actor": actor,
            "tenant": actor.tenant,
            "navigation": SimpleLazyObject(partial(navigation.sections, actor, request.path)),
            "memberships": SimpleLazyObject(partial(_memberships, request)),
        }
    return known


def theme_of(request: HttpRequest) -> str:
    """The theme that was chosen here, or nothing: then the system decides."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def _memberships(request: HttpRequest) -> list[Membership]:
    return list(
        Membership.objects.filter(user=request.user).select_related("tenant").order_by("tenant__name")
    )
