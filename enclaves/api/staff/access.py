"""Access over all tenants: what the vendor's people ask for, and what its approvers decide."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.filters import FleetAccessFilters, conditions
from enclaves.api.serializers.access import (
    ApproveAccessSerializer,
    CertificateSerializer,
    DenyAccessSerializer,
    FleetAccessSerializer,
    MoreAccessSerializer,
    NewCertificateSerializer,
    NewFleetAccessSerializer,
    SessionSerializer,
)
from enclaves.models import AccessRequest
from enclaves.services import access as services
from enclaves.services import fleet, visits
from enclaves.services.certificates import request_certificate
from tenants.api.pages import cut_page
from tenants.api.schema import page_schema
from tenants.api.staff_base import FleetAPIView, StaffAPIView
from tenants.policy import StaffPermission
from tenants.scope import tenant_scope

TAGS = ["staff"]
ASK, DECIDE, LOOK = StaffPermission.ACCESS_ASK, StaffPermission.ACCESS_DECIDE, StaffPermission.ACCESS_LOOK


class FleetAccessListView(FleetAPIView):
    staff_permissions = {"GET": LOOK, "POST": ASK}
    ordering = ("-requested_at", "-id")

    @extend_schema(
        parameters=[FleetAccessFilters],
        responses=page_schema(FleetAccessSerializer),
        summary="Access requests of all tenants",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        wanted = self.checked(FleetAccessFilters, request.query_params)
        found = fleet.every_access().filter(**conditions(dict(wanted), tenant="tenant__name"))
        rows, links = cut_page(found, request, self.ordering)
        self.looks.at_list("access", rows)
        shown: Any = FleetAccessSerializer  # of many, which its type does not know
        return Response({**links, "results": shown(rows, many=True).data})

    @extend_schema(
        request=NewFleetAccessSerializer,
        responses={201: FleetAccessSerializer},
        summary="Ask a tenant for access",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Asks for a way onto hosts of one tenant, whose admins decide."""
        wanted = dict(self.checked(NewFleetAccessSerializer))
        found = fleet.tenant(wanted.pop("tenant")).first()
        if found is None:
            raise ValidationError({"tenant": "There is no such tenant."})
        with tenant_scope(found.pk):
            tenant = visits.tenant_in_scope(found.pk)
            wanted["hosts"] = visits.hosts_by_id(tenant, wanted["hosts"])
            made = services.ask_access(by=self.staff, tenant=tenant, **wanted)
            return _shown(made.name, status=201)


class FleetAccessView(FleetAPIView):
    staff_permissions = {"GET": LOOK}

    @extend_schema(responses=FleetAccessSerializer, summary="An access request", tags=TAGS)
    def get(self, request: Request, name: str) -> Response:
        row = get_object_or_404(fleet.every_access(), name=name)
        self.looks.into(row.tenant, row)
        return Response(FleetAccessSerializer(row).data)


class FleetSessionListView(FleetAPIView):
    staff_permissions = {"GET": LOOK}
    ordering = ("opened_at", "id")

    @extend_schema(responses=page_schema(SessionSerializer), summary="Sessions of a grant", tags=TAGS)
    def get(self, request: Request, name: str) -> Response:
        """When somebody was on which host. What they did there, the admins of the tenant replay."""
        row = get_object_or_404(fleet.every_access(), name=name)
        self.looks.into(row.tenant, row)
        return self.page(row.sessions.all(), SessionSerializer)


class DeedView(StaffAPIView):
    """Something that one of the staff does with one request."""

    @contextmanager
    def found(self, name: str) -> Iterator[AccessRequest]:
        """The request in the scope of its tenant; the answer has to be made in there too."""
        try:
            with fleet.access_in_its_tenant(name) as row:
                yield row
        except AccessRequest.DoesNotExist as error:
            raise Http404 from error


class FleetApproveView(DeedView):
    staff_permissions = {"POST": DECIDE}
    fresh = frozenset({"POST"})

    @extend_schema(
        request=ApproveAccessSerializer, responses=FleetAccessSerializer, summary="Approve", tags=TAGS
    )
    def post(self, request: Request, name: str) -> Response:
        """Lets a member in; or support, where the tenant has delegated its decision."""
        with self.found(name) as row:
            services.approve_access(row, by=self.staff, **self.checked(ApproveAccessSerializer))
            return _shown(name)


class FleetDenyView(DeedView):
    staff_permissions = {"POST": DECIDE}
    fresh = frozenset({"POST"})

    @extend_schema(request=DenyAccessSerializer, responses=FleetAccessSerializer, summary="Deny", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Says no; the person is told, with the note."""
        with self.found(name) as row:
            services.deny_access(row, by=self.staff, **self.checked(DenyAccessSerializer))
            return _shown(name)


class FleetRevokeView(DeedView):
    staff_permissions = {"POST": DECIDE}

    @extend_schema(request=None, responses=FleetAccessSerializer, summary="Revoke a grant", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Ends somebody's grant at once: sessions are cut, and nothing of them goes on."""
        with self.found(name) as row:
            services.revoke_access(row, by=self.staff)
            return _shown(name)


class FleetWithdrawView(DeedView):
    staff_permissions = {"POST": ASK}

    @extend_schema(request=None, responses=FleetAccessSerializer, summary="Take a wish back", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Whoever asked changes their mind before anybody has decided."""
        with self.found(name) as row:
            services.withdraw_access(row, by=self.staff)
            return _shown(name)


class FleetFinishView(DeedView):
    staff_permissions = {"POST": ASK}

    @extend_schema(request=None, responses=FleetAccessSerializer, summary="Finish one's grant", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Whoever asked gives it back before its end."""
        with self.found(name) as row:
            services.finish_access(row, by=self.staff)
            return _shown(name)


class FleetExtendView(DeedView):
    staff_permissions = {"POST": ASK}

    @extend_schema(
        request=MoreAccessSerializer,
        responses={201: FleetAccessSerializer},
        summary="Ask for more time",
        tags=TAGS,
    )
    def post(self, request: Request, name: str) -> Response:
        """A wish of its own for the same hosts, which is decided like any other."""
        with self.found(name) as row:
            services.must_be_of(row, self.staff)
            more = services.extend_access(row, by=self.staff, **self.checked(MoreAccessSerializer))
            return _shown(more.name, status=201)


class FleetCertificateView(DeedView):
    staff_permissions = {"POST": ASK}

    @extend_schema(
        request=NewCertificateSerializer,
        responses={201: CertificateSerializer},
        summary="Have one's key certified",
        tags=TAGS,
    )
    def post(self, request: Request, name: str) -> Response:
        """Certifies the public key of whoever asked, until the end of the grant."""
        with self.found(name) as row:
            services.must_be_of(row, self.staff)
            made = request_certificate(row, by=self.staff, **self.checked(NewCertificateSerializer))
            return Response(CertificateSerializer(made).data, status=201)


def _shown(name: str, status: int = 200) -> Response:
    return Response(FleetAccessSerializer(visits.every_request().get(name=name)).data, status=status)
