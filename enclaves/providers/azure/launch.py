"""What a launch asks of Azure: a host as the architecture promises it."""

import base64
import hashlib
from typing import Any

from enclaves.blueprints.azure.names import HOST_TAG, REGISTRATION_TAG, ZONE_TAG
from enclaves.providers.azure import images, versions
from enclaves.providers.base import Claim, HostOrder, Place, ProviderError, Trouble, ZoneResources

ADMIN = "enclave"


def machine_name(host_id: str) -> str:
    """Name the machine of a host: Azure makes no second one of a name, so the name is the token."""
    return f"host-{host_id}"


def machine_request(claim: Claim, place: Place, resources: ZoneResources, order: HostOrder) -> dict[str, Any]:
    """Write the machine. Raises ProviderError for a zone that the subscription does not have."""
    tags = _tags(claim, place, order)
    return {
        "location": place.region,
        "tags": tags,
        "zones": [_logical_zone(resources, order)],
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {resources["host_identity_id"]: {}},
        },
        "properties": {
            "hardwareProfile": {"vmSize": order.machine},
            "storageProfile": {
                "imageReference": {
                    "communityGalleryImageId": images.for_level(order.image_id, order.confidential)
                },
                "osDisk": _disk(resources, order),
            },
            "osProfile": _system(order),
            "networkProfile": {
                "networkApiVersion": versions.INTERFACE_OF_MACHINE,
                "networkInterfaceConfigurations": [_interface(resources, order, tags)],
            },
            "securityProfile": _security(order),
            **_user_data(order),
        },
    }


def _user_data(order: HostOrder) -> dict[str, str]:
    text = order.user_data.encode()
    return {"userData": base64.b64encode(text).decode()} if text else {}


def _tags(claim: Claim, place: Place, order: HostOrder) -> dict[str, str]:
    tags = {
        **order.tags,
        "Name": order.name,
        HOST_TAG: order.host_id,
        REGISTRATION_TAG: claim.registration,
        ZONE_TAG: place.zone,
    }
    return dict(sorted(tags.items()))


def _logical_zone(resources: ZoneResources, order: HostOrder) -> str:
    zones: dict[str, str] = resources["logical_zones"]
    if order.availability_zone_id not in zones:
        text = f"This enclave has no zone {order.availability_zone_id}."
        raise ProviderError(text, trouble=Trouble.INVALID, action=f"{versions.MACHINE}/write")
    return zones[order.availability_zone_id]


def _disk(resources: ZoneResources, order: HostOrder) -> dict[str, Any]:
    return {
        "name": f"{machine_name(order.host_id)}-os",
        "createOption": "FromImage",
        "deleteOption": "Delete",
        "diskSizeGB": order.disk_gib,
        "managedDisk": {"storageAccountType": "Premium_LRS", **_encryption(resources, order)},
    }


def _encryption(resources: ZoneResources, order: HostOrder) -> dict[str, Any]:
    if order.confidential == "vm":
        # Encrypted by the machine itself, with keys of the platform: the tenant's own would need a
        # permission in its directory that only its administrators can give.
        return {"securityProfile": {"securityEncryptionType": "DiskWithVMGuestState"}}
    return {"diskEncryptionSet": {"id": resources["disk_encryption_set_id"]}}


def _security(order: HostOrder) -> dict[str, Any]:
    if order.confidential == "vm":
        # Azure refuses encryption at host where the machine encrypts its own disk.
        return {
            "securityType": "ConfidentialVM",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        }
    return {"encryptionAtHost": True}


def _system(order: HostOrder) -> dict[str, Any]:
    return {
        "computerName": machine_name(order.host_id),
        "adminUsername": ADMIN,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {
                "publicKeys": [
                    {"path": f"/home/{ADMIN}/.ssh/authorized_keys", "keyData": _nobodys_key(order.host_id)}
                ]
            },
        },
        "allowExtensionOperations": False,
    }


def _nobodys_key(host_id: str) -> str:
    """Make a public key without a private half: Azure insists on one, and nobody shall hold it."""
    kind, point = b"ssh-ed25519", hashlib.sha256(f"nobody may enter {host_id}".encode()).digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, point))
    return f"{kind.decode()} {base64.b64encode(blob).decode()} nobody"


def _interface(resources: ZoneResources, order: HostOrder, tags: dict[str, str]) -> dict[str, Any]:
    # Made with the machine and gone with it; an interface of its own would be left behind.
    return {
        "name": machine_name(order.host_id),
        "tags": tags,
        "properties": {
            "primary": True,
            "deleteOption": "Delete",
            "networkSecurityGroup": {"id": resources["security_group_id"]},
            "ipConfigurations": [
                _address("ipv4", "IPv4", resources, primary=True),
                _address("ipv6", "IPv6", resources, publicIPAddressConfiguration=_public_ipv6(order, tags)),
            ],
        },
    }


def _address(name: str, version: str, resources: ZoneResources, **more: Any) -> dict[str, Any]:
    subnet = {"id": resources["subnet_id"]}
    return {"name": name, "properties": {"subnet": subnet, "privateIPAddressVersion": version, **more}}


def _public_ipv6(order: HostOrder, tags: dict[str, str]) -> dict[str, Any]:
    # The way out by IPv6: Azure's NAT gateways know IPv4 only. The security group lets nothing in by it.
    return {
        "name": f"{machine_name(order.host_id)}-ipv6",
        "sku": {"name": "Standard"},
        "tags": tags,
        "properties": {
            "publicIPAddressVersion": "IPv6",
            "publicIPAllocationMethod": "Static",
            "deleteOption": "Delete",
        },
    }
