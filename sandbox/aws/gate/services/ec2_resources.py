"""EC2's resources as policies see them: their ARNs, and the context keys that each of them brings."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.aws import engine
from sandbox.aws.gate.call import Call, Plan, requested_tags, resource_tags
from sandbox.aws.gate.conditions import Context, ContextValue

type Tags = dict[str, str]
type Keys = dict[str, ContextValue]

# The type of a resource is told by its id, whatever the parameter is called.
KINDS = {
    "acl": "network-acl",
    "ami": "image",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
IDENTIFIER = re.compile(rf"({'|'.join(KINDS)})-[0-9a-f]{{8,17}}")
CREATED = {
    "AllocateAddress": ("elastic-ip",),
    "CreateEgressOnlyInternetGateway": ("egress-only-internet-gateway",),
    "CreateFlowLogs": ("vpc-flow-log",),
    "CreateInternetGateway": ("internet-gateway",),
    "CreateKeyPair": ("key-pair",),
    "CreateLaunchTemplate": ("launch-template",),
    "CreateNatGateway": ("natgateway",),
    "CreateNetworkAcl": ("network-acl",),
    "CreateNetworkInterface": ("network-interface",),
    "CreateRouteTable": ("route-table",),
    "CreateSecurityGroup": ("security-group",),
    "CreateSnapshot": ("snapshot",),
    "CreateSubnet": ("subnet",),
    "CreateVolume": ("volume",),
    "CreateVpc": ("vpc",),
    "CreateVpcEndpoint": ("vpc-endpoint",),
}
OWNERLESS = ("image", "snapshot")


def identifiers(call: Call) -> Iterator[tuple[str, str]]:
    """The resources that a call names, each once, as type and id."""
    seen = {}
    for path, value in call.request.parameters.items():
        found = IDENTIFIER.fullmatch(value)
        if found and not re.search(r"(^|\.)Tag\.\d+\.", path):
            seen[value] = KINDS[found[1]]
    return ((kind, identifier) for identifier, kind in seen.items())


def resource_arn(call: Call, kind: str, identifier: str) -> str:
    return call.arn("ec2", f"{kind}/{identifier}", account="" if kind in OWNERLESS else None)


def resource_context(call: Call, kind: str, identifier: str) -> Keys:
    """The keys of a resource that exists; none for one that does not."""
    backend = engine.ec2(call.account, call.region)
    tags: Tags = dict(backend.tags.get(identifier, {}))
    found = _find(backend, kind, identifier)
    own = KEYS[kind](call, found) if found is not None and kind in KEYS else {}
    return {**resource_tags(tags, "ec2:ResourceTag/"), **own}


def _find(backend: Any, kind: str, identifier: str) -> Any | None:
    if kind == "instance":
        return backend.get_instance_by_id(identifier)
    if kind == "security-group":
        return backend.get_security_group_from_id(identifier)
    if kind == "subnet":
        zones = backend.subnets.values()
        return next((zone[identifier] for zone in zones if identifier in zone), None)
    collections = {"network-interface": backend.enis, "volume": backend.volumes, "image": backend.amis}
    return collections.get(kind, {}).get(identifier)


def vpc_arn(call: Call, vpc_id: str | None) -> str | None:
    return call.arn("ec2", f"vpc/{vpc_id}") if vpc_id else None


def _instance_keys(call: Call, instance: Any) -> Keys:
    return {
        "ec2:InstanceID": instance.id,
        "ec2:InstanceType": instance.instance_type,
        "ec2:AvailabilityZone": instance.availability_zone,
        "ec2:MetadataHttpTokens": instance.metadata_options.http_tokens,
        "ec2:Tenancy": "default",
    }


def _subnet_keys(call: Call, subnet: Any) -> Keys:
    return {
        "ec2:SubnetID": subnet.id,
        "ec2:Vpc": vpc_arn(call, subnet.vpc_id),
        "ec2:AvailabilityZone": subnet.availability_zone,
    }


def _group_keys(call: Call, group: Any) -> Keys:
    return {"ec2:SecurityGroupID": group.id, "ec2:Vpc": vpc_arn(call, group.vpc_id)}


def _interface_keys(call: Call, interface: Any) -> Keys:
    subnet = interface.subnet
    return {
        "ec2:NetworkInterfaceID": interface.id,
        "ec2:Subnet": resource_arn(call, "subnet", subnet.id),
        "ec2:Vpc": vpc_arn(call, subnet.vpc_id),
        "ec2:AvailabilityZone": subnet.availability_zone,
    }


def _volume_keys(call: Call, volume: Any) -> Keys:
    return {
        "ec2:VolumeID": volume.id,
        "ec2:Encrypted": bool(volume.encrypted),
        "ec2:VolumeSize": volume.size,
        "ec2:VolumeType": volume.volume_type,
        "ec2:AvailabilityZone": volume.availability_zone,
    }


def _image_keys(call: Call, image: Any) -> Keys:
    return {
        "aws:ResourceAccount": image.owner_id,
        "ec2:ImageID": image.id,
        "ec2:Owner": image.owner_alias or image.owner_id,
        "ec2:Public": image.is_public,
    }


KEYS: dict[str, Callable[[Call, Any], Keys]] = {
    "instance": _instance_keys,
    "subnet": _subnet_keys,
    "security-group": _group_keys,
    "network-interface": _interface_keys,
    "volume": _volume_keys,
    "image": _image_keys,
}


def tag_specifications(call: Call) -> dict[str, Tags]:
    """The tags that a call gives to what it creates, by type of resource."""
    found: dict[str, Tags] = {}
    for path, kind in call.request.parameters.items():
        if re.fullmatch(r"TagSpecification\.\d+\.ResourceType", path):
            found[kind] = call.request.pairs(path.removesuffix("ResourceType") + "Tag")
    return found


def check_tagging(plan: Plan, call: Call, wanted: dict[str, Tags], context: Context) -> None:
    """Tags given at creation need `ec2:CreateTags` as well, with the action that creates."""
    for kind, tags in wanted.items():
        if tags:
            keys = {**requested_tags(tags), "ec2:CreateAction": call.request.operation}
            plan.check(resource_arn(call, kind, "*"), context.plus(keys), "ec2:CreateTags")
