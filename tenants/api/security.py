from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.models import Tenant
from tenants.policy import Permission
from tenants.services.security import require_second_factor, standing_of


class SecuritySerializer(serializers.Serializer[Any]):
    requires_second_factor = serializers.BooleanField()
    members = serializers.IntegerField(read_only=True)
    members_with_second_factor = serializers.IntegerField(read_only=True)


class SecurityView(TenantAPIView):
    permissions = {"GET": Permission.TENANT_SECURE, "PATCH": Permission.TENANT_SECURE}
    fresh = frozenset({"PATCH"})

    @extend_schema(responses=SecuritySerializer, summary="What the tenant asks of its members' sessions")
    def get(self, request: Request) -> Response:
        return _answer(self.tenant)

    @extend_schema(
        request=SecuritySerializer, responses=SecuritySerializer, summary="Require a second factor, or none"
    )
    def patch(self, request: Request) -> Response:
        """A person has to decide this, who has a second factor: a token is refused."""
        wanted = self.checked(SecuritySerializer)
        return _answer(require_second_factor(wanted["requires_second_factor"], by=self.actor))


def _answer(tenant: Tenant) -> Response:
    standing = standing_of(tenant)
    told = {
        "requires_second_factor": tenant.requires_second_factor,
        "members": standing.members,
        "members_with_second_factor": standing.with_one,
    }
    return Response(SecuritySerializer(told).data)
