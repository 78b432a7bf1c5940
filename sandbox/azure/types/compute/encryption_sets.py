"""Disk encryption sets: the key that disks are encrypted with, and whether their identity may use it."""

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.key_use import forbids_use, key_of
from sandbox.azure.types.shapes import IDENTITY, READ_ONLY, REFERENCE, choice, fit, tracked
from sandbox.azure.types.versions import DISKS
from sandbox.azure.world import World

NAME = "Microsoft.Compute/diskEncryptionSets"

# Azure's third kind, for confidential disks, needs an object of the directory that is not modelled.
SHAPE = tracked(
    {
        "encryptionType": choice(
            "EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys"
        ),
        "activeKey": {"sourceVault": REFERENCE, "keyUrl": str},
        "rotationToLatestKeyVersionEnabled": bool,
        "lastKeyRotationTimestamp": READ_ONLY,
        "previousKeys": READ_ONLY,
    },
    identity=IDENTITY,
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    active = write.properties["activeKey"]
    key = key_of(write.world, active["keyUrl"], with_version=True)
    vault = write.exists(_vault_of(key))
    named: str = (active.get("sourceVault") or vault)["id"]
    if named.lower() != vault["id"].lower():
        raise refused(
            "InvalidParameter", f"The key {active['keyUrl']} is not in the vault {named}.", "activeKey"
        )
    if vault["location"] != write.body["location"]:
        text = "The key vault and the disk encryption set must be in the same region."
        raise refused("InvalidParameter", text, "activeKey.sourceVault.id")
    if not vault["properties"].get("enablePurgeProtection"):
        raise refused(
            "KeyVaultPurgeProtectionNotEnabled",
            f"Key vault {vault['id']} must have soft delete and purge protection enabled.",
        )


def _vault_of(key: Resource) -> str:
    return str(key["id"]).rpartition("/keys/")[0]


def _fill(write: Write) -> None:
    properties = write.properties
    properties.setdefault("encryptionType", "EncryptionAtRestWithCustomerKey")
    properties.setdefault("rotationToLatestKeyVersionEnabled", False)
    properties["previousKeys"] = []


def check_usable(write: Write, set_id: str) -> None:
    """Refuse to encrypt a disk with a set whose identity cannot reach its key."""
    found = write.exists(set_id)
    if found["location"] != write.body["location"]:
        text = f"Disk encryption set {set_id} is in another region."
        raise refused("InvalidParameter", text, "diskEncryptionSet.id")
    key = key_of(write.world, found["properties"]["activeKey"]["keyUrl"], with_version=True)
    holders = _holders(found)
    reasons = [forbids_use(write.world, key, principal) for principal in holders]
    if not holders or all(reasons):
        raise refused(
            "KeyVaultAccessForbidden",
            f"Unable to access key vault resource '{found['properties']['activeKey']['keyUrl']}' to enable "
            f"encryption at rest. {reasons[0] if reasons else 'The set has no identity.'} Please grant get, "
            f"wrap and unwrap key permissions to disk encryption set '{found['name']}'.",
        )


def _holders(encryption_set: Resource) -> list[str]:
    identity = encryption_set["identity"]
    users = (identity.get("userAssignedIdentities") or {}).values()
    own = [identity["principalId"]] if identity.get("principalId") else []
    return [*own, *(user["principalId"] for user in users)]


def _forbids_deletion(world: World, encryption_set: Resource) -> None:
    if users := world.referrers(encryption_set["id"]):
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Disk encryption set {encryption_set['name']} cannot be deleted: it is in use by {users[0]}.",
        )


register(
    ResourceType(
        name=NAME,
        api_versions=DISKS,
        required=("properties.activeKey.keyUrl", "identity.type"),
        name_pattern=r"[A-Za-z0-9_.-]{1,80}",
        create_seconds=5,
        delete_seconds=5,
        check=_check,
        fill=_fill,
        forbids_deletion=_forbids_deletion,
    )
)
