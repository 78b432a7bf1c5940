from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import audit
from tenants.api import serializers as shapes
from tenants.api.base import PortalAPIView, TenantAPIView
from tenants.api.matching import etag_of, require_match
from tenants.api.schema import IF_MATCH, page_schema
from tenants.assurance import own_session, signed_on_for
from tenants.errors import Forbidden
from tenants.gate import memberships_of
from tenants.models import ApiToken, Membership, Tenant, User
from tenants.policy import Permission
from tenants.services.members import change_roles, leave_tenant, remove_member
from tenants.services.tenants import create_tenant, freeze_tenant, unfreeze_tenant
from tenants.services.turns import take_turns


class TenantListView(PortalAPIView):
    permission_classes = (IsAuthenticated,)
    ordering = ("name",)

    @extend_schema(responses=page_schema(shapes.TenantSerializer), summary="Your tenants")
    def get(self, request: Request) -> Response:
        if isinstance(request.auth, ApiToken):
            return self.page(Tenant.objects.filter(pk=request.auth.tenant_id), shapes.TenantSerializer)
        mine = [
            membership.tenant_id
            for membership in memberships_of(_user(request), only=signed_on_for(request._request))
        ]
        return self.page(Tenant.objects.filter(pk__in=mine), shapes.TenantSerializer)

    @extend_schema(
        request=shapes.NewTenantSerializer,
        responses={201: shapes.TenantSerializer},
        summary="Make a tenant; you become its admin",
    )
    def post(self, request: Request) -> Response:
        user = _user(request)
        own_session(request._request)
        tenant = create_tenant(**self.checked(shapes.NewTenantSerializer), by=user)
        return Response(shapes.TenantSerializer(tenant).data, status=201)


class TenantView(TenantAPIView):
    permissions = {"GET": Permission.TENANT_VIEW}

    @extend_schema(responses=shapes.TenantSerializer, summary="A tenant")
    def get(self, request: Request) -> Response:
        return Response(shapes.TenantSerializer(self.tenant).data)


class FreezeView(TenantAPIView):
    fresh = frozenset({"POST"})
    permissions = {"POST": Permission.TENANT_FREEZE}

    @extend_schema(request=None, responses=shapes.TenantSerializer, summary="Stop every change")
    def post(self, request: Request) -> Response:
        freeze_tenant(by=self.actor)
        return _now(self.tenant)


class UnfreezeView(TenantAPIView):
    fresh = frozenset({"POST"})
    permissions = {"POST": Permission.TENANT_FREEZE}

    @extend_schema(request=None, responses=shapes.TenantSerializer, summary="Let changes go on")
    def post(self, request: Request) -> Response:
        unfreeze_tenant(by=self.actor)
        return _now(self.tenant)


class MemberListView(TenantAPIView):
    permissions = {"GET": Permission.MEMBER_VIEW}
    ordering = ("joined_at", "id")

    @extend_schema(responses=page_schema(shapes.MemberSerializer), summary="Members")
    def get(self, request: Request) -> Response:
        return self.page(self.tenant.memberships.select_related("user"), shapes.MemberSerializer)


class MemberView(TenantAPIView):
    fresh = frozenset({"PATCH", "DELETE"})
    permissions = {
        "GET": Permission.MEMBER_VIEW,
        "PATCH": Permission.MEMBER_MANAGE,
        "DELETE": Permission.MEMBER_MANAGE,
    }

    @extend_schema(responses=shapes.MemberSerializer, summary="A member")
    def get(self, request: Request, id: UUID) -> Response:
        return _member(self._found(id))

    @extend_schema(
        request=shapes.MemberRolesSerializer,
        responses=shapes.MemberSerializer,
        parameters=[IF_MATCH],
        summary="Give a member other roles",
    )
    def patch(self, request: Request, id: UUID) -> Response:
        take_turns(self.actor)
        member = self._found(id)
        require_match(request, _member_tag(member))
        wanted = self.checked(shapes.MemberRolesSerializer)
        return _member(change_roles(member, wanted["roles"], by=self.actor))

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary="Shut a member out")
    def delete(self, request: Request, id: UUID) -> Response:
        take_turns(self.actor)
        member = self._found(id)
        require_match(request, _member_tag(member))
        remove_member(member, by=self.actor)
        return Response(status=204)

    def _found(self, id: UUID) -> Membership:
        return get_object_or_404(self.tenant.memberships.select_related("user"), pk=id)


class LeaveView(TenantAPIView):
    permissions = {"POST": Permission.MEMBER_LEAVE}

    @extend_schema(request=None, responses={204: None}, summary="Give your own membership up")
    def post(self, request: Request) -> Response:
        leave_tenant(by=self.actor)
        return Response(status=204)


class JsonLinesRenderer(JSONRenderer):
    """What ``?format=jsonl`` and the OpenAPI document look for; the view streams the lines itself.

    A refusal is one JSON object, as everywhere.
    """

    media_type = "application/jsonl"
    format = "jsonl"


class AuditEventListView(TenantAPIView):
    permissions = {"GET": Permission.AUDIT_VIEW}
    ordering = ("-sequence",)
    renderer_classes = (JSONRenderer, JsonLinesRenderer)

    @extend_schema(
        parameters=[
            shapes.AuditFilterSerializer,
            OpenApiParameter("format", str, enum=["json", "jsonl"], description="jsonl: all, oldest first."),
        ],
        responses={
            (200, "application/json"): page_schema(shapes.AuditEventSerializer),
            (200, "application/jsonl"): OpenApiTypes.STR,
        },
        summary="The audit, with its chain",
    )
    def get(self, request: Request) -> HttpResponseBase:
        wanted = self.checked(shapes.AuditFilterSerializer, request.query_params)
        events = audit.find(self.tenant, **wanted)
        if getattr(request, "accepted_renderer", None) and request.accepted_renderer.format == "jsonl":
            return StreamingHttpResponse(audit.export(events, self.tenant), content_type="application/jsonl")
        return self.page(events, shapes.AuditEventSerializer)


class AuditChainView(TenantAPIView):
    permissions = {"GET": Permission.AUDIT_VIEW}

    @extend_schema(responses=shapes.ChainSerializer, summary="Check the whole chain now")
    def get(self, request: Request) -> Response:
        return Response(shapes.ChainSerializer(audit.verify(self.tenant)).data)


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise Forbidden("A token belongs to one tenant; a person has to do this.")
    return request.user


def _now(tenant: Tenant) -> Response:
    tenant.refresh_from_db()
    return Response(shapes.TenantSerializer(tenant).data)


def _member(member: Membership) -> Response:
    return Response(shapes.MemberSerializer(member).data, headers={"ETag": _member_tag(member)})


def _member_tag(member: Membership) -> str:
    return etag_of(member.pk, sorted(member.roles))
