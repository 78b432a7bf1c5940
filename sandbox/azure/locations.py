"""Regions and their zones. Zone 1 of one subscription is another building than zone 1 of the next."""

import uuid

REGIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "westus2": "West US 2",
    "westeurope": "West Europe",
    "northeurope": "North Europe",
    "germanywestcentral": "Germany West Central",
    "swedencentral": "Sweden Central",
}
ZONES = 3


def normal(location: str) -> str:
    """`East US` and `eastus` are the same place."""
    return location.replace(" ", "").lower()


def zones(subscription: str, location: str) -> dict[str, str]:
    """Logical to physical zone, as this subscription sees them."""
    turn = uuid.uuid5(uuid.NAMESPACE_URL, f"{subscription.lower()} {location}").int % ZONES
    return {str(n + 1): f"{location}-az{(n + turn) % ZONES + 1}" for n in range(ZONES)}
