"""The vendor's community gallery: host images that every subscription may read and launch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.azure.errors import ArmError, refused

PUBLIC_NAME = "enclave-3c6f2f64-8a0e-4d0c-9a53-5a0b7c1d2e3f"
API_VERSIONS = ("2025-03-03", "2024-03-03", "2023-07-03")
VERSIONS = ("2026.9.0", "2026.10.0", "2026.11.0")
_ROOT = f"/CommunityGalleries/{PUBLIC_NAME}"
_REFERENCE = re.compile(r"/communityGalleries/([^/]+)/images/([^/]+)(?:/versions/([^/]+))?", re.IGNORECASE)


@dataclass(frozen=True)
class Image:
    """A host image; ``confidential`` images start only on confidential machines."""

    name: str
    architecture: str  # "x64" | "Arm64"
    confidential: bool = False
    disk_gb: int = 30


IMAGES: Mapping[str, Image] = {
    image.name: image
    for image in (
        Image("enclave-host-arm64", "Arm64"),
        Image("enclave-host-x86_64", "x64"),
        Image("enclave-host-x86_64-cvm", "x64", confidential=True),
    )
}


def image_of(reference: str) -> Image:
    """Find what a machine's ``communityGalleryImageId`` names."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise refused(
            "InvalidParameter", f"The value '{reference}' of parameter imageReference.id is invalid."
        )
    gallery, name, version = found.groups()
    image = IMAGES.get(name) if gallery.lower() == PUBLIC_NAME else None
    if image is None or version not in {*VERSIONS, "latest", None}:
        raise ArmError(
            404,
            "GalleryImageNotFound",
            f"The gallery image {reference} is not available or was not found in this region.",
        )
    return image


def read(location: str, path: tuple[str, ...]) -> dict[str, Any]:
    """Answer what lies at ``path`` below a location's ``communityGalleries``, one thing or a list."""
    match path:
        case (gallery,) if gallery.lower() == PUBLIC_NAME:
            return _gallery(location)
        case (gallery, "images") if gallery.lower() == PUBLIC_NAME:
            return {"value": [_image(location, image) for image in IMAGES.values()]}
        case (gallery, "images", name, *rest) if gallery.lower() == PUBLIC_NAME and name in IMAGES:
            return _inside(location, IMAGES[name], rest)
    raise _not_found(path)


def _inside(location: str, image: Image, rest: list[str]) -> dict[str, Any]:
    match rest:
        case []:
            return _image(location, image)
        case ["versions"]:
            return {"value": [_version(location, image, version) for version in VERSIONS]}
        case ["versions", "latest"]:
            return _version(location, image, VERSIONS[-1])
        case ["versions", version] if version in VERSIONS:
            return _version(location, image, version)
    raise _not_found((PUBLIC_NAME, "images", image.name, *rest))


def _not_found(path: tuple[str, ...]) -> ArmError:
    return ArmError(
        404, "ResourceNotFound", f"The resource with id '/CommunityGalleries/{'/'.join(path)}' was not found."
    )


def _gallery(location: str) -> dict[str, Any]:
    return {
        "name": PUBLIC_NAME,
        "location": location,
        "type": "Microsoft.Compute/Locations/CommunityGalleries",
        "identifier": {"uniqueId": _ROOT},
        "properties": {"communityMetadata": {"publicNames": [PUBLIC_NAME]}, "artifactTags": {}},
    }


def _image(location: str, image: Image) -> dict[str, Any]:
    security = "ConfidentialVM" if image.confidential else "TrustedLaunchSupported"
    return {
        "name": image.name,
        "location": location,
        "type": "Microsoft.Compute/Locations/CommunityGalleries/Images",
        "identifier": {"uniqueId": f"{_ROOT}/Images/{image.name}"},
        "properties": {
            "osType": "Linux",
            "osState": "Generalized",
            "hyperVGeneration": "V2",
            "architecture": image.architecture,
            "features": [{"name": "SecurityType", "value": security}],
            "identifier": {"publisher": "enclave", "offer": "host", "sku": image.name},
        },
    }


def _version(location: str, image: Image, version: str) -> dict[str, Any]:
    year, month, _ = version.split(".")
    return {
        "name": version,
        "location": location,
        "type": "Microsoft.Compute/Locations/CommunityGalleries/Images/Versions",
        "identifier": {"uniqueId": f"{_ROOT}/Images/{image.name}/Versions/{version}"},
        "properties": {
            "publishedDate": f"{year}-{int(month):02}-01T00:00:00+00:00",
            "excludeFromLatest": False,
            "storageProfile": {"osDiskImage": {"diskSizeGB": image.disk_gb, "hostCaching": "ReadOnly"}},
        },
    }
