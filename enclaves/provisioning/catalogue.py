"""The catalogue of machine types and host images per cloud region, kept fresh by the proofs."""

from datetime import timedelta

from django.utils import timezone

from enclaves.models import HostImage, MachineType, Zone
from enclaves.providers.base import Place, Provider

FRESH = timedelta(hours=6)


def refresh(zone: Zone, provider: Provider, place: Place) -> None:
    """Ask the cloud what the zone's region offers, unless it was asked lately."""
    now = timezone.now()
    images = HostImage.objects.filter(cloud=zone.cloud, region=zone.region)
    if images.filter(seen_at__gt=now - FRESH).exists():
        return
    offers = provider.offers(place)
    MachineType.objects.bulk_create(
        [
            MachineType(
                cloud=zone.cloud,
                region=zone.region,
                name=machine.name,
                vcpu=machine.vcpu,
                memory_mib=machine.memory_mib,
                architecture=machine.architecture,
                confidential=list(machine.confidential),
                availability_zone_ids=list(machine.availability_zone_ids),
                seen_at=now,
            )
            for machine in offers.machines
        ],
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
        [
            HostImage(
                cloud=zone.cloud,
                region=zone.region,
                architecture=image.architecture,
                image_id=image.image_id,
                name=image.name,
                seen_at=now,
            )
            for image in offers.images
        ],
        update_conflicts=True,
        unique_fields=["cloud", "region", "architecture"],
        update_fields=["image_id", "name", "seen_at"],
    )
