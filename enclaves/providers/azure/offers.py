"""What a zone's region has to give: machine types and host images."""

from collections.abc import Iterator, Mapping
from typing import Any

from enclaves.blueprints.azure.names import subscription_id
from enclaves.providers.azure import images, versions
from enclaves.providers.azure.config import AzureConfig
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.azure.subscription import logical_zones
from enclaves.providers.base import Claim, MachineOffer, Offers, Place

type Sku = Mapping[str, Any]

ARCHITECTURES = {"Arm64": "arm64", "x64": "x86_64"}
# Encrypted memory of AMD or of Intel.
CONFIDENTIAL_MACHINES = ("SNP", "TDX")
# Intel's enclaves inside a process: Azure has them in these families, and names them nowhere.
WITH_ENCLAVES = ("standarddcsv3family", "standardddcsv3family")


def offers(claim: Claim, place: Place, config: AzureConfig, sessions: Sessions) -> Offers:
    return Offers(
        tuple(_machines(claim, place, sessions)), images.newest(claim, place.region, config, sessions)
    )


def _machines(claim: Claim, place: Place, sessions: Sessions) -> Iterator[MachineOffer]:
    physical = {
        logical: zone
        for zone, logical in logical_zones(claim, sessions).get(place.region, {}).items()
        if zone in place.availability_zone_ids
    }
    path = f"{subscription_id(claim.account)}/providers/{versions.SKU}"
    skus = sessions.observer.listed(versions.SKU, path, **{"$filter": f"location eq '{place.region}'"})
    for sku in skus:
        if sku["resourceType"] == "virtualMachines" and (
            zones := _zones(sku, place.region) & physical.keys()
        ):
            offer = _offer(sku, tuple(sorted(physical[zone] for zone in zones)))
            if offer is not None:
                yield offer


def _offer(sku: Sku, zones: tuple[str, ...]) -> MachineOffer | None:
    """Read a size, or return None for one that cannot be a host."""
    able = {each["name"]: each["value"] for each in sku.get("capabilities") or ()}
    architecture = ARCHITECTURES.get(able.get("CpuArchitectureType", "x64"))
    confidential = tuple(_confidential(sku, able))
    # A machine with encrypted memory encrypts its own disk; every other needs its host to.
    encrypts = able.get("EncryptionAtHostSupported") == "True" or "vm" in confidential
    if architecture is None or not encrypts or able.get("PremiumIO", "True") != "True":
        return None
    return MachineOffer(
        name=str(sku["name"]),
        vcpu=int(able.get("vCPUsAvailable", able["vCPUs"])),
        memory_mib=int(float(able["MemoryGB"]) * 1024),
        architecture=architecture,
        confidential=confidential,
        availability_zone_ids=zones,
        family=str(sku.get("family", "")).lower(),
    )


def _zones(sku: Sku, region: str) -> set[str]:
    """Tell in which of its zones this subscription may have the size."""
    info = [each for each in sku.get("locationInfo") or () if each["location"].lower() == region]
    zones = {zone for each in info for zone in each.get("zones") or ()}
    for restriction in sku.get("restrictions") or ():
        if restriction["type"] == "Location":
            return set()
        zones -= set((restriction.get("restrictionInfo") or {}).get("zones") or ())
    return zones


def _confidential(sku: Sku, able: Mapping[str, str]) -> Iterator[str]:
    if able.get("ConfidentialComputingType") in CONFIDENTIAL_MACHINES:
        yield "vm"
    if str(sku.get("family", "")).lower() in WITH_ENCLAVES:
        yield "enclave"
