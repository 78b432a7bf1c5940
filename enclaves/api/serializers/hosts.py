from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from enclaves.api.serializers.base import TextOrNull
from enclaves.lifecycle import HostState
from enclaves.models import Host


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


class HostDetailSerializer(HostSerializer):
    """A host with its time line."""

    timeline = serializers.SerializerMethodField(help_text="Its moves, newest first; 200 at most.")

    @extend_schema_field(HostMoveSerializer(many=True))
    def get_timeline(self, host: Host) -> Any:
        return HostMoveSerializer(self.context["timeline"], many=True).data
