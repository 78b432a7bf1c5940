"""The names that templates give to things and that providers look for. None is ever typed by a user."""

import re
from collections.abc import Mapping

OBSERVER = "enclave-observer"
PROVISIONER = "enclave-provisioner"
HOST = "enclave-host"
ROLES = (OBSERVER, PROVISIONER, HOST)

REGISTRATION_TAG = "enclave:registration"
VERSION_TAG = "enclave:template-version"
ZONE_TAG = "enclave:zone"
SERVICE_TAG = "enclave:service"
HOST_TAG = "enclave:host"

ARCHIVE_DAYS = 31

# The values of SERVICE_TAG that a provider looks for.
HOSTS = "hosts"
LOAD_BALANCERS = "lb"

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def role_arn(account: str, role: str) -> str:
    return f"arn:aws:iam::{account}:role/{role}"


def disk_key_alias(zone: str) -> str:
    return f"alias/enclave-{_slug(zone)}-disk"


def archive_key_alias(zone: str) -> str:
    return f"alias/enclave-{_slug(zone)}-archive"


def archive_bucket(account: str, zone: str) -> str:
    """Name the log archive of a zone. Raises ValueError for a zone too long to be in a bucket's name."""
    name = f"enclave-archive-{account}-{_slug(zone)}"
    if not _BUCKET_NAME.fullmatch(name):
        raise ValueError(f"{zone} cannot be part of a bucket's name: {name}")
    return name


def stack_name(zone: str = "") -> str:
    return f"enclave-zone-{_slug(zone)}" if zone else "enclave-account"


def _slug(zone: str) -> str:
    # A dot in a bucket's name breaks TLS to it, and a stack's name cannot hold one.
    return zone.replace(".", "-")


def values(*, account: str, registration: str, image_owner: str) -> Mapping[str, str]:
    """Tell what the manifest's ``${Names}`` stand for in an account."""
    return {
        "AWS::Partition": "aws",
        "AWS::AccountId": account,
        "RegistrationId": registration,
        "ImageOwner": image_owner,
    }
