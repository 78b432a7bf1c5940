"""The host images of the vendor's community gallery."""

import re

from enclaves.blueprints.azure.names import subscription_id
from enclaves.providers.azure import versions
from enclaves.providers.azure.config import AzureConfig
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.base import Claim, ImageOffer

IMAGES = {"arm64": "enclave-host-arm64", "x86_64": "enclave-host-x86_64"}
# Machines with encrypted memory start from images of their own, released under the same version.
CONFIDENTIAL_SUFFIX = "-cvm"


def newest(claim: Claim, region: str, config: AzureConfig, sessions: Sessions) -> tuple[ImageOffer, ...]:
    """Find the newest host image for each architecture."""
    found = []
    for architecture, name in IMAGES.items():
        versions_of = _versions(claim, region, config, sessions, name)
        if versions_of:
            last = max(versions_of, key=_order)
            image_id = f"/CommunityGalleries/{config.image_gallery}/Images/{name}/Versions/{last}"
            found.append(ImageOffer(image_id, f"{name} {last}", architecture))
    return tuple(found)


def for_level(image_id: str, confidential: str) -> str:
    """Return the image to start from at a level of confidential computing."""
    if confidential != "vm":
        return image_id
    return re.sub(r"(/Images/[^/]+)(/Versions/)", rf"\1{CONFIDENTIAL_SUFFIX}\2", image_id)


def _versions(claim: Claim, region: str, config: AzureConfig, sessions: Sessions, name: str) -> list[str]:
    path = (
        f"{subscription_id(claim.account)}/providers/Microsoft.Compute/locations/{region}"
        f"/communityGalleries/{config.image_gallery}/images/{name}/versions"
    )
    return [
        str(each["name"])
        for each in sessions.observer.listed(versions.IMAGE_VERSION, path)
        if not (each.get("properties") or {}).get("excludeFromLatest")
    ]


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
