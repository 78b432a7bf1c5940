"""NAT gateways: the way out for IPv4, in one zone."""

from sandbox.azure.errors import refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.network.public_addresses import user_of
from sandbox.azure.types.shapes import READ_ONLY, REFERENCE, choice, fit, tracked
from sandbox.azure.types.versions import NETWORK
from sandbox.azure.types.zones import check_zones
from sandbox.azure.world import World

NAME = "Microsoft.Network/natGateways"
IDLE_MINUTES = range(4, 121)

# The newer kind, StandardV2, spans zones and speaks IPv6; it is not modelled.
SHAPE = tracked(
    {
        "idleTimeoutInMinutes": int,
        "publicIpAddresses": [REFERENCE],
        "subnets": READ_ONLY,
        "resourceGuid": READ_ONLY,
    },
    sku={"name": choice("Standard")},
    zones=[str],
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    zones = check_zones(write, most=1)
    if write.properties.get("idleTimeoutInMinutes", 4) not in IDLE_MINUTES:
        raise refused(
            "NatGatewayIdleTimeoutOutOfRange", "The idle timeout of a NAT gateway is 4 to 120 minutes."
        )
    for reference in write.properties.get("publicIpAddresses") or []:
        _check_address(write, write.exists(reference["id"]), zones)


def _check_address(write: Write, address: Resource, zones: list[str]) -> None:
    if address["properties"]["publicIPAddressVersion"] != "IPv4":
        raise refused(
            "NatGatewayDoesNotSupportIPv6PublicIpAddress",
            f"NAT gateway {write.id} cannot use {address['id']}: the Standard SKU has IPv4 only.",
        )
    # An address of all three zones serves a gateway in any of them.
    if zones and len(address.get("zones") or []) == 1 and address["zones"] != zones:
        raise refused(
            "NatGatewayAndPublicIpAddressZoneMismatch",
            f"NAT gateway {write.id} and public IP address {address['id']} are in different zones.",
        )
    if user := user_of(write.world, address["id"], besides=str(write.id)):
        raise refused(
            "PublicIPAddressInUse", f"Resource {address['id']} is already allocated to resource {user}."
        )


def _fill(write: Write) -> None:
    write.properties.setdefault("idleTimeoutInMinutes", 4)


def _forbids_deletion(world: World, gateway: Resource) -> None:
    users = world.referrers(gateway["id"])
    if users:
        raise refused(
            "InUseNatGatewayCannotBeDeleted",
            f"NAT gateway {gateway['name']} cannot be deleted because it is in use by {users[0]}.",
        )


register(
    ResourceType(
        name=NAME,
        api_versions=NETWORK,
        required=("sku.name",),
        create_seconds=5,
        delete_seconds=10,
        check=_check,
        fill=_fill,
        forbids_deletion=_forbids_deletion,
    )
)
