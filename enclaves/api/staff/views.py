from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.filters import Filters
from enclaves.api.serializers.zones import ZoneSerializer
from enclaves.api.staff import shapes
from enclaves.services import fleet, seeing, zones
from tenants.api.pages import cut_page
from tenants.api.schema import page_schema
from tenants.api.staff_base import FleetAPIView, StaffAPIView
from tenants.policy import StaffPermission

TAGS = ["staff"]


class FleetView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.FLEET_VIEW}

    @extend_schema(responses=shapes.FiguresSerializer, summary="The fleet in figures", tags=TAGS)
    def get(self, request: Request) -> Response:
        """Figures name no thing of a tenant, and no tenant is told."""
        return Response(shapes.FiguresSerializer(fleet.figures()).data)


class FleetTenantListView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.TENANT_LIST}
    ordering = ("name",)

    @extend_schema(
        parameters=[shapes.TenantFilters],
        responses=page_schema(shapes.FleetTenantSerializer),
        summary="All tenants",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        wanted = self.checked(shapes.TenantFilters, request.query_params)
        return self.page(fleet.tenants(wanted), shapes.FleetTenantSerializer)


class FleetTenantView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.TENANT_LOOK}

    @extend_schema(responses=shapes.FleetTenantSerializer, summary="A tenant, which is told", tags=TAGS)
    def get(self, request: Request, name: str) -> Response:
        tenant = get_object_or_404(fleet.tenants({}), name=name)
        self.looks.into(tenant, tenant)
        return Response(shapes.FleetTenantSerializer(tenant).data)


class FleetListView(FleetAPIView):
    """A list across tenants; each of which rows are shown is told."""

    list_name: ClassVar[str]
    filters: ClassVar[type[Filters]]

    def listed(self, rows: Callable[[Mapping[str, Any]], QuerySet[Any]], serializer: Any) -> Response:
        wanted = self.checked(self.filters, self.request.query_params)
        found, links = cut_page(rows(wanted), self.request, self.ordering)
        self.looks.at_list(self.list_name, found)
        return Response({**links, "results": serializer(found, many=True).data})


class FleetAccountListView(FleetListView):
    staff_permissions = {"GET": StaffPermission.ACCOUNT_LOOK}
    ordering = ("-registered_at", "-id")
    list_name = "accounts"
    filters = shapes.AccountFilters

    @extend_schema(
        parameters=[shapes.AccountFilters],
        responses=page_schema(shapes.FleetAccountSerializer),
        summary="Cloud accounts of all tenants",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return self.listed(fleet.accounts, shapes.FleetAccountSerializer)


class FleetAccountView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.ACCOUNT_LOOK}

    @extend_schema(
        responses=shapes.FleetAccountDetailSerializer, summary="A cloud account and its checks", tags=TAGS
    )
    def get(self, request: Request, id: UUID) -> Response:
        account = get_object_or_404(fleet.every_account(), pk=id)
        self.looks.into(account.tenant, account)
        context = {"checks": seeing.every_check(account)}
        return Response(shapes.FleetAccountDetailSerializer(account, context=context).data)


class FleetEnclaveListView(FleetListView):
    staff_permissions = {"GET": StaffPermission.ENCLAVE_LOOK}
    ordering = ("-created_at", "-id")
    list_name = "enclaves"
    filters = shapes.FleetEnclaveFilters

    @extend_schema(
        parameters=[shapes.FleetEnclaveFilters],
        responses=page_schema(shapes.FleetEnclaveSerializer),
        summary="Enclaves of all tenants",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return self.listed(fleet.enclaves, shapes.FleetEnclaveSerializer)


class FleetEnclaveView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.ENCLAVE_LOOK}

    @extend_schema(responses=shapes.FleetEnclaveSerializer, summary="An enclave", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        enclave = get_object_or_404(fleet.every_enclave(), pk=id)
        self.looks.into(enclave.tenant, enclave)
        return Response(shapes.FleetEnclaveSerializer(enclave).data)


class FleetHostListView(FleetListView):
    staff_permissions = {"GET": StaffPermission.HOST_LOOK}
    ordering = ("-created_at", "-id")
    list_name = "hosts"
    filters = shapes.FleetHostFilters

    @extend_schema(
        parameters=[shapes.FleetHostFilters],
        responses=page_schema(shapes.FleetHostSerializer),
        summary="Hosts of all tenants",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return self.listed(fleet.hosts, shapes.FleetHostSerializer)


class FleetHostView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.HOST_LOOK}

    @extend_schema(responses=shapes.FleetHostDetailSerializer, summary="A host and its time line", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        host = get_object_or_404(fleet.every_host().select_related("agent"), pk=id)
        self.looks.into(host.tenant, host)
        context = {"timeline": seeing.timeline(host)}
        return Response(shapes.FleetHostDetailSerializer(host, context=context).data)


class FleetOperationListView(FleetListView):
    staff_permissions = {"GET": StaffPermission.OPERATION_LOOK}
    ordering = ("-created_at", "-id")
    list_name = "operations"
    filters = shapes.FleetOperationFilters

    @extend_schema(
        parameters=[shapes.FleetOperationFilters],
        responses=page_schema(shapes.FleetOperationSerializer),
        summary="Operations of all tenants",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return self.listed(fleet.operations, shapes.FleetOperationSerializer)


class FleetOperationView(FleetAPIView):
    staff_permissions = {"GET": StaffPermission.OPERATION_LOOK}

    @extend_schema(responses=shapes.FleetOperationSerializer, summary="An operation", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        operation = get_object_or_404(fleet.operations({}), pk=id)
        self.looks.into(operation.tenant, operation)
        return Response(shapes.FleetOperationSerializer(operation).data)


class StaffZoneListView(StaffAPIView):
    staff_permissions = {"GET": StaffPermission.ZONE_VIEW, "POST": StaffPermission.ZONE_MANAGE}
    fresh = frozenset({"POST"})
    ordering = ("name",)

    @extend_schema(responses=page_schema(ZoneSerializer), summary="The zones, closed ones too", tags=TAGS)
    def get(self, request: Request) -> Response:
        return self.page(zones.catalogue(), ZoneSerializer)

    @extend_schema(
        request=shapes.NewZoneSerializer,
        responses={201: ZoneSerializer},
        summary="Offer one more zone",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        zone = zones.add_zone(**self.checked(shapes.NewZoneSerializer), by=self.staff)
        return Response(ZoneSerializer(zone).data, status=201)


class StaffZoneView(StaffAPIView):
    staff_permissions = {"PATCH": StaffPermission.ZONE_MANAGE}
    fresh = frozenset({"PATCH"})

    @extend_schema(
        request=shapes.ZoneChangeSerializer,
        responses=ZoneSerializer,
        summary="Open or close a zone",
        tags=TAGS,
    )
    def patch(self, request: Request, zone: str) -> Response:
        found = get_object_or_404(zones.catalogue(), pk=zone)
        change = zones.open_zone if self.checked(shapes.ZoneChangeSerializer)["is_open"] else zones.close_zone
        change(found, by=self.staff)
        return Response(ZoneSerializer(found).data)
