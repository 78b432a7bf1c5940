"""The catalogue of machine types and host images per cloud region, kept fresh by the proofs."""

from datetime import datetime, timedelta

from django.utils import timezone

from enclaves.models import HostImage, MachineType, Zone
from enclaves.providers.base import ImageOffer, MachineOffer, Place, Provider

FRESH = timedelta(hours=6)
SIZES = ("vcpu", "memory_mib", "architecture")


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


def _machine_type(zone: Zone, offer: MachineOffer, seen_at: datetime) -> MachineType:
    return MachineType(
        cloud=zone.cloud,
        region=zone.region,
        name=offer.name,
        vcpu=offer.vcpu,
        memory_mib=offer.memory_mib,
        architecture=offer.architecture,
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
