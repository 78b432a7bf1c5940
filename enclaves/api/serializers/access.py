from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from enclaves.api.serializers.base import StrictSerializer, TextOrNull
from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest
from enclaves.models.access import LONGEST, SHORTEST
from enclaves.services.access import LONGEST_TEXT, LONGEST_TICKET, MOST_HOSTS, USUAL


class AccessRequestSerializer(serializers.Serializer[AccessRequest]):
    """The wish of a named person to get onto named hosts, and what came of it."""

    name = serializers.CharField(help_text="What one signs in as at the gateway.")
    state = serializers.ChoiceField(AccessState.choices)
    person = serializers.CharField(source="asked_as")
    side = serializers.ChoiceField(AccessRequest.Side.choices, help_text="Which the person is of.")
    enclave = serializers.CharField()
    hosts = serializers.SerializerMethodField()
    reason = serializers.CharField()
    ticket = serializers.CharField()
    minutes_asked = serializers.IntegerField()
    minutes_given = serializers.IntegerField(allow_null=True)
    extends = serializers.SerializerMethodField(help_text="The grant that this is more time for.")
    requested_at = serializers.DateTimeField()
    lapses_at = serializers.DateTimeField(help_text="If nobody has decided by then.")
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = TextOrNull(source="decided_as")
    note = serializers.CharField(help_text="Of whoever decided, to whoever asked.")
    begins_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = TextOrNull(help_text="`expired`, `revoked`, `finished` or `frozen`.")
    nothing_left_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was verified that no login, session or process is left."
    )
    problem = serializers.CharField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_hosts(self, request: AccessRequest) -> list[str]:
        return [str(place.host_id) for place in request.places.all()]

    def get_extends(self, request: AccessRequest) -> str | None:
        return request.extends.name if request.extends else None


class FleetAccessSerializer(AccessRequestSerializer):
    """The same, with the tenant whose hosts they are."""

    tenant = serializers.CharField()


class NewAccessRequestSerializer(StrictSerializer):
    """Onto which hosts, why and for how long."""

    hosts = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=MOST_HOSTS, help_text="Of one enclave."
    )
    reason = serializers.CharField(max_length=LONGEST_TEXT)
    ticket = serializers.CharField(max_length=LONGEST_TICKET, required=False, default="", allow_blank=True)
    minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST, required=False, default=USUAL)


class NewFleetAccessSerializer(NewAccessRequestSerializer):
    """Of whose hosts, onto which, why and for how long."""

    tenant = serializers.CharField(max_length=31)


class MoreAccessSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=LONGEST_TEXT)
    minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST, required=False, default=USUAL)


class ApproveAccessSerializer(StrictSerializer):
    minutes = serializers.IntegerField(
        min_value=SHORTEST,
        max_value=LONGEST,
        required=False,
        allow_null=True,
        default=None,
        help_text="Less than was asked, or nothing for all of it.",
    )
    note = serializers.CharField(max_length=LONGEST_TEXT, required=False, default="", allow_blank=True)


class DenyAccessSerializer(StrictSerializer):
    note = serializers.CharField(max_length=LONGEST_TEXT, required=False, default="", allow_blank=True)


class NewCertificateSerializer(StrictSerializer):
    public_key = serializers.CharField(max_length=8000, help_text="The line of a .pub file.")


class CertificateSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    serial = serializers.IntegerField()
    fingerprint = serializers.CharField()
    certificate = serializers.CharField(help_text="Keep it as <key>-cert.pub beside the private key.")
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField()


class SessionSerializer(serializers.Serializer[Any]):
    """One person on one host, from login to the last process."""

    id = serializers.UUIDField()
    host = serializers.UUIDField(source="host_id")
    from_address = serializers.CharField(source="source", help_text="Where the person came from.")
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    close_reason = serializers.CharField()
    nothing_left_at = serializers.DateTimeField(allow_null=True)
    recorded = serializers.IntegerField(help_text="Characters.")
    sha256 = TextOrNull(help_text="Of the recording, in UTF-8, once it is closed.")


class RecordingQuery(StrictSerializer):
    offset = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=2**62,
        help_text="The characters that you have: while a session is open its recording grows.",
    )


class AccessRulesSerializer(StrictSerializer):
    longest_minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST)
    delegates = serializers.BooleanField(
        help_text="Approvers of the vendor may decide for the tenant on what the vendor's people ask."
    )
