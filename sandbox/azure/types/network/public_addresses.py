"""Public addresses: Standard and Static ones, of one family for life."""

import ipaddress
import uuid

from sandbox.azure.errors import refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.shapes import READ_ONLY, choice, fit, tracked
from sandbox.azure.types.versions import NETWORK
from sandbox.azure.types.zones import check_zones
from sandbox.azure.world import World

NAME = "Microsoft.Network/publicIPAddresses"
IDLE_MINUTES = range(4, 31)
# Ranges kept for benchmarks and for documentation: no real host answers there.
_POOLS = {"IPv4": ipaddress.ip_network("198.18.0.0/15"), "IPv6": ipaddress.ip_network("2001:db8:a2e::/48")}

SHAPE = tracked(
    {
        "publicIPAllocationMethod": choice("Static", "Dynamic"),
        "publicIPAddressVersion": choice("IPv4", "IPv6"),
        "idleTimeoutInMinutes": int,
        "deleteOption": choice("Delete", "Detach"),
        "ipAddress": READ_ONLY,
        "ipConfiguration": READ_ONLY,
        "natGateway": READ_ONLY,
        "ipTags": READ_ONLY,
        "resourceGuid": READ_ONLY,
    },
    sku={"name": choice("Basic", "Standard"), "tier": choice("Regional")},
    zones=[str],
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    _check_kind(write)
    check_zones(write, most=3)
    if write.properties.get("idleTimeoutInMinutes", 4) not in IDLE_MINUTES:
        raise refused(
            "PublicIPAddressIdleTimeoutOutOfRange", "The idle timeout of a public address is 4 to 30 minutes."
        )


def _check_kind(write: Write) -> None:
    if (write.body.get("sku") or {}).get("name", "Basic") == "Basic":
        raise refused(
            "BasicSkuPublicIPAddressNotAllowed",
            "Creating Basic SKU public IP addresses is no longer possible. Use the Standard SKU.",
        )
    if write.properties["publicIPAllocationMethod"] != "Static":
        raise refused(
            "StandardSkuPublicIPAddressesMustUseStaticAllocation",
            f"Standard sku publicIp {write.id} must use the Static allocation method.",
        )
    before = write.old["properties"]["publicIPAddressVersion"] if write.old else None
    if before and write.properties.get("publicIPAddressVersion", "IPv4") != before:
        raise refused(
            "PublicIPAddressVersionCannotBeChanged", f"The IP version of {write.id} cannot be changed."
        )


def _fill(write: Write) -> None:
    properties = write.properties
    properties.setdefault("publicIPAddressVersion", "IPv4")
    properties.setdefault("idleTimeoutInMinutes", 4)
    properties.setdefault("ipTags", [])
    properties["ipAddress"] = _address(str(write.id), properties["publicIPAddressVersion"])
    write.body["sku"].setdefault("tier", "Regional")


def _address(resource_id: str, version: str) -> str:
    pool = _POOLS[version]
    number = uuid.uuid5(uuid.NAMESPACE_URL, resource_id.lower()).int
    return str(pool[number % pool.num_addresses])


def _forbids_deletion(world: World, address: Resource) -> None:
    users = world.referrers(address["id"])
    if users:
        raise refused(
            "PublicIPAddressCannotBeDeleted",
            f"Public IP address {address['id']} can not be deleted since it is still allocated to resource "
            f"{users[0]}.",
        )


def user_of(world: World, address_id: str, besides: str) -> str | None:
    """Find what else has a public address, which only one thing can."""
    users = (user for user in world.referrers(address_id) if user.lower() != besides.lower())
    return next(users, None)


register(
    ResourceType(
        name=NAME,
        api_versions=NETWORK,
        required=("properties.publicIPAllocationMethod",),
        create_seconds=2,
        delete_seconds=2,
        check=_check,
        fill=_fill,
        forbids_deletion=_forbids_deletion,
    )
)
