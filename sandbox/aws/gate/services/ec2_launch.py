"""RunInstances: one call, many resources, each with its own context, as AWS checks it."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.aws import engine
from sandbox.aws.gate.authorization import Check
from sandbox.aws.gate.call import Call, Plan, requested_tags
from sandbox.aws.gate.conditions import Context, ContextValue
from sandbox.aws.gate.services import kms
from sandbox.aws.gate.services.ec2_resources import (
    check_tagging,
    identifiers,
    resource_arn,
    resource_context,
    tag_specifications,
    vpc_arn,
)
from sandbox.aws.wire import AwsError

type Keys = dict[str, ContextValue]

EXISTING = (
    "image",
    "key-pair",
    "launch-template",
    "network-interface",
    "security-group",
    "snapshot",
    "subnet",
)
CREATED = ("instance", "network-interface", "volume")
VIA_EC2 = ("kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant")


def plan_launch(call: Call) -> Plan:
    plan = Plan("ec2:RunInstances")
    context = call.context.plus({"ec2:Region": call.region, "ec2:IsLaunchTemplateResource": False})
    tags = tag_specifications(call)
    subnet = _subnet(call)
    wanted = {kind: requested_tags(tags.get(kind, {})) for kind in CREATED}
    plan.check(
        resource_arn(call, "instance", "*"),
        context.plus({**wanted["instance"], **_instance_keys(call, subnet)}),
    )
    plan.check(
        resource_arn(call, "network-interface", "*"),
        context.plus({**wanted["network-interface"], **_interface_keys(call, subnet)}),
    )
    for volume in _volumes(call):
        plan.check(resource_arn(call, "volume", "*"), context.plus({**wanted["volume"], **volume}))
    for kind, identifier in _existing(call, subnet):
        keys = resource_context(call, kind, identifier)
        plan.check(resource_arn(call, kind, identifier), context.plus(keys))
    check_tagging(plan, call, tags, context)
    plan.checks += _pass_role(call)
    plan.launch_checks = list(_key_checks(call))
    return plan


def _subnet(call: Call) -> Any | None:
    wanted = next((value for kind, value in identifiers(call) if kind == "subnet"), None)
    zones = engine.ec2(call.account, call.region).subnets.values()
    found = next((zone[wanted] for zone in zones if wanted in zone), None)
    if wanted and found is None:
        raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{wanted}' does not exist")
    return found


def _existing(call: Call, subnet: Any | None) -> Iterator[tuple[str, str]]:
    named = [(kind, value) for kind, value in identifiers(call) if kind in EXISTING]
    yield from named
    if subnet is not None and not any(kind == "security-group" for kind, _ in named):
        backend = engine.ec2(call.account, call.region)
        yield "security-group", backend.get_default_security_group(subnet.vpc_id).id


def _instance_keys(call: Call, subnet: Any | None) -> Keys:
    parameters = call.request.parameters
    profile = _profile(call)
    return {
        "ec2:InstanceType": parameters.get("InstanceType", "m1.small"),
        "ec2:AvailabilityZone": subnet.availability_zone if subnet else None,
        "ec2:InstanceProfile": profile.arn if profile else None,
        "ec2:MetadataHttpEndpoint": parameters.get("MetadataOptions.HttpEndpoint", "enabled"),
        "ec2:MetadataHttpTokens": parameters.get("MetadataOptions.HttpTokens", "optional"),
        "ec2:MetadataHttpPutResponseHopLimit": parameters.get("MetadataOptions.HttpPutResponseHopLimit"),
        "ec2:CpuOptionsAmdSevSnp": parameters.get("CpuOptions.AmdSevSnp"),
        "ec2:RootDeviceType": "ebs",
        "ec2:Tenancy": parameters.get("Placement.Tenancy", "default"),
    }


def _interface_keys(call: Call, subnet: Any | None) -> Keys:
    public = call.request.parameters.get("NetworkInterface.1.AssociatePublicIpAddress")
    return {
        "ec2:AssociatePublicIpAddress": public,
        "ec2:AvailabilityZone": subnet.availability_zone if subnet else None,
        "ec2:Subnet": resource_arn(call, "subnet", subnet.id) if subnet else None,
        "ec2:Vpc": vpc_arn(call, subnet.vpc_id) if subnet else None,
    }


def _mappings(call: Call) -> list[dict[str, str]]:
    """The block devices that a launch maps, each as its flat parameters."""
    found: dict[str, dict[str, str]] = {}
    for path, value in call.request.parameters.items():
        parts = re.fullmatch(r"BlockDeviceMapping\.(\d+)\.(.+)", path)
        if parts:
            found.setdefault(parts[1], {})[parts[2]] = value
    return list(found.values())


def _volumes(call: Call) -> Iterator[Keys]:
    mappings = _mappings(call)
    for mapping in mappings:
        yield {
            "ec2:Encrypted": mapping.get("Ebs.Encrypted", "false"),
            "ec2:KmsKeyId": mapping.get("Ebs.KmsKeyId"),
            "ec2:VolumeSize": mapping.get("Ebs.VolumeSize"),
            "ec2:VolumeType": mapping.get("Ebs.VolumeType"),
            "ec2:VolumeIops": mapping.get("Ebs.Iops"),
            "ec2:VolumeThroughput": mapping.get("Ebs.Throughput"),
        }
    image = engine.ec2(call.account, call.region).amis.get(call.request.parameters.get("ImageId"))
    root = image.root_device_name if image else None
    if not any(mapping.get("DeviceName") == root for mapping in mappings):
        # The image's own root volume comes unencrypted, and a policy that forbids that refuses the launch.
        yield {"ec2:Encrypted": False}


def _profile(call: Call) -> Any | None:
    parameters = call.request.parameters
    name, arn = parameters.get("IamInstanceProfile.Name"), parameters.get("IamInstanceProfile.Arn")
    profiles = list(engine.iam(call.account).instance_profiles.values())
    return next((p for p in profiles if p.name == name or p.arn == arn), None)


def _pass_role(call: Call) -> Iterator[Check]:
    profile = _profile(call)
    context = call.context.plus({"iam:PassedToService": "ec2.amazonaws.com"})
    for role in profile.roles if profile else ():
        yield Check("iam:PassRole", role.arn, context)


def _key_checks(call: Call) -> Iterator[Check]:
    """EBS uses the volume's key in the caller's name."""
    keys = {m["Ebs.KmsKeyId"] for m in _mappings(call) if m.get("Ebs.KmsKeyId")}
    via: Context = call.context.plus(
        {"kms:ViaService": f"ec2.{call.region}.amazonaws.com", "kms:GrantIsForAWSResource": True}
    )
    for key in sorted(keys):
        for action in VIA_EC2:
            yield kms.key_check(call, action, key, via)
