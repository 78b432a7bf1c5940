"""How many vCPUs a subscription has in use, and whether more fit below its limits."""

from sandbox.azure.errors import ArmError
from sandbox.azure.ids import within
from sandbox.azure.resource_types import Write
from sandbox.azure.types.compute.sizes import SIZES, Size
from sandbox.azure.world import World

_MACHINES = "Microsoft.Compute/virtualMachines"


def vcpus_in_use(world: World, subscription: str, location: str, family: str = "", besides: str = "") -> int:
    """Count the vCPUs of all machines, or of a family's, stopped ones included, as Azure does."""
    sizes = (
        SIZES[machine["properties"]["hardwareProfile"]["vmSize"].lower()]
        for machine in world.of_type(_MACHINES)
        if machine["location"] == location
        and machine["id"].lower() != besides
        and within(f"/subscriptions/{subscription}", machine["id"])
    )
    return sum(size.vcpus for size in sizes if family in {"", size.family})


def check_quota(write: Write, size: Size) -> None:
    """Refuse a machine that the subscription's limits have no room for."""
    for family, title in ((size.family, size.family), ("", "Total Regional")):
        _check_limit(write, size, family, title)


def _check_limit(write: Write, size: Size, family: str, title: str) -> None:
    world, subscription, location = write.world, write.id.subscription, write.body["location"]
    limit = world.behaviour.quota_of(subscription, location, family)
    used = vcpus_in_use(world, subscription, location, family, besides=write.id.key)
    if used + size.vcpus > limit:
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Operation could not be completed as it results in exceeding approved {title} Cores quota. "
            f"Additional details - Deployment Model: Resource Manager, Location: {location}, Current Limit: "
            f"{limit}, Current Usage: {used}, Additional Required: {size.vcpus}, (Minimum) New Limit "
            f"Required: {used + size.vcpus}.",
        )
