from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantAPIView
from tenants.api.matching import etag_of, require_match
from tenants.api.schema import IF_MATCH, page_schema
from tenants.models import SignOn, SignOnIdentity, Tenant
from tenants.policy import Permission
from tenants.services.turns import take_turns
from tenants.signon.settings import (
    LONGEST,
    STATES,
    configure,
    end_sessions,
    lift_requirement,
    remove_sign_on,
    require_sign_on,
    sign_on_of,
    state_of,
    untie,
)


class SignOnSerializer(serializers.ModelSerializer[SignOn]):
    state = serializers.SerializerMethodField()
    has_secret = serializers.BooleanField()
    trusts_factor = serializers.BooleanField(source="tenant.trusts_sign_on_factor")
    redirect_uri = serializers.SerializerMethodField(help_text="What the provider has to know of the portal.")
    tested_by = serializers.EmailField(source="tested_by.email", allow_null=True, default=None)

    class Meta:
        model = SignOn
        fields = (
            "issuer",
            "client_id",
            "has_secret",
            "trusts_email",
            "trusts_factor",
            "state",
            "redirect_uri",
            "configured_at",
            "tested_at",
            "tested_by",
            "problem",
            "problem_at",
        )
        read_only_fields = fields
        extra_kwargs = {"problem": {"help_text": "Why the last one who failed to come in was turned away."}}

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, sign_on: SignOn) -> str:
        return state_of(sign_on.tenant, sign_on)

    def get_redirect_uri(self, sign_on: SignOn) -> str:
        return settings.BASE_URL + reverse("sign-on-return", args=[sign_on.name])


class SignOnSettingsSerializer(serializers.Serializer[Any]):
    issuer = serializers.CharField(max_length=LONGEST["issuer"])
    client_id = serializers.CharField(max_length=LONGEST["client_id"])
    client_secret = serializers.CharField(
        max_length=LONGEST["client_secret"],
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        default=None,
        help_text="Null, or nothing, keeps what is there; empty says that the client has none.",
    )
    trusts_email = serializers.BooleanField(
        required=False, default=False, help_text="Take addresses that the provider does not call verified."
    )
    trusts_factor = serializers.BooleanField(
        required=False, default=False, help_text="Take the provider's sign-in for a second factor."
    )


class SignOnIdentitySerializer(serializers.ModelSerializer[SignOnIdentity]):
    """A member, as the provider knows them."""

    email = serializers.EmailField(source="membership.user.email")

    class Meta:
        model = SignOnIdentity
        fields = ("id", "email", "issuer", "subject", "tied_at", "used_at")
        read_only_fields = fields


class SignOnView(TenantAPIView):
    permissions = dict.fromkeys(("GET", "PUT", "DELETE"), Permission.SIGN_ON_MANAGE)
    fresh = frozenset({"PUT", "DELETE"})

    @extend_schema(responses=SignOnSerializer, summary="Single sign-on, if it is set up")
    def get(self, request: Request) -> Response:
        return _answer(_found(self.tenant))

    @extend_schema(
        request=SignOnSettingsSerializer,
        responses=SignOnSerializer,
        parameters=[IF_MATCH],
        summary="Set single sign-on up, or change it",
    )
    def put(self, request: Request) -> Response:
        """Another provider or client is out of force until an admin has tried it, in a browser."""
        tenant = take_turns(self.actor)
        if sign_on := sign_on_of(tenant):
            require_match(request, _tag(sign_on))
        return _answer(configure(**self.checked(SignOnSettingsSerializer), by=self.actor))

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary="Remove single sign-on")
    def delete(self, request: Request) -> Response:
        """Sessions that came by it end; members stay, and sign in by themselves."""
        take_turns(self.actor)
        require_match(request, _tag(_found(self.tenant)))
        remove_sign_on(by=self.actor)
        return Response(status=204)


class SignOnDeedView(TenantAPIView):
    """Something to be done about the sign-on, without a body."""

    permissions = {"POST": Permission.SIGN_ON_MANAGE}
    fresh = frozenset({"POST"})


class SignOnRequireView(SignOnDeedView):
    @extend_schema(request=None, responses=SignOnSerializer, summary="Require single sign-on of all members")
    def post(self, request: Request) -> Response:
        """Only for a person who has tried it as it is, and has a second factor; a token cannot."""
        _found(self.tenant)
        require_sign_on(by=self.actor)
        return _answer(_found(self.tenant))


class SignOnLiftView(SignOnDeedView):
    @extend_schema(
        request=None, responses=SignOnSerializer, summary="Let members sign in by themselves again"
    )
    def post(self, request: Request) -> Response:
        _found(self.tenant)
        lift_requirement(by=self.actor)
        return _answer(_found(self.tenant))


class SignOnEndView(SignOnDeedView):
    @extend_schema(request=None, responses=SignOnSerializer, summary="End all sessions that came by it")
    def post(self, request: Request) -> Response:
        _found(self.tenant)
        end_sessions(by=self.actor)
        return _answer(_found(self.tenant))


class SignOnIdentityListView(TenantAPIView):
    permissions = {"GET": Permission.SIGN_ON_MANAGE}
    ordering = ("-tied_at", "-id")

    @extend_schema(responses=page_schema(SignOnIdentitySerializer), summary="Members who came by it")
    def get(self, request: Request) -> Response:
        identities = self.tenant.signonidentitys.select_related("membership__user")
        return self.page(identities, SignOnIdentitySerializer)


class SignOnIdentityView(TenantAPIView):
    permissions = {"DELETE": Permission.SIGN_ON_MANAGE}
    fresh = frozenset({"DELETE"})

    @extend_schema(responses={204: None}, summary="Forget who a member is at the provider")
    def delete(self, request: Request, id: UUID) -> Response:
        """Whoever next comes from the provider with their address is tied to them."""
        untie(get_object_or_404(self.tenant.signonidentitys, pk=id), by=self.actor)
        return Response(status=204)


def _found(tenant: Tenant) -> SignOn:
    sign_on = sign_on_of(tenant)
    if sign_on is None:
        raise Http404
    return sign_on


def _answer(sign_on: SignOn) -> Response:
    return Response(SignOnSerializer(sign_on).data, headers={"ETag": _tag(sign_on)})


def _tag(sign_on: SignOn) -> str:
    tenant = sign_on.tenant
    state = state_of(tenant, sign_on)
    return etag_of(sign_on.pk, sign_on.configured_at, state, sign_on.tested_at)
