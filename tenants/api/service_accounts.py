from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import serializers as shapes
from tenants.api.base import TenantAPIView
from tenants.api.matching import etag_of, require_match
from tenants.api.schema import IF_MATCH, page_schema
from tenants.models import ServiceAccount, Tenant
from tenants.policy import Permission
from tenants.services import service_accounts as services
from tenants.services.turns import take_turns


class ServiceAccountListView(TenantAPIView):
    permissions = {"GET": Permission.SERVICE_ACCOUNT_VIEW, "POST": Permission.SERVICE_ACCOUNT_MANAGE}
    fresh = frozenset({"POST"})
    ordering = ("name",)

    @extend_schema(responses=page_schema(shapes.ServiceAccountSerializer), summary="Service accounts")
    def get(self, request: Request) -> Response:
        return self.page(
            self.tenant.serviceaccounts.select_related("created_by"), shapes.ServiceAccountSerializer
        )

    @extend_schema(
        request=shapes.NewServiceAccountSerializer,
        responses={201: shapes.ServiceAccountSerializer},
        summary="Make a service account",
    )
    def post(self, request: Request) -> Response:
        """It has no token yet: make one with `POST tokens/`. Personal tokens make none."""
        wanted = self.checked(shapes.NewServiceAccountSerializer)
        account = services.create_service_account(**wanted, by=self.actor)
        answer = _answer(account, status=201)
        place = reverse("api-service-account", args=[self.tenant.name, account.name])
        answer.headers["Location"] = request.build_absolute_uri(place)
        return answer


class ServiceAccountView(TenantAPIView):
    permissions = {"GET": Permission.SERVICE_ACCOUNT_VIEW, "PATCH": Permission.SERVICE_ACCOUNT_MANAGE}
    fresh = frozenset({"PATCH"})

    @extend_schema(responses=shapes.ServiceAccountSerializer, summary="A service account")
    def get(self, request: Request, name: str) -> Response:
        return _answer(_found(self.tenant, name))

    @extend_schema(
        request=shapes.ServiceAccountChangeSerializer,
        responses=shapes.ServiceAccountSerializer,
        parameters=[IF_MATCH],
        summary="Give a service account other roles or another title",
    )
    def patch(self, request: Request, name: str) -> Response:
        """Its tokens have the new roles from their next call on."""
        take_turns(self.actor)
        account = _found(self.tenant, name)
        require_match(request, _tag(account))
        wanted = {
            "roles": account.roles,
            "title": account.title,
            **self.checked(shapes.ServiceAccountChangeSerializer),
        }
        return _answer(services.change_service_account(account, **wanted, by=self.actor))


class DisableView(TenantAPIView):
    permissions = {"POST": Permission.SERVICE_ACCOUNT_MANAGE}

    @extend_schema(request=None, responses=shapes.ServiceAccountSerializer, summary="Stop a service account")
    def post(self, request: Request, name: str) -> Response:
        """All its tokens are refused from now on, and its event streams end."""
        return _answer(services.disable_service_account(_found(self.tenant, name), by=self.actor))


class EnableView(TenantAPIView):
    permissions = {"POST": Permission.SERVICE_ACCOUNT_MANAGE}
    fresh = frozenset({"POST"})

    @extend_schema(request=None, responses=shapes.ServiceAccountSerializer, summary="Let it work again")
    def post(self, request: Request, name: str) -> Response:
        """Its tokens that are not over work again."""
        return _answer(services.enable_service_account(_found(self.tenant, name), by=self.actor))


def _found(tenant: Tenant, name: str) -> ServiceAccount:
    return get_object_or_404(tenant.serviceaccounts.select_related("created_by"), name=name)


def _answer(account: ServiceAccount, status: int = 200) -> Response:
    body = shapes.ServiceAccountSerializer(account).data
    return Response(body, status=status, headers={"ETag": _tag(account)})


def _tag(account: ServiceAccount) -> str:
    return etag_of(account.pk, sorted(account.roles), account.title, account.state)
