"""What a launch asks of EC2: a host as the architecture promises it."""

from typing import TYPE_CHECKING, Any

from enclaves.blueprints.aws.names import HOST, HOST_TAG, REGISTRATION_TAG, ZONE_TAG
from enclaves.providers.base import Claim, HostOrder, Place, ProviderError, Trouble, ZoneResources

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import TagTypeDef

TAGGED = ("instance", "volume", "network-interface")
CONFIDENTIAL: dict[str, dict[str, Any]] = {
    "none": {},
    "vm": {"CpuOptions": {"AmdSevSnp": "enabled"}},
    "enclave": {"EnclaveOptions": {"Enabled": True}},
}


def launch_request(
    claim: Claim, place: Place, resources: ZoneResources, order: HostOrder, root_device: str
) -> dict[str, Any]:
    """Write the request. Raises ProviderError for a zone in which the enclave has no subnet."""
    tags = _tags(claim, place, order)
    return {
        "ClientToken": order.token,
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": order.image_id,
        "InstanceType": order.machine,
        "IamInstanceProfile": {"Name": HOST},
        # One hop ends at the host: a container on it cannot take the host's credentials.
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
        },
        "NetworkInterfaces": [_interface(resources, order)],
        # A disk of any other name would come on top, and the image's own would stay unencrypted.
        "BlockDeviceMappings": [{"DeviceName": root_device, "Ebs": _disk(resources, order)}],
        # A host that switches itself off is over. Stopped, it would keep a disk that nobody looks at.
        "InstanceInitiatedShutdownBehavior": "terminate",
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in TAGGED],
        **({"UserData": order.user_data} if order.user_data else {}),
        **CONFIDENTIAL[order.confidential],
    }


def _tags(claim: Claim, place: Place, order: HostOrder) -> "list[TagTypeDef]":
    tags = {
        **order.tags,
        "Name": order.name,
        HOST_TAG: order.host_id,
        REGISTRATION_TAG: claim.registration,
        ZONE_TAG: place.zone,
    }
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _interface(resources: ZoneResources, order: HostOrder) -> dict[str, Any]:
    subnets: dict[str, str] = resources["subnets"]
    if order.availability_zone_id not in subnets:
        text = f"This enclave has no subnet in {order.availability_zone_id}."
        raise ProviderError(text, trouble=Trouble.INVALID, action="ec2:RunInstances")
    return {
        "DeviceIndex": 0,
        "SubnetId": subnets[order.availability_zone_id],
        "Groups": [resources["security_group_id"]],
        "AssociatePublicIpAddress": False,
        "Ipv6AddressCount": 1,
        "DeleteOnTermination": True,
    }


def _disk(resources: ZoneResources, order: HostOrder) -> dict[str, Any]:
    return {
        "Encrypted": True,
        "KmsKeyId": resources["disk_key_arn"],
        "VolumeType": "gp3",
        "VolumeSize": order.disk_gib,
        "DeleteOnTermination": True,
    }
