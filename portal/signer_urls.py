"""All that the signer answers. It listens where gateways and the portal's own processes reach it alone."""

from django.urls import path

from enclaves import inner
from portal import health

urlpatterns = [
    path("healthz", health.alive),
    path("gateway/<slug:question>", inner.answer_gateway),
    path("certificates", inner.make_certificate),
]
