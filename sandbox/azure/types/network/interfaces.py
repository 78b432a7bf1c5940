"""Network interfaces: how each address of one may be asked for, and where it comes from."""

import uuid
from collections.abc import Sequence
from typing import Any

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.network.addresses import AddressBook, in_subnet
from sandbox.azure.types.network.public_addresses import user_of
from sandbox.azure.types.shapes import READ_ONLY, REFERENCE, choice, fit, tracked
from sandbox.azure.types.versions import NETWORK
from sandbox.azure.world import World

NAME = "Microsoft.Network/networkInterfaces"

SHAPE = tracked(
    {
        "ipConfigurations": [
            {
                "name": str,
                "id": READ_ONLY,
                "type": READ_ONLY,
                "etag": READ_ONLY,
                "properties": {
                    "subnet": REFERENCE,
                    "primary": bool,
                    "privateIPAddress": str,
                    "privateIPAddressVersion": choice("IPv4", "IPv6"),
                    "privateIPAllocationMethod": choice("Dynamic", "Static"),
                    "publicIPAddress": REFERENCE,
                    "provisioningState": READ_ONLY,
                },
            }
        ],
        "networkSecurityGroup": REFERENCE,
        "enableAcceleratedNetworking": bool,
        "enableIPForwarding": bool,
        "disableTcpStateTracking": bool,
        "virtualMachine": READ_ONLY,
        "macAddress": READ_ONLY,
        "primary": READ_ONLY,
        "resourceGuid": READ_ONLY,
    }
)


def check_configurations(configurations: Sequence[dict[str, Any]]) -> None:
    """Refuse an interface whose addresses Azure cannot give; inline interfaces follow the same rules."""
    for configuration in configurations:
        if not configuration.get("name") or not (configuration.get("properties") or {}).get("subnet"):
            raise refused("InvalidRequestFormat", "An ipConfiguration needs a name and a subnet.")
    if not any(version_of(item) == "IPv4" for item in configurations):
        raise refused(
            "NetworkInterfaceMustHaveAtLeastOneIPv4IpConfiguration",
            "Network interface must have at least one IPv4 ip configuration.",
        )
    primary = [item for item in configurations if item["properties"].get("primary")]
    if len(configurations) > 1 and len(primary) != 1:
        raise refused(
            "NetworkInterfacesMustHaveExactlyOnePrimaryIpConfiguration",
            "Exactly one ip configuration of a network interface must be primary.",
        )
    if any(version_of(item) == "IPv6" for item in primary):
        raise refused("Ipv6IpConfigurationCannotBePrimary", "An IPv6 ip configuration cannot be primary.")


def version_of(configuration: dict[str, Any]) -> str:
    return configuration["properties"].get("privateIPAddressVersion") or "IPv4"


def book_of(world: World, subnet_id: str) -> AddressBook:
    """The addresses of a subnet; gone with it."""
    book: AddressBook = world.facts(subnet_id).setdefault("addresses", AddressBook())
    return book


def _choose_addresses(write: Write, configurations: Sequence[dict[str, Any]]) -> None:
    """Choose the private address of each configuration that has none."""
    for configuration in configurations:
        properties = configuration["properties"]
        if not properties.get("privateIPAddress"):
            subnet = write.exists(properties["subnet"]["id"])
            besides = [item["properties"].get("privateIPAddress") for item in configurations]
            book = book_of(write.world, subnet["id"])
            properties["privateIPAddress"] = book.next_free(subnet, version_of(configuration), besides)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    check_configurations(write.properties["ipConfigurations"])
    if group := write.properties.get("networkSecurityGroup"):
        write.exists(group["id"])
    for configuration in write.properties["ipConfigurations"]:
        _check_private(write, configuration["properties"])
        _check_public(write, configuration)
    _keep_addresses(write)
    _choose_addresses(write, write.properties["ipConfigurations"])


