from typing import Any

from rest_framework import serializers

from tenants.models import (
    ROLE_CHOICES,
    SERVICE_ACCOUNT_NAME,
    TENANT_NAME,
    ApiToken,
    AuditEvent,
    Invitation,
    Membership,
    ServiceAccount,
    Tenant,
)

INVITATION_STATES = ["pending", "accepted", "expired", "revoked"]
TOKEN_STATES = ["active", "suspended", "expired", "revoked"]
SERVICE_ACCOUNT_STATES = ["active", "disabled"]


class RolesField(serializers.ListField):
    child = serializers.ChoiceField(choices=ROLE_CHOICES)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_empty": False, "max_length": len(ROLE_CHOICES), **kwargs})


class TenantSerializer(serializers.ModelSerializer[Tenant]):
    class Meta:
        model = Tenant
        fields = ("name", "title", "created_at", "frozen_at")
        read_only_fields = fields


class NewTenantSerializer(serializers.Serializer[Any]):
    name = serializers.RegexField(
        TENANT_NAME, help_text="2 to 31 small letters, digits and dashes; begins with a letter."
    )
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    roles = RolesField()

    class Meta:
        model = Membership
        fields = ("id", "email", "name", "roles", "joined_at")
        read_only_fields = fields


class MemberRolesSerializer(serializers.Serializer[Any]):
    roles = RolesField()


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    roles = RolesField()
    state = serializers.ChoiceField(choices=INVITATION_STATES)
    created_by = serializers.EmailField(source="created_by.email", allow_null=True, default=None)

    class Meta:
        model = Invitation
        fields = (
            "id",
            "email",
            "roles",
            "state",
            "created_at",
            "created_by",
            "expires_at",
            "sent_at",
            "accepted_at",
            "revoked_at",
        )
        read_only_fields = fields
        extra_kwargs = {
            "sent_at": {"help_text": "When the last letter was handed over; null while it was not."}
        }


class NewInvitationSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    roles = RolesField()


class ServiceAccountSerializer(serializers.ModelSerializer[ServiceAccount]):
    roles = RolesField()
    state = serializers.ChoiceField(choices=SERVICE_ACCOUNT_STATES)
    created_by = serializers.EmailField(source="created_by.email", allow_null=True, default=None)

    class Meta:
        model = ServiceAccount
        fields = ("id", "name", "title", "roles", "state", "created_at", "created_by", "disabled_at")
        read_only_fields = fields


class NewServiceAccountSerializer(serializers.Serializer[Any]):
    name = serializers.RegexField(
        SERVICE_ACCOUNT_NAME, help_text="Up to 40 small letters, digits and dashes; begins with a letter."
    )
    roles = RolesField()
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)


class ServiceAccountChangeSerializer(serializers.Serializer[Any]):
    roles = RolesField(required=False)
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    member = serializers.EmailField(
        source="user.email", allow_null=True, default=None, help_text="Whose personal token it is."
    )
    service_account = serializers.CharField(
        source="service_account.name", allow_null=True, default=None, help_text="Or which program holds it."
    )
    roles = RolesField(
        source="roles_now", allow_empty=True, help_text="What it may at this moment; none once it is over."
    )
    state = serializers.ChoiceField(choices=TOKEN_STATES)
    created_by = serializers.EmailField(source="created_by.email", allow_null=True, default=None)
    replaces = serializers.UUIDField(
        source="replaces_id", allow_null=True, help_text="The token that was rotated into this one."
    )
    successor = serializers.UUIDField(
        source="successor.id", allow_null=True, default=None, help_text="What this one was rotated into."
    )

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "member",
            "service_account",
            "roles",
            "prefix",
            "state",
            "created_at",
            "created_by",
            "expires_at",
            "last_used_at",
            "revoked_at",
            "replaces",
            "successor",
        )
        read_only_fields = fields


class TokenFilterSerializer(serializers.Serializer[Any]):
    service_account = serializers.CharField(required=False, max_length=40, help_text="Its name.")


class NewTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    expires_at = serializers.DateTimeField()
    roles = RolesField(required=False, help_text="Of a personal token. A program's has none of its own.")
    service_account = serializers.CharField(
        required=False, max_length=40, help_text="The program that gets it; without one it is your own."
    )


class RotationSerializer(serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=168, default=24, help_text="How long the old token works on."
    )


class MadeTokenSerializer(TokenSerializer):
    """A token with its secret, which is shown this once."""

    token = serializers.SerializerMethodField(help_text="The secret. Null in a repeated answer.")

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "token")
        read_only_fields = fields

    def get_token(self, made: ApiToken) -> str | None:
        return str(self.context["secret"])


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = (
            "id",
            "sequence",
            "recorded_at",
            "actor_kind",
            "actor_id",
            "actor",
            "action",
            "subject_kind",
            "subject_id",
            "subject",
            "detail",
            "previous_hash",
            "hash",
        )
        read_only_fields = fields


class AuditFilterSerializer(serializers.Serializer[Any]):
    actor = serializers.CharField(required=False, max_length=200, help_text="A part of who did it.")
    action = serializers.CharField(required=False, max_length=60, help_text="How the action begins.")
    subject = serializers.CharField(required=False, max_length=200, help_text="A part of to what.")
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="The end, itself not included.")


class ChainSerializer(serializers.Serializer[Any]):
    """What a look at the whole chain found."""

    intact = serializers.BooleanField()
    events = serializers.IntegerField()
    hash = serializers.CharField(help_text="Of the last event. Keep it, and you can prove what came before.")
    problem = serializers.CharField(allow_blank=True)
