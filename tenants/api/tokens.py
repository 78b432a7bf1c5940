from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.actors import Actor
from tenants.api import serializers as shapes
from tenants.api.base import TenantAPIView
from tenants.api.schema import page_schema
from tenants.models import ApiToken, ServiceAccount
from tenants.policy import Permission
from tenants.services.revocation import revoke_token
from tenants.services.tokens import create_service_token, create_token, rotate_token, visible_tokens

_OWN_ROLES = "The token of a service account may what its account may; change its roles there."


class TokenListView(TenantAPIView):
    permissions = {"GET": Permission.TOKEN_VIEW, "POST": Permission.TOKEN_VIEW}
    fresh = frozenset({"POST"})
    ordering = ("-created_at", "-id")
    secret_fields = ("token",)

    @extend_schema(
        parameters=[shapes.TokenFilterSerializer],
        responses=page_schema(shapes.TokenSerializer),
        summary="Tokens",
    )
    def get(self, request: Request) -> Response:
        """Your own and those of service accounts; to admins also those of other people."""
        wanted = self.checked(shapes.TokenFilterSerializer, request.query_params)
        tokens = visible_tokens(by=self.actor)
        if "service_account" in wanted:
            tokens = tokens.filter(service_account__name=wanted["service_account"])
        return self.page(tokens, shapes.TokenSerializer)

    @extend_schema(
        request=shapes.NewTokenSerializer,
        responses={201: shapes.MadeTokenSerializer},
        summary="Make a token; its secret is shown this once",
    )
    def post(self, request: Request) -> Response:
        """Your own, which only a session makes (`token:create`), or one of a service account
        (`service_account:manage`)."""
        return _made(request, *_make(self.checked(shapes.NewTokenSerializer), self.actor))


def _make(wanted: Mapping[str, Any], by: Actor) -> tuple[ApiToken, str]:
    name, expires_at = wanted["name"], wanted["expires_at"]
    if "service_account" not in wanted:
        return create_token(name, wanted.get("roles", ()), expires_at, by=by)
    if "roles" in wanted:
        raise ValidationError({"roles": _OWN_ROLES})
    return create_service_token(_account(wanted["service_account"], by), name, expires_at, by=by)


def _account(name: str, by: Actor) -> ServiceAccount:
    found = by.tenant.serviceaccounts.filter(name=name).first()
    if found is None:
        raise ValidationError({"service_account": f"There is no service account {name}."})
    return found


class TokenView(TenantAPIView):
    permissions = {"GET": Permission.TOKEN_VIEW, "DELETE": Permission.TOKEN_VIEW}

    @extend_schema(responses=shapes.TokenSerializer, summary="A token")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(shapes.TokenSerializer(_found(self.actor, id)).data)

    @extend_schema(responses={204: None}, summary="Revoke a token at once")
    def delete(self, request: Request, id: UUID) -> Response:
        """Your own (`token:revoke`), with a token itself; those of other people need `token:manage`, those
        of service accounts `service_account:manage`."""
        revoke_token(_found(self.actor, id), by=self.actor)
        return Response(status=204)


class RotateView(TenantAPIView):
    permissions = {"POST": Permission.TOKEN_VIEW}
    fresh = frozenset({"POST"})
    secret_fields = ("token",)

    @extend_schema(
        request=shapes.RotationSerializer,
        responses={201: shapes.MadeTokenSerializer},
        summary="Replace a token by another; its secret is shown this once",
    )
    def post(self, request: Request, id: UUID) -> Response:
        """The answer is the successor: the same name, the same holder, as long a life. The old token works
        on for the overlap. A token of a service account rotates itself, or is rotated with
        `service_account:manage`; a personal one is rotated by its person in a session (`token:create`)."""
        overlap = timedelta(hours=self.checked(shapes.RotationSerializer)["overlap_hours"])
        return _made(request, *rotate_token(_found(self.actor, id), overlap=overlap, by=self.actor))


def _found(by: Actor, id: UUID) -> ApiToken:
    return get_object_or_404(visible_tokens(by=by), pk=id)


def _made(request: Request, token: ApiToken, secret: str) -> Response:
    body = shapes.MadeTokenSerializer(token, context={"secret": secret}).data
    place = reverse("api-token", args=[token.tenant.name, token.pk])
    headers = {"Cache-Control": "no-store", "Location": request.build_absolute_uri(place)}
    return Response(body, status=201, headers=headers)
