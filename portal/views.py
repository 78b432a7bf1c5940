"""Pages of the site itself, of no tenant."""

from typing import Final

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from django.views.defaults import page_not_found

from portal.manual import manual
from tenants.api.problems import MEDIA_TYPE, NOT_HERE, problem

THEME_COOKIE: Final = "theme"
THEMES: Final = frozenset({"light", "dark"})
_A_YEAR: Final = 365 * 24 * 3600


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Tell a program in its own words, also where its address is so odd that no route of the API takes it."""
    if request.path.startswith("/api/"):
        return JsonResponse(problem(404, NOT_HERE), status=404, content_type=MEDIA_TYPE)
    return page_not_found(request, exception)


@require_GET
def read_manual(request: HttpRequest) -> HttpResponse:
    return render(request, "manual.html", {"manual": manual()})


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest("There is a light theme and a dark one.")
    response = HttpResponseRedirect(_back(request))
    # Not HttpOnly: theme.js writes the same cookie, so that the page need not load again.
    response.set_cookie(THEME_COOKIE, chosen, max_age=_A_YEAR, samesite="Lax", secure=request.is_secure())
    return response


def _back(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if own else "/"
