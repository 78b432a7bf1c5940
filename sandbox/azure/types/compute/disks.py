"""Managed disks: empty ones, and the ones that machines bring from their image."""

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.compute.encryption_sets import check_usable
from sandbox.azure.types.compute.galleries import image_of
from sandbox.azure.types.shapes import READ_ONLY, choice, fit, tracked
from sandbox.azure.types.versions import DISKS
from sandbox.azure.types.zones import check_zones
from sandbox.azure.world import World

NAME = "Microsoft.Compute/disks"
SKUS = choice(
    "Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "PremiumV2_LRS", "StandardSSD_ZRS", "Premium_ZRS"
)
GIBIBYTES = range(1, 32768)
# How a machine's securityEncryptionType shows on its disk.
CONFIDENTIAL = {
    "VMGuestStateOnly": "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey",
    "DiskWithVMGuestState": "ConfidentialVM_DiskEncryptedWithPlatformKey",
    "NonPersistedTPM": "ConfidentialVM_NonPersistedTPM",
}

SHAPE = tracked(
    {
        "creationData": {
            "createOption": choice("Empty", "FromImage"),
            "imageReference": {"communityGalleryImageId": str},
        },
        "diskSizeGB": int,
        "osType": choice("Linux"),
        "hyperVGeneration": choice("V1", "V2"),
        "encryption": {
            "type": choice(
                "EncryptionAtRestWithPlatformKey",
                "EncryptionAtRestWithCustomerKey",
                "EncryptionAtRestWithPlatformAndCustomerKeys",
            ),
            "diskEncryptionSetId": str,
        },
        "networkAccessPolicy": choice("AllowAll", "DenyAll"),
        "publicNetworkAccess": choice("Enabled", "Disabled"),
        "securityProfile": {"securityType": choice("TrustedLaunch", *CONFIDENTIAL.values())},
        "diskState": READ_ONLY,
        "timeCreated": READ_ONLY,
        "uniqueId": READ_ONLY,
        "diskSizeBytes": READ_ONLY,
    },
    sku={"name": SKUS, "tier": READ_ONLY},
    zones=[str],
    managedBy=READ_ONLY,
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    check_zones(write, most=1)
    creation = write.properties["creationData"]
    if creation["createOption"] == "FromImage":
        image_of((creation.get("imageReference") or {}).get("communityGalleryImageId") or "")
    _check_size(write)
    _check_encryption(write)


def _check_size(write: Write) -> None:
    size = write.properties.get("diskSizeGB")
    if size is None and write.properties["creationData"]["createOption"] == "Empty":
        raise refused("InvalidParameter", "Required parameter 'diskSizeGB' is missing (null).", "diskSizeGB")
    if size is not None and size not in GIBIBYTES:
        raise refused(
            "InvalidParameter", f"The value '{size}' of parameter 'diskSizeGB' is out of range.", "diskSizeGB"
        )
    before = write.old["properties"].get("diskSizeGB", 0) if write.old else 0
    if size is not None and size < before:
        raise refused("InvalidParameter", "A disk cannot be made smaller.", "diskSizeGB")


def _check_encryption(write: Write) -> None:
    encryption = write.properties.get("encryption") or {}
    set_id = encryption.get("diskEncryptionSetId")
    by_customer = "Customer" in encryption.get("type", "EncryptionAtRestWithPlatformKey")
    if by_customer and not set_id:
        text = "Required parameter 'encryption.diskEncryptionSetId' is missing (null)."
        raise refused("InvalidParameter", text, "encryption.diskEncryptionSetId")
    if set_id:
        check_usable(write, set_id)


def _fill(write: Write) -> None:
    before = write.old["properties"] if write.old else {}
    properties = write.properties
    encryption = properties.setdefault("encryption", {})
    kind = "CustomerKey" if encryption.get("diskEncryptionSetId") else "PlatformKey"
    encryption.setdefault("type", f"EncryptionAtRestWith{kind}")
    properties["diskState"] = before.get("diskState", "Unattached")
    properties["timeCreated"] = before.get("timeCreated", write.world.clock.iso())
    properties["uniqueId"] = before.get("uniqueId", write.world.new_id())
    write.body.setdefault("sku", {"name": "Standard_LRS"})
    if write.old and write.old.get("managedBy"):
        write.body["managedBy"] = write.old["managedBy"]


def attach(disk: Resource, machine: str) -> None:
    disk["managedBy"], disk["properties"]["diskState"] = machine, "Attached"


def detach(disk: Resource) -> None:
    disk.pop("managedBy", None)
    disk["properties"]["diskState"] = "Unattached"


def _forbids_deletion(_world: World, disk: Resource) -> None:
    if machine := disk.get("managedBy"):
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Disk {disk['name']} is attached to VM {machine}. Detach the disk from the VM before deleting.",
        )


register(
    ResourceType(
        name=NAME,
        api_versions=DISKS,
        required=("properties.creationData.createOption",),
        name_pattern=r"[A-Za-z0-9_.-]{1,80}",
        create_seconds=3,
        delete_seconds=3,
        check=_check,
        fill=_fill,
        forbids_deletion=_forbids_deletion,
    )
)
