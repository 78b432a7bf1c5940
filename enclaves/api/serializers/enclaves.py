from rest_framework import serializers

from enclaves.api.serializers.base import (
    CheckCountsSerializer,
    HostCountsSerializer,
    StrictSerializer,
)
from enclaves.lifecycle import EnclaveState
from enclaves.models import Enclave


class NewEnclaveSerializer(StrictSerializer):
    account = serializers.CharField(max_length=60, help_text="A registered account, by its name.")
    zone = serializers.CharField(max_length=60, help_text="The name of an open zone of the same cloud.")


class EnclaveSerializer(serializers.Serializer[Enclave]):
    """One cloud account in one zone."""

    enclave = serializers.CharField(
        source="__str__", help_text="`<account>/<zone>`: its name in addresses and specs."
    )
    account = serializers.CharField()
    zone = serializers.CharField(source="zone_id")
    state = serializers.ChoiceField(
        EnclaveState.choices, help_text="Only `ready` takes deployments. `pending`: not proved yet."
    )
    problem = serializers.CharField()
    checks = CheckCountsSerializer(source="*")
    hosts = HostCountsSerializer(source="*")
    resources = serializers.JSONField(help_text="What the last good proof found, by the portal's names.")
    unexplained = serializers.ListField(
        child=serializers.JSONField(), help_text="Machines in its network that no row explains."
    )
    created_at = serializers.DateTimeField()
    proved_at = serializers.DateTimeField(allow_null=True)
    reconciled_at = serializers.DateTimeField(
        allow_null=True, help_text="When the hosts were last compared with what should be."
    )
