from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import EnclavesView, ListView
from enclaves.api.filters import EventFilters, OperationFilters
from enclaves.api.serializers.operations import EventSerializer, EventsSerializer, OperationSerializer
from enclaves.services import seeing
from tenants.api.problems import MEDIA_TYPE
from tenants.api.schema import ProblemSerializer, page_schema
from tenants.policy import Permission

TAGS = ["operations"]


class OperationListView(ListView, EnclavesView):
    permissions = {"GET": Permission.OPERATION_VIEW}
    ordering = ("-created_at", "-id")
    filters = OperationFilters

    @extend_schema(
        parameters=[OperationFilters],
        responses=page_schema(OperationSerializer),
        summary="Operations",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        return self.page(self.narrowed(seeing.operations(self.tenant)), OperationSerializer)


class OperationView(EnclavesView):
    permissions = {"GET": Permission.OPERATION_VIEW}

    @extend_schema(responses=OperationSerializer, summary="An operation", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        """Ask until `ended_at` is set; with `If-None-Match` that costs little."""
        operation = get_object_or_404(seeing.operations(self.tenant), pk=id)
        return self.single(self.shown(OperationSerializer, operation))


class OperationEventListView(EnclavesView):
    permissions = {"GET": Permission.OPERATION_VIEW}

    @extend_schema(
        parameters=[EventFilters],
        responses={200: EventsSerializer, (400, MEDIA_TYPE): ProblemSerializer},
        summary="The log of an operation",
        tags=TAGS,
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Lines that were written after the one with the id `after`, oldest first.

        To be told at once, read the tenant's stream of server-sent events at `/events/{tenant}/` with the
        same token; `Last-Event-ID` takes the ids of these lines.
        """
        operation = get_object_or_404(seeing.operations(self.tenant), pk=id)
        wanted = self.checked(EventFilters, request.query_params)
        lines, more = seeing.events_after(operation, wanted["after"], wanted["limit"])
        newer = f"{request.path}?after={lines[-1].pk}&limit={wanted['limit']}" if more else ""
        return Response(
            {
                "next": request.build_absolute_uri(newer) if newer else None,
                "previous": None,
                "results": EventSerializer(lines, many=True).data,
            }
        )
