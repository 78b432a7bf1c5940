from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import EnclavesView, ListView
from enclaves.api.serializers.deployments import ApplicationSerializer, NewApplicationSerializer
from enclaves.services import deployments as services
from enclaves.services import seeing
from tenants.api.schema import page_schema
from tenants.policy import Permission

TAGS = ["deployments"]


class ApplicationListView(ListView, EnclavesView):
    permissions = {"GET": Permission.APPLICATION_VIEW, "POST": Permission.APPLICATION_CREATE}
    ordering = ("name",)

    @extend_schema(responses=page_schema(ApplicationSerializer), summary="Applications", tags=TAGS)
    def get(self, request: Request) -> Response:
        """The applications by name. What runs of one: `deployments/?application=…`."""
        return self.page(self.narrowed(seeing.applications(self.tenant)), ApplicationSerializer)

    @extend_schema(
        request=NewApplicationSerializer,
        responses={201: ApplicationSerializer},
        summary="Create an application",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Not needed before a deployment: a spec that names a new application makes it."""
        wanted = self.checked(NewApplicationSerializer)
        application = services.create_application(by=self.actor, name=wanted["name"])
        data = self.shown(ApplicationSerializer, application)
        return self.created(data, self.address("api-application", application.name))


class ApplicationView(EnclavesView):
    permissions = {"GET": Permission.APPLICATION_VIEW}

    @extend_schema(responses=ApplicationSerializer, summary="An application", tags=TAGS)
    def get(self, request: Request, application: str) -> Response:
        row = get_object_or_404(seeing.applications(self.tenant), name=application)
        return self.single(self.shown(ApplicationSerializer, row))