def _check_private(write: Write, properties: dict[str, Any]) -> None:
    subnet = write.exists(properties["subnet"]["id"])
    wish = properties.get("privateIPAddress") if _is_static(properties) else None
    if not wish:
        properties.pop("privateIPAddress", None)
    elif not in_subnet(subnet, wish):
        raise refused(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {wish} does not belong to the range of subnet {subnet['name']}.",
        )
    elif book_of(write.world, subnet["id"]).holder(wish) not in {None, write.id.key}:
        raise refused(
            "PrivateIPAddressIsAllocated", f"IP configuration is using the address {wish} which is taken."
        )


def _is_static(properties: dict[str, Any]) -> bool:
    return bool(properties.get("privateIPAllocationMethod") == "Static")


def _check_public(write: Write, configuration: dict[str, Any]) -> None:
    reference = configuration["properties"].get("publicIPAddress")
    if not reference:
        return
    address = write.exists(reference["id"])
    if address["properties"]["publicIPAddressVersion"] != version_of(configuration):
        raise refused(
            "PublicIPAndPrivateIPVersionMismatch",
            f"IP configuration {configuration['name']} and its public IP address have different versions.",
        )
    if user := user_of(write.world, address["id"], besides=write.id.text):
        raise refused(
            "PublicIPAddressInUse", f"Resource {address['id']} is already allocated to resource {user}."
        )


def _keep_addresses(write: Write) -> None:
    """A dynamic address stays while the configuration does."""
    before = write.old["properties"]["ipConfigurations"] if write.old else []
    had = {item["name"]: item["properties"]["privateIPAddress"] for item in before}
    for configuration in write.properties["ipConfigurations"]:
        if configuration["name"] in had and not _is_static(configuration["properties"]):
            configuration["properties"]["privateIPAddress"] = had[configuration["name"]]


def _fill(write: Write) -> None:
    properties = write.properties
    if write.old:
        _release(write.world, write.old)
    _book(write)
    for configuration in properties["ipConfigurations"]:
        configuration["id"] = f"{write.id}/ipConfigurations/{configuration['name']}"
        configuration["type"] = f"{NAME}/ipConfigurations"
        inner = configuration["properties"]
        inner |= {"provisioningState": "Succeeded", "privateIPAddressVersion": version_of(configuration)}
        inner.setdefault("privateIPAllocationMethod", "Dynamic")
        inner.setdefault("primary", len(properties["ipConfigurations"]) == 1)
    properties.setdefault("enableIPForwarding", False)
    properties["macAddress"] = _mac(write.id)
    if write.old and "virtualMachine" in write.old["properties"]:
        properties["virtualMachine"] = write.old["properties"]["virtualMachine"]


def _book(write: Write) -> None:
    for configuration in write.properties["ipConfigurations"]:
        properties = configuration["properties"]
        book_of(write.world, properties["subnet"]["id"]).book(properties["privateIPAddress"], write.id.key)


def _release(world: World, interface: Resource) -> None:
    for configuration in interface["properties"]["ipConfigurations"]:
        properties = configuration["properties"]
        # A resource group takes its subnets along in any order.
        if world.get(properties["subnet"]["id"]):
            book_of(world, properties["subnet"]["id"]).release(properties["privateIPAddress"])


def _mac(interface: ResourceId) -> str:
    digits = uuid.uuid5(uuid.NAMESPACE_URL, interface.key).hex[:6].upper()
    return f"00-0D-3A-{digits[:2]}-{digits[2:4]}-{digits[4:]}"


def check_free(interface: Resource, machine: str) -> None:
    """Refuse an interface that another machine has."""
    holder = (interface["properties"].get("virtualMachine") or {}).get("id", machine)
    if holder.lower() != machine.lower():
        raise ArmError(
            409, "NicInUse", f"Network Interface {interface['id']} is used by existing resource {holder}."
        )


def _forbids_deletion(_world: World, interface: Resource) -> None:
    if holder := interface["properties"].get("virtualMachine"):
        raise refused(
            "NicInUse",
            f"Network Interface {interface['id']} is used by existing resource {holder['id']}. In order to "
            "delete the network interface, it must be dissociated from the resource.",
        )


register(
    ResourceType(
        name=NAME,
        api_versions=NETWORK,
        required=("properties.ipConfigurations",),
        create_seconds=2,
        delete_seconds=2,
        check=_check,
        fill=_fill,
        forbids_deletion=_forbids_deletion,
        deleted=_release,
    )
)
