from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from enclaves.api.serializers.base import TextOrNull
from enclaves.lifecycle import HostState
from enclaves.models import Host
from enclaves.services.health import STATES, Health, health_of


class HostSerializer(serializers.Serializer[Host]):
    """One virtual machine that the portal made, or is about to make."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    deployment = serializers.UUIDField(source="deployment_id")
    application = serializers.CharField(source="deployment.application")
    enclave = serializers.CharField()
    cluster = serializers.CharField()
    number = serializers.IntegerField(help_text="Within its cluster.")
    state = serializers.ChoiceField(HostState.choices)
    want_to_retire = serializers.BooleanField(help_text="It will go, as soon as the worker gets there.")
    machine = serializers.CharField()
    architecture = serializers.CharField()
    vcpu = serializers.IntegerField()
    memory_mib = serializers.IntegerField()
    disk_gib = serializers.IntegerField()
    confidential = serializers.CharField()
    availability_zone_id = serializers.CharField()
    image_id = serializers.CharField()
    instance_id = TextOrNull(help_text="The cloud's id of the machine.")
    private_ipv4 = TextOrNull()
    ipv6 = TextOrNull()
    problem = serializers.CharField()
    created_at = serializers.DateTimeField()
    moved_at = serializers.DateTimeField(help_text="When it came into its state.")


class HostMoveSerializer(serializers.Serializer[Any]):
    origin = TextOrNull(help_text="Null for the first.")
    target = serializers.ChoiceField(HostState.choices)
    by = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class AgentSerializer(serializers.Serializer[Any]):
    """What runs on a host for the portal, and when it was last heard of."""

    version = TextOrNull()
    enrolled_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)


class HealthSerializer(serializers.Serializer[Any]):
    """What a host last told of itself; null where it did not."""

    state = serializers.ChoiceField(STATES)
    agent = AgentSerializer(allow_null=True)
    load = serializers.ListField(child=serializers.FloatField(), help_text="Over 1, 5 and 15 minutes.")
    disk_used = serializers.IntegerField(allow_null=True, help_text="Per cent of the root disk.")
    disk_total = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    up = serializers.SerializerMethodField(help_text="Seconds.")

    def get_up(self, health: Health) -> int | None:
        return int(health.up.total_seconds()) if health.up is not None else None


class HostDetailSerializer(HostSerializer):
    """A host with its health and its time line."""

    health = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField(help_text="Its moves, newest first; 200 at most.")

    @extend_schema_field(HealthSerializer)
    def get_health(self, host: Host) -> Any:
        return HealthSerializer(health_of(host)).data

    @extend_schema_field(HostMoveSerializer(many=True))
    def get_timeline(self, host: Host) -> Any:
        return HostMoveSerializer(self.context["timeline"], many=True).data
