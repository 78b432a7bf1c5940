from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import ListView, TaggedView
from enclaves.api.serializers.zones import ZoneSerializer
from enclaves.services import seeing
from tenants.api.schema import page_schema


class ZoneListView(ListView):
    ordering = ("name",)

    @extend_schema(responses=page_schema(ZoneSerializer), summary="Zones", tags=["zones"])
    def get(self, request: Request) -> Response:
        """Where the vendor offers to run. Enclaves can be created in zones that are open."""
        return self.page(self.narrowed(seeing.zones()), ZoneSerializer)


class ZoneView(TaggedView):
    @extend_schema(responses=ZoneSerializer, summary="A zone", tags=["zones"])
    def get(self, request: Request, zone: str) -> Response:
        return self.single(ZoneSerializer(get_object_or_404(seeing.zones(), name=zone)).data)
