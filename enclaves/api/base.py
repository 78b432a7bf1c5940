"""What the views of all nouns share: lists with filters, tags of single things, addresses of new ones."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import reverse
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from enclaves.api.filters import Filters, conditions
from enclaves.api.serializers.operations import OperationSerializer
from enclaves.models import Operation
from enclaves.services import seeing
from tenants.api.base import PortalAPIView, TenantAPIView
from tenants.api.matching import etag_of


class ListView(PortalAPIView):
    """A list that may be narrowed by the filters of its class."""

    filters: type[Filters] = Filters

    def narrowed[Row: Model](self, rows: QuerySet[Row], **renamed: str) -> QuerySet[Row]:
        wanted = self.checked(self.filters, self.request.query_params)
        return rows.filter(**conditions(dict(wanted), **renamed))


class TaggedView(PortalAPIView):
    """A single thing, which tells by its tag whether it has changed."""

    def single(self, data: Mapping[str, Any]) -> Response:
        """Answer with one thing and its ETag; with 304 if the caller has that already."""
        etag = etag_of(data)
        known = self.request.headers.get("If-None-Match", "")
        if etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
            return Response(status=304, headers={"ETag": etag})
        return Response(data, headers={"ETag": etag})


class EnclavesView(TaggedView, TenantAPIView):
    """A view of something in a tenant's clouds."""

    def shown(self, serializer: type[Serializer[Any]], row: Model, **context: Any) -> Any:
        return serializer(row, context={"actor": self.actor, **context}).data

    def created(self, data: Mapping[str, Any], address: str) -> Response:
        return Response(data, status=201, headers={"Location": address})

    def accepted(self, operation: Operation) -> Response:
        """Answer that a worker will do it, and where to watch."""
        row = seeing.operations(self.tenant).get(pk=operation.pk)
        data = self.shown(OperationSerializer, row)
        address = self.address("api-operation", operation.pk)
        return Response(data, status=202, headers={"Location": address})

    def address(self, name: str, *args: Any) -> str:
        return self.request.build_absolute_uri(reverse(name, args=[self.tenant.name, *args]))


class TextRenderer(BaseRenderer):
    """A file as it is; a refusal is JSON, as everywhere."""

    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data if isinstance(data, str) else JSONRenderer().render(data)
