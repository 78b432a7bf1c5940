"""Things of tenants as staff see them: as the tenant does, with the tenant's name and an id to ask by."""

from typing import Any

from rest_framework import serializers

from enclaves.api.filters import Filters
from enclaves.api.serializers.accounts import CheckSerializer, CloudAccountSerializer
from enclaves.api.serializers.base import StrictSerializer
from enclaves.api.serializers.enclaves import EnclaveSerializer
from enclaves.api.serializers.hosts import HostDetailSerializer, HostSerializer
from enclaves.api.serializers.operations import OperationSerializer
from enclaves.lifecycle import AccountState, EnclaveState, HostState, OperationState
from enclaves.models import Cloud, Operation
from enclaves.services import seeing
from tenants.models import Tenant

ZONE_STATES = ("healthy", "troubled", "degraded")


class FleetTenantSerializer(serializers.ModelSerializer[Tenant]):
    """A tenant with what it has counted."""

    members = serializers.IntegerField(source="member_count")
    cloud_accounts = serializers.IntegerField(source="account_count")
    enclaves = serializers.IntegerField(source="enclave_count")
    hosts = serializers.IntegerField(source="host_count")

    class Meta:
        model = Tenant
        fields = (
            "name",
            "title",
            "created_at",
            "frozen_at",
            "members",
            "cloud_accounts",
            "enclaves",
            "hosts",
        )
        read_only_fields = fields


class FleetAccountSerializer(CloudAccountSerializer):
    """A cloud account, without what the portal must present to get in."""

    id = serializers.UUIDField()
    tenant = serializers.CharField()
    external_id = None  # type: ignore[assignment]  # how a field of the parent is left out


class FleetAccountDetailSerializer(FleetAccountSerializer):
    """A cloud account with its checks."""

    check_results = serializers.SerializerMethodField(help_text="Of the account, then of its enclaves.")

    def get_check_results(self, account: Any) -> list[Any]:
        return list(CheckSerializer(self.context["checks"], many=True).data)


class FleetEnclaveSerializer(EnclaveSerializer):
    """One cloud account in one zone."""

    id = serializers.UUIDField()
    tenant = serializers.CharField()


class FleetHostSerializer(HostSerializer):
    """One virtual machine that the portal made, or is about to make."""

    tenant = serializers.CharField()
    zone = serializers.CharField(source="enclave.zone_id")


class FleetHostDetailSerializer(HostDetailSerializer):
    """A host with its time line."""

    tenant = serializers.CharField()
    zone = serializers.CharField(source="enclave.zone_id")


class FleetOperationSerializer(OperationSerializer):
    """A piece of work that a worker does."""

    tenant = serializers.CharField()


class ZoneFiguresSerializer(serializers.Serializer[Any]):
    """A zone in figures, over all tenants."""

    name = serializers.CharField()
    state = serializers.ChoiceField(
        ZONE_STATES, help_text="`degraded`: changes are stopped somewhere. `troubled`: worth a look."
    )
    tenants = serializers.IntegerField()
    enclaves = serializers.IntegerField()
    degraded = serializers.IntegerField(help_text="Of the enclaves.")
    accounts = serializers.IntegerField()
    accounts_verified = serializers.IntegerField()
    unexplained = serializers.IntegerField(help_text="Machines that no row explains.")
    hosts = serializers.DictField(child=serializers.IntegerField(), help_text="By state.")
    failed_today = serializers.IntegerField(help_text="Hosts.")


class FiguresSerializer(serializers.Serializer[Any]):
    """The whole fleet in figures."""

    tenants = serializers.IntegerField()
    tenants_frozen = serializers.IntegerField()
    accounts = serializers.DictField(child=serializers.IntegerField(), help_text="By state.")
    accounts_frozen = serializers.IntegerField()
    hosts_total = serializers.IntegerField()
    hosts_active = serializers.IntegerField()
    operations_open = serializers.IntegerField()
    operations_failed = serializers.IntegerField(help_text="Within a day.")
    grants_open = serializers.IntegerField(help_text="Of access to hosts.")
    grants_not_gone = serializers.IntegerField(
        help_text="Over, and nobody has confirmed that nothing is left of them."
    )
    unexplained = serializers.IntegerField()
    zones = ZoneFiguresSerializer(many=True)


class NewZoneSerializer(StrictSerializer):
    name = serializers.CharField(max_length=60, help_text="Like `prod.aws-us-east-1c`; it never changes.")
    environment = serializers.CharField(max_length=20)
    cloud = serializers.ChoiceField(Cloud.choices)
    region = serializers.CharField(max_length=30)
    availability_zone_ids = serializers.ListField(
        child=serializers.CharField(max_length=30), allow_empty=False, max_length=10
    )


class ZoneChangeSerializer(StrictSerializer):
    is_open = serializers.BooleanField(help_text="A zone that is closed takes no new enclaves.")


class TenantFilters(Filters):
    q = serializers.CharField(required=False, max_length=100, help_text="A part of the name or title.")
    state = serializers.ChoiceField(["frozen"], required=False)


class _Common(Filters):
    q = serializers.CharField(required=False, max_length=100, help_text="What to search for.")
    tenant = serializers.CharField(required=False, max_length=31)


class AccountFilters(_Common):
    cloud = serializers.ChoiceField(Cloud.choices, required=False)
    state = serializers.ChoiceField(AccountState.choices, required=False)


class FleetEnclaveFilters(_Common):
    zone = serializers.CharField(required=False, max_length=60)
    state = serializers.ChoiceField(EnclaveState.choices, required=False)


class FleetHostFilters(_Common):
    zone = serializers.CharField(required=False, max_length=60)
    state = serializers.ChoiceField(HostState.choices, required=False)
    group = serializers.ChoiceField(
        [*seeing.HOST_GROUPS], required=False, help_text="Several states; without it all but `gone`."
    )


class FleetOperationFilters(_Common):
    zone = serializers.CharField(required=False, max_length=60)
    kind = serializers.ChoiceField(Operation.Kind.choices, required=False)
    state = serializers.ChoiceField(OperationState.choices, required=False)
