"""DescribeInstances and DescribeInstanceStatus: paged by instance, with filters that are known or refused."""

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidInstanceIdError, InvalidParameterCombination
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from sandbox.aws.patches.filters import INSTANCE_FILTERS, STATUS_FILTERS, matching
from sandbox.aws.patches.lookups import find_instance, instances_of
from sandbox.aws.patches.paging import page_of
from sandbox.aws.patches.states import forget_ended

PAGE_SIZES = range(5, 1001)


class EndedInstance(Instance):
    """A view of an instance after its end."""

    vpc_id = None
    subnet_id = None
    private_ip_address = None
    private_dns_name = ""
    public_ip_address = None
    public_dns_name = ""
    network_interfaces: list[Any] = []

    def __del__(self) -> None:
        """The original gives addresses back here; a view has none."""


def apply() -> None:
    InstanceResponse.describe_instances = _describe_instances  # type: ignore[method-assign]
    InstanceResponse.describe_instance_status = _describe_status  # type: ignore[method-assign]


def _describe_instances(self: Any) -> ActionResult:
    instances = matching(_selected(self), self._get_param("Filters", []), INSTANCE_FILTERS)
    page, token = page_of(self, instances, PAGE_SIZES, position=_sequence)
    return ActionResult({"Reservations": _reservations(self.ec2_backend, page), "NextToken": token})


def _describe_status(self: Any) -> ActionResult:
    instances = _selected(self)
    if not self._get_bool_param("IncludeAllInstances", False):
        instances = [one for one in instances if one._state.name == "running"]
    instances = matching(instances, self._get_param("Filters", []), STATUS_FILTERS)
    page, token = page_of(self, instances, PAGE_SIZES, position=_sequence)
    return ActionResult({"InstanceStatuses": page, "NextToken": token})


def _selected(response: Any) -> list[Any]:
    """The instances that the request names, or all of them."""
    backend = response.ec2_backend
    forget_ended(backend)
    wanted = response._get_param("InstanceIds", [])
    if not wanted:
        return list(instances_of(backend))
    if "MaxResults" in response.params:
        raise InvalidParameterCombination(
            "The parameter instancesSet cannot be used with the parameter maxResults"
        )
    found = {identifier: find_instance(backend, identifier) for identifier in wanted}
    if missing := [identifier for identifier, one in found.items() if one is None]:
        raise InvalidInstanceIdError(missing)
    return sorted(found.values(), key=_sequence)


def _sequence(instance: Any) -> int:
    return int(instance.sequence)


def _reservations(backend: Any, page: list[Any]) -> list[Any]:
    """The page's instances under copies of their reservations, which hold no others."""
    copies: dict[str, Any] = {}
    for instance in page:
        reservation = instance.reservation
        if reservation.id not in copies:
            copies[reservation.id] = copy.copy(reservation)
            copies[reservation.id].instances = []
        copies[reservation.id].instances.append(_as_shown(instance))
    return list(copies.values())


def _as_shown(instance: Any) -> Any:
    """What is terminated has no network any more."""
    if instance._state.name != "terminated":
        return instance
    shown = copy.copy(instance)
    shown.__class__ = EndedInstance
    shown.security_groups = []
    shown.ipv6_address = None
    return shown
