from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from enclaves.api.document import SchemaView
from portal import health, views
from tenants.api.base import NowhereView

_PAGES: list[URLPattern | URLResolver] = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("theme/", views.choose_theme, name="theme"),
    path("accounts/", include("tenants.own_urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/schema/", SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", views.read_manual, name="docs"),
    path("api/v1/", include("enclaves.api.urls")),
    path("api/v1/", include("tenants.api.urls")),
    path("api/v1/<path:rest>", NowhereView.as_view()),
    path("", include("enclaves.urls")),
    path("", include("tenants.urls")),
]


def site(*, production: bool) -> list[URLPattern | URLResolver]:
    """All addresses; outside of production also the pages that show the portal's mail."""
    return [*_PAGES, *([] if production else [path("_outbox/", include("portal.outbox"))])]


urlpatterns = site(production=settings.PRODUCTION)

handler404 = "portal.views.nothing_here"
