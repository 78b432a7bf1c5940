"""The shapes of what people are told."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from tenants.kinds import Kind
from tenants.models import Notification

KINDS = [kind.value for kind in Kind]


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    kind = serializers.ChoiceField(choices=KINDS)
    link = serializers.SerializerMethodField(help_text="The page about it; empty where there is none.")

    class Meta:
        model = Notification
        fields = ("id", "kind", "source", "title", "detail", "link", "begun_at", "changed_at", "ended_at")
        read_only_fields = fields
        extra_kwargs = {
            "source": {"help_text": "Whose condition it is: one of a kind is open for it at most."},
            "ended_at": {"help_text": "Null while the condition holds."},
        }

    def get_link(self, notification: Notification) -> str:
        return settings.BASE_URL + notification.link if notification.link else ""


class NotificationFilterSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    source = serializers.CharField(required=False, max_length=80)  # type: ignore[assignment]  # hides Field.source
    open = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Holds still.")


class SeenSerializer(serializers.Serializer[Any]):
    until = serializers.DateTimeField(required=False, help_text="The newest `changed_at` that you saw.")


class ChoiceSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS)
    group = serializers.CharField(source="rule.group")
    title = serializers.CharField(source="rule.title")
    mail = serializers.BooleanField()
    by_default = serializers.BooleanField(help_text="What holds for whoever chose nothing.")


class MailSerializer(serializers.Serializer[Any]):
    choices = ChoiceSerializer(many=True)


class NewMailSerializer(serializers.Serializer[Any]):
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS),
        max_length=len(KINDS),
        help_text="To be written to about; about all others not.",
    )
