"""Zone names mean another zone in each account; zone ids mean the same for everybody."""

import functools
import random
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.subnets import Subnet, SubnetBackend

describe_everybodys = RegionsAndZonesBackend.describe_availability_zones
create_anywhere = SubnetBackend.create_subnet


@functools.cache
def zones_of(account: str, region: str) -> list[Zone]:
    """The account's own map from names to ids: shuffled, and always the same."""
    table = RegionsAndZonesBackend.zones.get(region, [])
    identifiers = [zone.zone_id for zone in table]
    random.Random(f"{account}/{region}").shuffle(identifiers)  # noqa: S311 -- a stable shuffle, no secret
    names = sorted(zone.name for zone in table)
    return [Zone(name, region, identifier) for name, identifier in zip(names, identifiers, strict=True)]


def apply() -> None:
    RegionsAndZonesBackend.describe_availability_zones = _describe  # type: ignore[method-assign]
    SubnetBackend.create_subnet = _create_subnet  # type: ignore[method-assign, assignment]


class _View:
    """All that the original reads of its backend."""

    def __init__(self, region_name: str, zones: list[Zone]) -> None:
        self.region_name = region_name
        self.zones = {region_name: zones}


def _describe(self: Any, *args: Any, **kwargs: Any) -> list[Zone]:
    view: Any = _View(self.region_name, zones_of(self.account_id, self.region_name))
    return describe_everybodys(view, *args, **kwargs)


def _create_subnet(
    self: Any,
    vpc_id: str,
    cidr_block: str,
    ipv6_cidr_block: str | None = None,
    availability_zone: str | None = None,
    availability_zone_id: str | None = None,
    **kwargs: Any,
) -> Subnet:
    """The engine knows one table of zones, and files a subnet asked for by id under no zone at all."""
    zone = _find_zone(self, availability_zone, availability_zone_id)
    subnet = create_anywhere(self, vpc_id, cidr_block, ipv6_cidr_block, zone.name, **kwargs)
    subnet._availability_zone = zone
    return subnet


def _find_zone(backend: Any, name: str | None, identifier: str | None) -> Zone:
    zones = zones_of(backend.account_id, backend.region_name)
    wanted = [zone for zone in zones if name in (None, zone.name) and identifier in (None, zone.zone_id)]
    if not wanted:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({name or identifier}) for parameter availabilityZone is invalid. "
            f"Subnets can currently only be created in the following availability zones: "
            f"{', '.join(zone.name for zone in zones)}.",
        )
    return wanted[0]
