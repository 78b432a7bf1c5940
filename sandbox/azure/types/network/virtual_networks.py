"""Virtual networks and their subnets: ranges inside ranges that do not overlap, and what stands in them."""

from collections.abc import Sequence
from typing import Any

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.network.addresses import (
    IPV4,
    IPV6,
    IPV6_SUBNET,
    SMALLEST_IPV4_SUBNET,
    Network,
    contains,
    of_subnet,
    overlap,
    parse,
)
from sandbox.azure.types.shapes import READ_ONLY, REFERENCE, child, choice, fit, tracked
from sandbox.azure.types.versions import NETWORK
from sandbox.azure.world import World

NAME = "Microsoft.Network/virtualNetworks"
SUBNET = f"{NAME}/subnets"
SERVICES = choice("Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.AzureActiveDirectory")

_SUBNET_PROPERTIES = {
    "addressPrefix": str,
    "addressPrefixes": [str],
    "networkSecurityGroup": REFERENCE,
    "natGateway": REFERENCE,
    "serviceEndpoints": [{"service": SERVICES, "locations": [str], "provisioningState": READ_ONLY}],
    "defaultOutboundAccess": bool,
    "privateEndpointNetworkPolicies": choice(
        "Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"
    ),
    "privateLinkServiceNetworkPolicies": choice("Enabled", "Disabled"),
    "delegations": READ_ONLY,
    "ipConfigurations": READ_ONLY,
    "provisioningState": READ_ONLY,
}
SHAPE = tracked(
    {
        "addressSpace": {"addressPrefixes": [str]},
        "subnets": [
            {
                "name": str,
                "properties": _SUBNET_PROPERTIES,
                "id": READ_ONLY,
                "type": READ_ONLY,
                "etag": READ_ONLY,
            }
        ],
        "dhcpOptions": {"dnsServers": [str]},
        "enableDdosProtection": bool,
        "virtualNetworkPeerings": READ_ONLY,
        "resourceGuid": READ_ONLY,
    }
)
SUBNET_SHAPE = child(_SUBNET_PROPERTIES)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    space = _space(write.properties)
    subnets = write.properties.get("subnets") or []
    for index, subnet in enumerate(subnets):
        if not subnet.get("name"):
            raise refused("InvalidRequestFormat", "Required property 'name' not found in a subnet.")
        _check_subnet(write, subnet, space, others=subnets[:index])
    if write.old:
        _check_what_stays(write.world, write.old["properties"]["subnets"], subnets)


def _space(properties: dict[str, Any]) -> list[Network]:
    space = [parse(prefix) for prefix in properties["addressSpace"]["addressPrefixes"]]
    if not any(net.version == IPV4 for net in space):
        raise refused("InvalidRequestFormat", "A virtual network must have at least one IPv4 address prefix.")
    return space


def _check_subnet(write: Write, subnet: Resource, space: list[Network], others: Sequence[Resource]) -> None:
    name, properties = subnet["name"], subnet.get("properties") or {}
    ranges = of_subnet(properties)
    if not any(net.version == IPV4 for net in ranges):
        raise refused("InvalidRequestFormat", f"Subnet '{name}' must have at least one IPv4 address prefix.")
    for net in ranges:
        _check_range(name, net, space)
        _check_overlap(name, net, others)
    for reference in ("networkSecurityGroup", "natGateway"):
        if properties.get(reference):
            write.exists(properties[reference]["id"])


def _check_range(name: str, net: Network, space: list[Network]) -> None:
    if not any(contains(outer, net) for outer in space):
        raise refused(
            "NetcfgInvalidSubnet",
            f"Subnet '{name}' is not valid because its IP address range is outside the IP address range of "
            "the virtual network.",
        )
    if net.version == IPV6 and net.prefixlen != IPV6_SUBNET:
        raise refused(
            "InvalidIPv6SubnetPrefixLength",
            f"Subnet '{name}' has the IPv6 prefix {net}; the prefix of an IPv6 subnet must be exactly /64.",
        )
    if net.version == IPV4 and net.prefixlen > SMALLEST_IPV4_SUBNET:
        raise refused(
            "NetcfgInvalidSubnet", f"Subnet '{name}' is too small; the smallest IPv4 subnet is /29."
        )


def _check_overlap(name: str, net: Network, others: Sequence[Resource]) -> None:
    for other in others:
        if other["name"].lower() == name.lower():
            raise refused(
                "DuplicateResourceName", f"The resource has two child resources with the same name ({name})."
            )
        if any(overlap(net, taken) for taken in of_subnet(other["properties"])):
            raise refused(
                "NetcfgSubnetRangesOverlap",
                f"Subnet '{name}' is not valid because its IP address range overlaps with that of an "
                f"existing subnet '{other['name']}'.",
            )


