"""What a zone's region has to give: machine types and host images."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.errors import translated
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.base import ImageOffer, MachineOffer, Offers, Place

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, ImageTypeDef, InstanceTypeInfoTypeDef

ARCHITECTURES = ("arm64", "x86_64")

# What cannot be a host: no disk that a key protects, or a whole building block of a data centre.
USABLE: "list[FilterTypeDef]" = [
    {"Name": "bare-metal", "Values": ["false"]},
    {"Name": "current-generation", "Values": ["true"]},
    {"Name": "processor-info.supported-architecture", "Values": list(ARCHITECTURES)},
    {"Name": "supported-root-device-type", "Values": ["ebs"]},
]


def offers(place: Place, config: AwsConfig, sessions: Sessions) -> Offers:
    return Offers(tuple(_machines(place, sessions)), images(place.region, config, sessions))


def images(region: str, config: AwsConfig, sessions: Sessions) -> tuple[ImageOffer, ...]:
    """Find the newest host image for each architecture."""
    newest = {image["Architecture"]: image for image in _images_by_age(region, config, sessions)}
    return tuple(
        ImageOffer(image["ImageId"], image["Name"], architecture)
        for architecture, image in sorted(newest.items())
        if architecture in ARCHITECTURES
    )


def _images_by_age(region: str, config: AwsConfig, sessions: Sessions) -> "list[ImageTypeDef]":
    with translated("ec2:DescribeImages"):
        answer = sessions.ec2(region).describe_images(
            Owners=[config.images_of],
            Filters=[
                {"Name": "name", "Values": [config.image_name]},
                {"Name": "state", "Values": ["available"]},
            ],
        )
    return sorted(answer["Images"], key=lambda image: (image["CreationDate"], image["Name"]))


def _machines(place: Place, sessions: Sessions) -> Iterator[MachineOffer]:
    zones = _zones_by_type(place, sessions)
    for machine in _types(place.region, sessions):
        name = machine["InstanceType"]
        if name in zones:
            yield MachineOffer(
                name=name,
                vcpu=machine["VCpuInfo"]["DefaultVCpus"],
                memory_mib=machine["MemoryInfo"]["SizeInMiB"],
                architecture=_architecture(machine),
                confidential=tuple(_confidential(machine)),
                availability_zone_ids=tuple(sorted(zones[name])),
            )


def _zones_by_type(place: Place, sessions: Sessions) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with translated("ec2:DescribeInstanceTypeOfferings"):
        pages = (
            sessions.ec2(place.region)
            .get_paginator("describe_instance_type_offerings")
            .paginate(
                LocationType="availability-zone-id",
                Filters=[{"Name": "location", "Values": list(place.availability_zone_ids)}],
            )
        )
        for page in pages:
            for offering in page["InstanceTypeOfferings"]:
                found[offering["InstanceType"]].append(offering["Location"])
    return found


def _types(region: str, sessions: Sessions) -> "list[InstanceTypeInfoTypeDef]":
    with translated("ec2:DescribeInstanceTypes"):
        pages = sessions.ec2(region).get_paginator("describe_instance_types").paginate(Filters=USABLE)
        return [machine for page in pages for machine in page["InstanceTypes"]]


def _architecture(machine: "InstanceTypeInfoTypeDef") -> str:
    supported = machine["ProcessorInfo"]["SupportedArchitectures"]
    return next(architecture for architecture in ARCHITECTURES if architecture in supported)


def _confidential(machine: "InstanceTypeInfoTypeDef") -> Iterator[str]:
    if "amd-sev-snp" in machine["ProcessorInfo"].get("SupportedFeatures", []):
        yield "vm"
    if machine.get("NitroEnclavesSupport") == "supported":
        yield "enclave"
