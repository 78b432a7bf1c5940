from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import staff_log
from tenants.api.matching import etag_of, require_match
from tenants.api.schema import IF_MATCH, page_schema
from tenants.api.staff_base import StaffAPIView
from tenants.models import STAFF_ROLE_CHOICES, StaffEvent, StaffMember
from tenants.policy import StaffPermission
from tenants.services import staff

TAGS = ["staff"]


class StaffRolesField(serializers.ListField):
    child = serializers.ChoiceField(choices=STAFF_ROLE_CHOICES)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_empty": False, "max_length": len(STAFF_ROLE_CHOICES), **kwargs})


class StaffMemberSerializer(serializers.ModelSerializer[StaffMember]):
    """One of the vendor's people."""

    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    roles = StaffRolesField()
    added_by = serializers.EmailField(
        source="added_by.email", allow_null=True, default=None, help_text="Null: from the shell."
    )

    class Meta:
        model = StaffMember
        fields = ("id", "email", "name", "roles", "is_active", "added_at", "added_by")
        read_only_fields = fields


class NewStaffMemberSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    roles = StaffRolesField()


class StaffMemberRolesSerializer(serializers.Serializer[Any]):
    roles = StaffRolesField()


class StaffEventSerializer(serializers.ModelSerializer[StaffEvent]):
    """What was done among staff, or to what all tenants share."""

    class Meta:
        model = StaffEvent
        fields = ("id", "recorded_at", "actor_id", "actor", "action", "subject", "detail")
        read_only_fields = fields


class StaffEventFilterSerializer(serializers.Serializer[Any]):
    actor = serializers.CharField(required=False, max_length=200, help_text="A part of who did it.")
    action = serializers.CharField(required=False, max_length=60, help_text="How the action begins.")
    subject = serializers.CharField(required=False, max_length=200, help_text="A part of about whom or what.")


class StaffPeopleView(StaffAPIView):
    staff_permissions = {"GET": StaffPermission.STAFF_VIEW, "POST": StaffPermission.STAFF_MANAGE}
    fresh = frozenset({"POST"})
    ordering = ("-is_active", "-added_at", "-id")

    @extend_schema(
        responses=page_schema(StaffMemberSerializer), summary="Everybody who is or was staff", tags=TAGS
    )
    def get(self, request: Request) -> Response:
        return self.page(staff.people(), StaffMemberSerializer)

    @extend_schema(
        request=NewStaffMemberSerializer,
        responses={201: StaffMemberSerializer},
        summary="Make somebody staff",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """They get a letter that says how to begin. A member of a tenant cannot be staff: 409."""
        member = staff.add_staff(**self.checked(NewStaffMemberSerializer), by=self.staff)
        return _answer(member, status=201)


class StaffPersonView(StaffAPIView):
    staff_permissions = {
        "GET": StaffPermission.STAFF_VIEW,
        "PATCH": StaffPermission.STAFF_MANAGE,
        "DELETE": StaffPermission.STAFF_MANAGE,
    }
    fresh = frozenset({"PATCH", "DELETE"})

    @extend_schema(responses=StaffMemberSerializer, summary="One of the staff", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        return _answer(_found(id))

    @extend_schema(
        request=StaffMemberRolesSerializer,
        responses=StaffMemberSerializer,
        parameters=[IF_MATCH],
        summary="Give one of the staff other roles",
        tags=TAGS,
    )
    def patch(self, request: Request, id: UUID) -> Response:
        staff.take_turns()
        member = _found(id)
        require_match(request, _tag(member))
        wanted = self.checked(StaffMemberRolesSerializer)
        return _answer(staff.change_staff_roles(member, wanted["roles"], by=self.staff))

    @extend_schema(
        responses={204: None}, parameters=[IF_MATCH], summary="Shut one of the staff out", tags=TAGS
    )
    def delete(self, request: Request, id: UUID) -> Response:
        staff.take_turns()
        member = _found(id)
        require_match(request, _tag(member))
        staff.remove_staff(member, by=self.staff)
        return Response(status=204)


class StaffEventListView(StaffAPIView):
    staff_permissions = {"GET": StaffPermission.STAFF_VIEW}
    ordering = ("-recorded_at", "-id")

    @extend_schema(
        parameters=[StaffEventFilterSerializer],
        responses=page_schema(StaffEventSerializer),
        summary="The staff log",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Looks into a tenant are not here: they stand in the audit of that tenant."""
        wanted = self.checked(StaffEventFilterSerializer, request.query_params)
        return self.page(staff_log.find(**wanted), StaffEventSerializer)


def _found(id: UUID) -> StaffMember:
    return get_object_or_404(staff.people(), pk=id)


def _answer(member: StaffMember, status: int = 200) -> Response:
    return Response(StaffMemberSerializer(member).data, status=status, headers={"ETag": _tag(member)})


def _tag(member: StaffMember) -> str:
    return etag_of(member.pk, member.is_active, sorted(member.roles))