def _check_what_stays(world: World, before: Sequence[Resource], now: Sequence[Resource]) -> None:
    ranges = {subnet["name"].lower(): of_subnet(subnet["properties"]) for subnet in now}
    for subnet in before:
        users = world.referrers(subnet["id"])
        if users and subnet["name"].lower() not in ranges:
            raise _in_use(subnet, users)
        if users and ranges[subnet["name"].lower()] != of_subnet(subnet["properties"]):
            raise refused(
                "InUsePrefixCannotBeDeleted",
                f"IP prefix of subnet {subnet['name']} is in use by {users[0]} and cannot be changed.",
            )


def _in_use(subnet: Resource, users: Sequence[str]) -> ArmError:
    return refused(
        "InUseSubnetCannotBeDeleted",
        f"Subnet {subnet['name']} is in use by {users[0]} and cannot be deleted. In order to delete the "
        "subnet, delete all the resources within the subnet.",
    )


def _fill(write: Write) -> None:
    subnets = write.properties.setdefault("subnets", [])
    kept = {subnet["name"].lower() for subnet in subnets}
    for subnet in subnets:
        _complete(write.id, subnet)
        # The child shares its properties with the network's own list, so that they never differ.
        write.world.put({key: subnet[key] for key in ("id", "name", "type", "properties")})
    for subnet in write.world.under(write.id.text, SUBNET):
        if subnet["name"].lower() not in kept:
            write.world.drop(subnet["id"])


def _complete(network: ResourceId, subnet: Resource) -> None:
    subnet |= {"id": f"{network}/subnets/{subnet['name']}", "type": SUBNET}
    subnet["properties"]["provisioningState"] = "Updating"
    subnet["properties"].setdefault("privateEndpointNetworkPolicies", "Disabled")
    subnet["properties"].setdefault("privateLinkServiceNetworkPolicies", "Enabled")
    subnet["properties"].setdefault("delegations", [])


def _finish(write: Write) -> None:
    for subnet in write.properties["subnets"]:
        subnet["properties"]["provisioningState"] = "Succeeded"


def _forbids_deletion(world: World, network: Resource) -> None:
    for subnet in network["properties"]["subnets"]:
        _forbids_subnet_deletion(world, subnet)


def _check_single_subnet(write: Write) -> None:
    fit(write.body, SUBNET_SHAPE)
    network = _network_of(write.world, write.body)
    others = [item for item in network["properties"]["subnets"] if item["id"].lower() != write.id.key]
    _check_subnet(write, write.body, _space(network["properties"]), others)
    if write.old:
        _check_what_stays(write.world, [write.old], [write.body])


def _network_of(world: World, subnet: Resource) -> Resource:
    parent = ResourceId.parse(subnet["id"]).parent
    return world.need(parent.text) if parent else {}


def _fill_single_subnet(write: Write) -> None:
    network = _network_of(write.world, write.body)
    subnets = network["properties"]["subnets"]
    subnets[:] = [item for item in subnets if item["id"].lower() != write.id.key]
    own = {key: write.body[key] for key in ("id", "name", "type", "properties")}
    subnets.append(own)
    _complete(ResourceId.parse(network["id"]), own)
    write.world.put(network)


def _forbids_subnet_deletion(world: World, subnet: Resource) -> None:
    if users := world.referrers(subnet["id"]):
        raise _in_use(subnet, users)


def _subnet_deleted(world: World, subnet: Resource) -> None:
    parent = ResourceId.parse(subnet["id"]).parent
    network = world.get(parent.text) if parent else None
    if network:
        subnets = network["properties"]["subnets"]
        subnets[:] = [item for item in subnets if item["id"].lower() != subnet["id"].lower()]
        world.put(network)


register(
    ResourceType(
        name=NAME,
        api_versions=NETWORK,
        required=("properties.addressSpace.addressPrefixes",),
        create_seconds=4,
        delete_seconds=4,
        check=_check,
        fill=_fill,
        finish=_finish,
        forbids_deletion=_forbids_deletion,
    ),
    ResourceType(
        name=SUBNET,
        api_versions=NETWORK,
        needs_location=False,
        name_pattern=r"[A-Za-z0-9_.-]{1,80}",
        create_seconds=3,
        delete_seconds=3,
        check=_check_single_subnet,
        fill=_fill_single_subnet,
        forbids_deletion=_forbids_subnet_deletion,
        deleted=_subnet_deleted,
    ),
)
