"""What is in use cannot be deleted."""

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend

from sandbox.aws.patches.lookups import instances_of

delete_subnet = SubnetBackend.delete_subnet
delete_group = SecurityGroupBackend.delete_security_group
delete_vpc = VPCBackend.delete_vpc
delete_nat = NatGatewayBackend.delete_nat_gateway


def apply() -> None:
    SubnetBackend.delete_subnet = _delete_subnet  # type: ignore[method-assign]
    SecurityGroupBackend.delete_security_group = _delete_group  # type: ignore[method-assign]
    VPCBackend.delete_vpc = _delete_vpc  # type: ignore[method-assign]
    NatGatewayBackend.delete_nat_gateway = _delete_nat  # type: ignore[method-assign]


def _delete_subnet(self: Any, subnet_id: str) -> Any:
    used = any(nic.subnet.id == subnet_id for nic in self.enis.values())
    if used or any(one.subnet_id == subnet_id for one in _living(self)):
        message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
        raise DependencyViolationError(message)
    return delete_subnet(self, subnet_id)


def _living(backend: Any) -> Iterator[Any]:
    return (one for one in instances_of(backend) if one._state.name != "terminated")


def _delete_group(self: Any, name: str | None = None, group_id: str | None = None) -> None:
    if group_id and (_is_worn(self, group_id) or _is_named(self, group_id)):
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    delete_group(self, name, group_id)


def _is_worn(backend: Any, group_id: str) -> bool:
    """By an instance, an interface or an endpoint."""
    interfaces = (group.id for nic in backend.enis.values() for group in nic._group_set)
    instances = (group.id for one in _living(backend) for group in one.security_groups)
    endpoints = (
        group
        for endpoint in backend.vpc_end_points.values()
        if endpoint.state != "deleted"
        for group in endpoint.security_group_ids or ()
    )
    return any(group_id in groups for groups in (interfaces, instances, endpoints))


def _is_named(backend: Any, group_id: str) -> bool:
    """By a rule of another group."""
    others = (g for groups in backend.groups.values() for g in groups.values() if g.id != group_id)
    rules = (rule for group in others for rule in (*group.ingress_rules, *group.egress_rules))
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


def _delete_vpc(self: Any, vpc_id: str) -> Any:
    """The engine minds subnets and route tables only."""
    if any(_inhabitants(self, vpc_id)):
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return delete_vpc(self, vpc_id)


def _inhabitants(backend: Any, vpc_id: str) -> Iterator[Any]:
    gateways = [*backend.internet_gateways.values(), *backend.egress_only_internet_gateways.values()]
    yield from (one for one in gateways if _vpc_of(one) == vpc_id)
    yield from (one for one in backend.groups.get(vpc_id, {}).values() if one.name != "default")
    yield from (one for one in backend.network_acls.values() if one.vpc_id == vpc_id and not _is_default(one))
    endpoints = backend.vpc_end_points.values()
    yield from (one for one in endpoints if one.vpc_id == vpc_id and one.state != "deleted")


def _vpc_of(gateway: Any) -> str | None:
    vpc = getattr(gateway, "vpc", None)
    return vpc.id if vpc else getattr(gateway, "vpc_id", None)


def _is_default(acl: Any) -> bool:
    return str(acl.default).lower() == "true"


def _delete_nat(self: Any, nat_gateway_id: str) -> Any:
    """Its network interface goes with it, else its subnet could never be deleted."""
    gateway = delete_nat(self, nat_gateway_id)
    self.enis.pop(gateway._eni.id, None)
    return gateway
