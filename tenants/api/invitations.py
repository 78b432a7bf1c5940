from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import serializers as shapes
from tenants.api.base import TenantAPIView
from tenants.api.matching import etag_of, require_match
from tenants.api.schema import IF_MATCH, page_schema
from tenants.invitations import invite_member, resend_invitation, revoke_invitation
from tenants.models import Invitation, Tenant
from tenants.policy import Permission
from tenants.services.turns import take_turns


class InvitationListView(TenantAPIView):
    fresh = frozenset({"POST"})
    permissions = {"GET": Permission.MEMBER_INVITE, "POST": Permission.MEMBER_INVITE}
    ordering = ("-created_at", "-id")

    @extend_schema(responses=page_schema(shapes.InvitationSerializer), summary="Invitations, open and over")
    def get(self, request: Request) -> Response:
        return self.page(self.tenant.invitations.select_related("created_by"), shapes.InvitationSerializer)

    @extend_schema(
        request=shapes.NewInvitationSerializer,
        responses={201: shapes.InvitationSerializer},
        summary="Invite an address",
    )
    def post(self, request: Request) -> Response:
        """The link goes to the address and to nobody else; it works once, for seven days."""
        invitation = invite_member(**self.checked(shapes.NewInvitationSerializer), by=self.actor)
        answer = _answer(invitation, status=201)
        place = reverse("api-invitation", args=[self.tenant.name, invitation.pk])
        answer.headers["Location"] = request.build_absolute_uri(place)
        return answer


class InvitationView(TenantAPIView):
    permissions = {"GET": Permission.MEMBER_INVITE, "DELETE": Permission.MEMBER_INVITE}

    @extend_schema(responses=shapes.InvitationSerializer, summary="An invitation")
    def get(self, request: Request, id: UUID) -> Response:
        return _answer(_found(self.tenant, id))

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary="Revoke an invitation")
    def delete(self, request: Request, id: UUID) -> Response:
        take_turns(self.actor)
        invitation = _found(self.tenant, id)
        require_match(request, _tag(invitation))
        revoke_invitation(invitation, by=self.actor)
        return Response(status=204)


class ResendView(TenantAPIView):
    permissions = {"POST": Permission.MEMBER_INVITE}

    @extend_schema(
        request=None,
        responses=shapes.InvitationSerializer,
        parameters=[IF_MATCH],
        summary="Send an invitation again",
    )
    def post(self, request: Request, id: UUID) -> Response:
        """A new link goes out, for another seven days; the old one is dead. Five letters at most."""
        take_turns(self.actor)
        invitation = _found(self.tenant, id)
        require_match(request, _tag(invitation))
        return _answer(resend_invitation(invitation, by=self.actor))


def _found(tenant: Tenant, id: UUID) -> Invitation:
    return get_object_or_404(tenant.invitations.select_related("created_by"), pk=id)


def _answer(invitation: Invitation, status: int = 200) -> Response:
    headers = {"ETag": _tag(invitation)}
    return Response(shapes.InvitationSerializer(invitation).data, status=status, headers=headers)


def _tag(invitation: Invitation) -> str:
    return etag_of(invitation.pk, invitation.state, invitation.letters)
