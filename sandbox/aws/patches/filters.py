"""The filters of instance listings; one that we do not know is refused, as AWS does."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from sandbox.aws.gate.conditions import matches_glob

type Read = Callable[[Any], Any]


def _lives(instance: Any) -> bool:
    return bool(instance._state.name != "terminated")


def _profile_arn(instance: Any) -> str | None:
    return (instance.iam_instance_profile or {}).get("Arn")


def _interfaces(instance: Any, read: Read) -> list[Any]:
    return [read(nic) for nic in instance.nics.values()] if _lives(instance) else []


def _ipv6_addresses(instance: Any) -> list[str]:
    return [address for found in _interfaces(instance, lambda nic: nic.ipv6_addresses) for address in found]


INSTANCE_FILTERS: dict[str, Read] = {
    "architecture": lambda i: i.architecture,
    "availability-zone": lambda i: i.availability_zone,
    "availability-zone-id": lambda i: i.placement.availability_zone_id,
    "client-token": lambda i: i.client_token,
    "iam-instance-profile.arn": _profile_arn,
    "image-id": lambda i: i.image_id,
    "instance-id": lambda i: i.id,
    "instance-state-code": lambda i: i._state.code,
    "instance-state-name": lambda i: i._state.name,
    "instance-type": lambda i: i.instance_type,
    "instance.group-id": lambda i: [group.id for group in i.security_groups],
    "ip-address": lambda i: i.public_ip,
    "key-name": lambda i: i.key_name,
    "network-interface.network-interface-id": lambda i: _interfaces(i, lambda nic: nic.id),
    "network-interface.ipv6-addresses.ipv6-address": _ipv6_addresses,
    "owner-id": lambda i: i.owner_id,
    "private-ip-address": lambda i: _interfaces(i, lambda nic: nic.private_ip_address),
    "reservation-id": lambda i: i.reservation.id,
    "subnet-id": lambda i: i.subnet_id if _lives(i) else None,
    "tag-key": lambda i: list(i.ec2_backend.tags.get(i.id, {})),
    "vpc-id": lambda i: i.vpc_id if _lives(i) else None,
}
STATUS_FILTERS: dict[str, Read] = {
    "availability-zone": INSTANCE_FILTERS["availability-zone"],
    "availability-zone-id": INSTANCE_FILTERS["availability-zone-id"],
    "instance-state-code": INSTANCE_FILTERS["instance-state-code"],
    "instance-state-name": INSTANCE_FILTERS["instance-state-name"],
    "instance-status.status": lambda i: i.instance_status["Status"],
    "system-status.status": lambda i: i.system_status["Status"],
}


def matching(instances: Iterable[Any], filters: list[dict[str, Any]], known: Mapping[str, Read]) -> list[Any]:
    """Those that satisfy every filter. Raises the AWS error for a filter that is not known."""
    tests = [(_reader(item.get("Name", "null"), known), item.get("Values", [])) for item in filters]
    return [one for one in instances if all(_matches(read(one), values) for read, values in tests)]


def _reader(name: str, known: Mapping[str, Read]) -> Read:
    if name.startswith("tag:") and "tag-key" in known:
        key = name.removeprefix("tag:")
        return lambda instance: instance.ec2_backend.tags.get(instance.id, {}).get(key)
    if name not in known:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return known[name]


def _matches(value: Any, patterns: list[str]) -> bool:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return any(matches_glob(str(one), pattern) for one in values for pattern in patterns)
