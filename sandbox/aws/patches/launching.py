"""RunInstances as AWS does it: counts, tokens, capacity, keys, and every wish on every instance."""

import base64
import binascii
import ipaddress
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from moto.core.responses import ActionResult
from moto.core.serialize import return_if_not_empty
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import StateReason
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.instances import InstanceResponse

from sandbox.aws.behaviour import BEHAVIOUR
from sandbox.aws.patches.instance_types import cores_of, offered, processor_of, supports_enclaves

KEY_NOT_USABLE = "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
VERDICT: ContextVar[str | None] = ContextVar("launch_verdict", default=None)
MOST_USER_DATA = 16 * 1024  # bytes, before base64
# What makes two launches with one token the same launch.
NOT_COMPARED = ("ClientToken", "DryRun")

launch_one = InstanceResponse.run_instances


def apply() -> None:
    InstanceResponse.run_instances = _run_instances  # type: ignore[method-assign]
    # An interface without a public address has no association, not an empty one.
    EC2BaseResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER["InstanceNetworkInterface.Association"] = (
        return_if_not_empty
    )


@contextmanager
def launch_verdict(problem: str | None) -> Iterator[None]:
    """What is going to end the instances that are launched meanwhile, if anything is."""
    token = VERDICT.set(problem)
    try:
        yield
    finally:
        VERDICT.reset(token)


def _run_instances(self: Any) -> ActionResult:
    launches = self.ec2_backend.__dict__.setdefault("launches", {})
    token, wish = self._get_param("ClientToken"), _fingerprint(self.params)
    if token in launches:
        reservation, earlier = launches[token]
        if earlier != wish:
            raise EC2ClientError(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous "
                "request(s).",
            )
        return ActionResult(reservation)
    result = _launch(self)
    if token:
        launches[token] = (result.result, wish)
    return result


def _fingerprint(params: Any) -> str:
    compared = {name: value for name, value in params.items() if name not in NOT_COMPARED}
    return json.dumps(compared, sort_keys=True, default=str)


def _launch(response: Any) -> ActionResult:
    backend, params = response.ec2_backend, response.params
    subnet = backend.get_subnet(_subnet_id(response)) if _subnet_id(response) else None
    kind = response._get_param("InstanceType", "m1.small")
    image = backend.amis.get(response._get_param("ImageId"))
    _check_type(response, kind, image, subnet)
    _check_user_data(response._get_param("UserData") or "")
    count = _fitting_count(response, kind, subnet)
    _check_addresses(response, subnet)
    problem = VERDICT.get() or _key_problem(response)
    params["MinCount"] = count
    for interface in params.get("NetworkInterfaces", []):
        interface.setdefault("DeleteOnTermination", True)
    _complete_mappings(response, image)
    result = launch_one(response)
    for instance in result.result.instances:  # type: ignore[attr-defined]
        _complete(response, result.result, instance, subnet)
        if problem:
            instance.terminate()
            instance.state_reason = StateReason(problem, problem.split(":")[0])
    if subnet is not None:
        BEHAVIOUR.use_capacity(count, backend.account_id, kind, subnet.availability_zone_id)
    return result


def _subnet_id(response: Any) -> str | None:
    interfaces = response._get_param("NetworkInterfaces", [])
    named = (item["SubnetId"] for item in interfaces if "SubnetId" in item)
    return response._get_param("SubnetId") or next(named, None)


def _check_type(response: Any, kind: str, image: Any | None, subnet: Any | None) -> None:
    processor, zone = processor_of(kind), subnet.availability_zone_id if subnet is not None else None
    if not processor:
        raise EC2ClientError("InvalidInstanceType", f"Invalid value '{kind}' for InstanceType.")
    architectures = processor["SupportedArchitectures"]
    if image is not None and image.architecture not in architectures:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The architecture '{','.join(architectures)}' of the specified instance type does not match "
            f"the architecture '{image.architecture}' of the specified AMI.",
        )
    if zone and (kind, zone) not in offered(response.region):
        message = (
            f"Your requested instance type ({kind}) is not supported in your requested Availability Zone"
        )
        raise EC2ClientError("Unsupported", f"{message} ({zone}).")
    if response._get_param("CpuOptions.AmdSevSnp") == "enabled":
        _need(kind, "AMD SEV-SNP", "amd-sev-snp" in processor.get("SupportedFeatures", []))
    if response._get_param("EnclaveOptions.Enabled"):
        _need(kind, "Nitro Enclaves", supports_enclaves(kind))


def _check_user_data(encoded: str) -> None:
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        raise EC2ClientError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None
    if size > MOST_USER_DATA:
        message = f"User data is limited to {MOST_USER_DATA} bytes"
        raise EC2ClientError("InvalidParameterValue", message)


def _need(kind: str, feature: str, is_there: bool) -> None:
    if not is_there:
        message = f"The instance type '{kind}' does not support {feature}."
        raise EC2ClientError("InvalidParameterCombination", message)


def _fitting_count(response: Any, kind: str, subnet: Any | None) -> int:
    """As many as wanted and possible, at least the minimum, or the error of what is short."""
    least, most = int(response._get_param("MinCount", 1)), int(response._get_param("MaxCount", 1))
    if not 1 <= least <= most:
        message = f"Value ({least}) for parameter minCount is invalid: it exceeds maxCount ({most})."
        raise EC2ClientError("InvalidParameterValue", message)
    if subnet is None:
        return most
    addresses = int(subnet.available_ip_address_count)
    if addresses < least:
        raise EC2ClientError(
            "InsufficientFreeAddressesInSubnet",
            f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of "
            "instances.",
        )
    zone = subnet.availability_zone_id
    free = BEHAVIOUR.free_capacity(response.ec2_backend.account_id, kind, zone)
    if free is not None and free < least:
        raise EC2ClientError(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested "
            f"({subnet.availability_zone}).",
        )
    return min(most, addresses, most if free is None else free)


