"""Which availability zones a resource may ask for."""

from sandbox.azure.errors import refused
from sandbox.azure.resource_types import Write


def check_zones(write: Write, most: int) -> list[str]:
    """Refuse zones that the region does not have, more than ``most``, or other ones than before."""
    wanted: list[str] = write.body.get("zones") or []
    unknown = [zone for zone in wanted if zone not in write.zones]
    if unknown or len(wanted) > most:
        text = f"The zone(s) '{','.join(unknown or wanted)}' for resource '{write.id}' is not supported."
        raise refused("InvalidAvailabilityZone", text, "zones")
    if write.old is not None and (write.old.get("zones") or []) != wanted:
        text = f"Resource {write.id} has an existing availability zone constraint that cannot be changed."
        raise refused("ResourceAvailabilityZonesCannotBeModified", text, "zones")
    return wanted
