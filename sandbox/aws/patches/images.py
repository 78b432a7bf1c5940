"""The vendor's host images, owned by the portal's account and there for every account."""

import hashlib
from typing import Any

from moto.ec2.models.amis import Ami, AmiBackend

from sandbox.aws.behaviour import BEHAVIOUR

RELEASE = "2026.11"
ARCHITECTURES = ("x86_64", "arm64")
ROOT_DEVICE = "/dev/xvda"


def image_name(architecture: str) -> str:
    return f"enclave-host-{RELEASE}-{architecture}"


def image_id(region: str, architecture: str) -> str:
    """The same in every account of a region, another in each region, as with any shared image."""
    digest = hashlib.sha256(f"{region}/{image_name(architecture)}".encode()).hexdigest()
    return f"ami-{digest[:17]}"


def apply() -> None:
    AmiBackend._load_amis = _load_amis  # type: ignore[method-assign]


def _load_amis(self: Any) -> None:
    for architecture in ARCHITECTURES:
        identifier = image_id(self.region_name, architecture)
        self.amis[identifier] = Ami(
            self,
            identifier,
            name=image_name(architecture),
            description="Enclave host image",
            owner_id=BEHAVIOUR.portal_account,
            architecture=architecture,
            virtualization_type="hvm",
            hypervisor="xen",
            root_device_name=ROOT_DEVICE,
            root_device_type="ebs",
            public=True,
            boot_mode="uefi",
            sriov="simple",
        )