def _check_addresses(response: Any, subnet: Any | None) -> None:
    if subnet is None or _ipv6_network(subnet) is not None:
        return
    interfaces = response._get_param("NetworkInterfaces", [])
    if response._get_param("Ipv6AddressCount") or any(i.get("Ipv6AddressCount") for i in interfaces):
        message = f"Subnet {subnet.id} has no IPv6 CIDR block."
        raise EC2ClientError("InvalidParameterValue", message)


def _key_problem(response: Any) -> str | None:
    """A launch with a key that is off is accepted, and ends by itself."""
    for mapping in response._get_param("BlockDeviceMappings", []):
        key = _find_key(response, mapping.get("Ebs", {}).get("KmsKeyId"))
        if key is not None and key.key_state != "Enabled":
            return KEY_NOT_USABLE
    return None


def _find_key(response: Any, named: str | None) -> Any | None:
    # The gate depends on the patches' verdict, so this import has to wait.
    from sandbox.aws.gate.services.kms import find_key

    if not named:
        return None
    parts = named.split(":") if named.startswith("arn:") else ()
    account, region = (parts[4], parts[3]) if parts else (response.current_account, response.region)
    return find_key(account, region, named)


def _complete_mappings(response: Any, image: Any | None) -> None:
    """Volumes carry their key's ARN, and the root volume ends with its instance unless told otherwise."""
    for mapping in response.params.get("BlockDeviceMappings", []):
        disk = mapping.get("Ebs", {})
        key = _find_key(response, disk.get("KmsKeyId"))
        if key is not None:
            disk["KmsKeyId"] = key.arn
        if image is not None and mapping.get("DeviceName") == image.root_device_name:
            disk.setdefault("DeleteOnTermination", True)


def _complete(response: Any, reservation: Any, instance: Any, subnet: Any | None) -> None:
    """What the engine leaves out, or gives to the first instance only."""
    instance.reservation = reservation
    instance.client_token = response._get_param("ClientToken", "")
    _give_profile(response, instance)
    _give_volumes_their_speed(response, instance)
    _give_options(response, instance)
    if subnet is not None:
        instance.placement.availability_zone_id = subnet.availability_zone_id
        _give_ipv6(response, instance, subnet)
    else:
        instance.placement.availability_zone_id = None
    if not instance.security_groups:
        instance.security_groups = list(instance.nics[0]._group_set)
    for interface in instance.nics.values():
        interface.add_tags(response._parse_tag_specification().get("network-interface", {}))


def _give_profile(response: Any, instance: Any) -> None:
    backend = response.ec2_backend
    name, arn = response._get_param("IamInstanceProfile.Name"), response._get_param("IamInstanceProfile.Arn")
    if not (name or arn):
        return
    if instance.id not in backend.iam_instance_profile_associations:
        backend.associate_iam_instance_profile(instance.id, name, arn)
    profile = backend.iam_instance_profile_associations[instance.id].iam_instance_profile
    instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}


def _give_volumes_their_speed(response: Any, instance: Any) -> None:
    for mapping in response._get_param("BlockDeviceMappings", []):
        device = instance.block_device_mapping.get(mapping.get("DeviceName"))
        if device is None:
            continue
        volume, disk = response.ec2_backend.volumes[device.volume_id], mapping.get("Ebs", {})
        volume.iops = int(disk["Iops"]) if "Iops" in disk else volume.iops
        volume.throughput = int(disk["Throughput"]) if "Throughput" in disk else volume.throughput


def _give_options(response: Any, instance: Any) -> None:
    wanted = response._get_param("CpuOptions", {})
    cores, threads = cores_of(instance.instance_type)
    instance.cpu_options = {"CoreCount": cores, "ThreadsPerCore": threads, **wanted}
    enabled = bool(response._get_param("EnclaveOptions.Enabled", False))
    instance.enclave_options = {"Enabled": enabled}


def _give_ipv6(response: Any, instance: Any, subnet: Any) -> None:
    wishes = {int(w["DeviceIndex"]): w for w in response._get_param("NetworkInterfaces", [])}
    for index, interface in instance.nics.items():
        wish = wishes.get(index, {})
        automatic = 1 if subnet.assign_ipv6_address_on_creation else 0
        count = wish.get("Ipv6AddressCount", response._get_param("Ipv6AddressCount", automatic))
        network = _ipv6_network(subnet)
        while network is not None and len(interface.ipv6_addresses) < int(count):
            interface.ipv6_addresses.append(_free_address(subnet, network))
    first = instance.nics[0].ipv6_addresses
    instance.ipv6_address = first[0] if first else None


def _ipv6_network(subnet: Any) -> ipaddress.IPv6Network | None:
    blocks = (item["ipv6CidrBlock"] for item in subnet.ipv6_cidr_block_associations.values())
    return next((ipaddress.IPv6Network(block) for block in blocks), None)


def _free_address(subnet: Any, network: ipaddress.IPv6Network) -> str:
    taken = subnet.__dict__.setdefault("taken_ipv6", set())
    while True:
        # The first four addresses and the last are AWS's own.
        address = str(network[random.randrange(4, network.num_addresses - 1)])  # noqa: S311 -- no secret
        if address not in taken:
            taken.add(address)
            return address
