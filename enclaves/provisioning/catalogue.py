"""The catalogue of machine types and host images per cloud region, kept fresh by the proofs."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from enclaves.models import Cloud, HostImage, MachineType, Zone
from enclaves.providers.base import ImageOffer, MachineOffer, Place, Provider

FRESH = timedelta(hours=6)
SIZES = ("vcpu", "memory_mib", "architecture")

type Rank = tuple[bool | int, ...]  # of machines that are equally large; the lowest is taken


def refresh(zone: Zone, provider: Provider, place: Place) -> None:
    """Ask the cloud what the zone's region offers, unless it was asked lately."""
    now = timezone.now()
    images = HostImage.objects.filter(cloud=zone.cloud, region=zone.region)
    if images.filter(seen_at__gt=now - FRESH).exists():
        return
    offers = provider.offers(place)
    MachineType.objects.bulk_create(
        [_machine_type(zone, offer, now) for offer in offers.machines],
        update_conflicts=True,
        unique_fields=["cloud", "region", "name"],
        update_fields=[
            "vcpu",
            "memory_mib",
            "architecture",
            "family",
            "confidential",
            "availability_zone_ids",
            "seen_at",
        ],
    )
    HostImage.objects.bulk_create(
        [_host_image(zone, offer, now) for offer in offers.images],
        update_conflicts=True,
        unique_fields=["cloud", "region", "architecture"],
        update_fields=["image_id", "name", "seen_at"],
    )


def rank(machine: MachineType) -> Rank:
    """Order machines of one size: what is made for steady load first, then the newest generation."""
    return _RANKS[Cloud(machine.cloud)](machine.name)


def _rank_in_aws(name: str) -> Rank:
    family = name.split(".", maxsplit=1)[0]
    generation = int("".join(filter(str.isdigit, family[:3])) or 0)
    return family[:1] not in {"m", "c", "r"}, -generation


_AZURE_NAME = re.compile(r"Standard_(?P<family>[A-Z]+)[0-9-]+(?P<features>[a-z]*)(_v(?P<generation>[0-9]+))?")


def _rank_in_azure(name: str) -> Rank:
    """DC and EC are for confidential machines, and whoever wants none is not given one of those."""
    found = _AZURE_NAME.match(name)
    if found is None:
        return True, True, 0
    local_disk = "d" in found["features"]
    return found["family"] not in {"D", "E", "F"}, local_disk, -int(found["generation"] or 0)


_RANKS: Mapping[Cloud, Callable[[str], Rank]] = {Cloud.AWS: _rank_in_aws, Cloud.AZURE: _rank_in_azure}


def _machine_type(zone: Zone, offer: MachineOffer, seen_at: datetime) -> MachineType:
    return MachineType(
        cloud=zone.cloud,
        region=zone.region,
        name=offer.name,
        vcpu=offer.vcpu,
        memory_mib=offer.memory_mib,
        architecture=offer.architecture,
        family=offer.family,
        confidential=list(offer.confidential),
        availability_zone_ids=list(offer.availability_zone_ids),
        seen_at=seen_at,
    )


def _host_image(zone: Zone, offer: ImageOffer, seen_at: datetime) -> HostImage:
    return HostImage(
        cloud=zone.cloud,
        region=zone.region,
        architecture=offer.architecture,
        image_id=offer.image_id,
        name=offer.name,
        seen_at=seen_at,
    )
