"""The names that templates give to things and that the provider looks for. None is ever typed by a user."""

import hashlib
import re
import uuid
from collections.abc import Mapping

OBSERVER = "enclave-observer"
PROVISIONER = "enclave-provisioner"
HOST = "enclave-host"
ROLES = (OBSERVER, PROVISIONER, HOST)
# The two that the portal itself works through; a host is given the third.
PORTAL_ROLES = (OBSERVER, PROVISIONER)
# With it the storage account reaches the key of the archive; nobody else may use it.
ARCHIVE_IDENTITY = "enclave-archive"

REGISTRATION_TAG = "enclave:registration"
VERSION_TAG = "enclave:template-version"
ZONE_TAG = "enclave:zone"
SERVICE_TAG = "enclave:service"
HOST_TAG = "enclave:host"

# The values of SERVICE_TAG.
ACCOUNT = "account"
IDENTITY = "identity"
ZONE = "zone"
NETWORK = "network"
WALLS = "walls"
WAY_OUT = "way-out"
KEYS = "keys"
DISK_KEY = "disk-key"
ARCHIVE_KEY = "archive-key"
DISKS = "disks"
ARCHIVE = "archive"

ACCOUNT_GROUP = "enclave"
NETWORK_NAME = "enclave"
HOSTS_SUBNET = "hosts"
WALLS_NAME = "enclave-hosts"
WAY_OUT_NAME = "enclave-out"
DISK_ENCRYPTION = "enclave-disks"
DISK_KEY_NAME = "disk"
ARCHIVE_KEY_NAME = "archive"
LOGS, ACCESS = "logs", "access"
ARCHIVE_DAYS = 31

FEDERATED_CREDENTIAL = "portal"
AUDIENCE = "api://AzureADTokenExchange"
ENCRYPTION_AT_HOST = "Microsoft.Compute/EncryptionAtHost"

# Makes our GUIDs ours; a template that is applied again finds what it made by them.
_NAMESPACE = uuid.UUID("b8b4f0c6-3a0e-5c58-9a86-6c0d6d1f7f52")
_DEPLOYMENT_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")


def subject(tenant: str, account: str, role: str) -> str:
    """Write whom a federated credential trusts: one of the portal's roles, for one tenant and account."""
    return f"tenant:{tenant}:subscription:{account}:role:{role.removeprefix('enclave-')}"


def zone_group(zone: str) -> str:
    """Name the resource group of a zone. Raises ValueError for a zone too long to be in one."""
    name = f"enclave-{zone.replace('.', '-')}"
    if not _DEPLOYMENT_NAME.fullmatch(name):
        raise ValueError(f"{zone} cannot be part of a deployment's name: {name}")
    return name


def deployment_name(zone: str = "") -> str:
    return zone_group(zone) if zone else "enclave-account"


def global_name(registration: str, zone: str) -> str:
    """Name a zone's vault, and its storage account: names that the whole world shares."""
    # A vault's name stays taken for 90 days after its end, so another registration needs another.
    return f"enclave{hashlib.sha256(f'{registration}/{zone}'.encode()).hexdigest()[:17]}"


def subscription_id(account: str) -> str:
    return f"/subscriptions/{account}"


def group_id(account: str, group: str) -> str:
    return f"{subscription_id(account)}/resourceGroups/{group}"


def resource_id(account: str, group: str, kind: str, *names: str) -> str:
    """Write the id of a resource of a resource group; ``kind`` may have children, each with its name."""
    namespace, *types = kind.split("/")
    path = "/".join(part for pair in zip(types, names, strict=True) for part in pair)
    return f"{group_id(account, group)}/providers/{namespace}/{path}"


def identity_id(account: str, name: str, group: str = ACCOUNT_GROUP) -> str:
    return resource_id(account, group, "Microsoft.ManagedIdentity/userAssignedIdentities", name)


def role_id(account: str, role: str) -> str:
    """Write the id of one of our role definitions, by its title in ``manifest.DEFINITIONS``."""
    return builtin_role_id(account, guid(account, role))


def builtin_role_id(account: str, role: str) -> str:
    return f"{subscription_id(account)}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def role_name(account: str, role: str) -> str:
    # Names of roles are unique in a directory, which may have many subscriptions.
    return f"{role.replace('-', ' ').capitalize()} ({account})"


def guid(*parts: str) -> str:
    """Make a GUID that is the same each time."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts).lower()))


def values(*, account: str) -> Mapping[str, str]:
    """Tell what the manifest's ``${Names}`` stand for in a subscription."""
    return {"Subscription": account}
