"""The filters of lists. A filter that does not exist is refused, so that none is silently left out."""

from typing import Any

from rest_framework import serializers

from enclaves.api.serializers.base import StrictSerializer
from enclaves.lifecycle import AccessState, DeploymentState, HostState, OperationState
from enclaves.models import AccessRequest, Operation
from tenants.api.pages import LONGEST_PAGE
from tenants.paging import PAGE_SIZE

PAGING = frozenset({"limit", "after", "before"})
ENCLAVE_NAME = r"^[a-z]+:[0-9a-z-]+/[a-z0-9.-]+$"


class Filters(StrictSerializer):
    """A list that takes nothing but the parameters of pages."""

    def to_internal_value(self, data: Any) -> Any:
        given = data.copy()
        for name in PAGING:
            given.pop(name, None)
        return super().to_internal_value(given)


class EnclaveFilter(serializers.RegexField):
    """An enclave by its name, turned into the conditions that find it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ENCLAVE_NAME, required=False, help_text="`<account>/<zone>`", **options)


class DeploymentFilters(Filters):
    application = serializers.CharField(required=False, max_length=40)
    enclave = EnclaveFilter()
    state = serializers.MultipleChoiceField(choices=DeploymentState.choices, required=False)


class HostFilters(Filters):
    enclave = EnclaveFilter()
    deployment = serializers.UUIDField(required=False)
    cluster = serializers.CharField(required=False, max_length=40)
    state = serializers.MultipleChoiceField(choices=HostState.choices, required=False)


class OperationFilters(Filters):
    deployment = serializers.UUIDField(required=False)
    kind = serializers.MultipleChoiceField(choices=Operation.Kind.choices, required=False)
    state = serializers.MultipleChoiceField(choices=OperationState.choices, required=False)


class AccessFilters(Filters):
    enclave = EnclaveFilter()
    deployment = serializers.UUIDField(required=False)
    host = serializers.UUIDField(required=False, help_text="The requests that name this host.")
    side = serializers.ChoiceField(AccessRequest.Side.choices, required=False)
    state = serializers.MultipleChoiceField(choices=AccessState.choices, required=False)


class FleetAccessFilters(Filters):
    tenant = serializers.CharField(required=False, max_length=31)
    side = serializers.ChoiceField(AccessRequest.Side.choices, required=False)
    state = serializers.MultipleChoiceField(choices=AccessState.choices, required=False)


class EventFilters(StrictSerializer):
    after = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=2**62, help_text="The id of the last line you have."
    )
    limit = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=LONGEST_PAGE)


def conditions(wanted: dict[str, Any], **renamed: str) -> dict[str, Any]:
    """Turn checked filters into the conditions of a query; what was not given sets none."""
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "enclave":
            found |= _of_enclave(value)
        elif isinstance(value, set | list):
            found |= {f"{name}__in": value} if value else {}
        else:
            found[renamed.get(name, name)] = value
    return found


def _of_enclave(name: str) -> dict[str, str]:
    account, _, zone = name.partition("/")
    cloud, _, number = account.partition(":")
    return {
        "enclave__account__cloud": cloud,
        "enclave__account__number": number,
        "enclave__zone": zone,
    }
