from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import EnclavesView, ListView
from enclaves.api.filters import HostFilters
from enclaves.api.serializers.hosts import HostDetailSerializer, HostSerializer
from enclaves.services import seeing
from tenants.api.schema import page_schema
from tenants.policy import Permission

TAGS = ["hosts"]


class HostListView(ListView, EnclavesView):
    permissions = {"GET": Permission.HOST_VIEW}
    ordering = ("-created_at", "-id")
    filters = HostFilters

    @extend_schema(
        parameters=[HostFilters], responses=page_schema(HostSerializer), summary="Hosts", tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """All hosts that there ever were, newest first; `?state=active` shows those that serve."""
        return self.page(self.narrowed(seeing.hosts(self.tenant)), HostSerializer)


class HostView(EnclavesView):
    permissions = {"GET": Permission.HOST_VIEW}

    @extend_schema(responses=HostDetailSerializer, summary="A host and its time line", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        host = get_object_or_404(seeing.hosts(self.tenant).select_related("agent"), pk=id)
        return self.single(self.shown(HostDetailSerializer, host, timeline=seeing.timeline(host)))
