"""The rules of confidential machines: size, image, secure boot, virtual TPM and the disk's own encryption."""

from collections.abc import Mapping
from typing import Any

from sandbox.azure.demands import dig
from sandbox.azure.errors import refused
from sandbox.azure.types.compute.galleries import Image
from sandbox.azure.types.compute.sizes import TDX, Size

_TYPE = "securityProfile.securityType"
_ENCRYPTION = "storageProfile.osDisk.managedDisk.securityProfile.securityEncryptionType"
_INNER_SET = "storageProfile.osDisk.managedDisk.securityProfile.diskEncryptionSet"
_OUTER_SET = "storageProfile.osDisk.managedDisk.diskEncryptionSet"
_SECURE_BOOT = "securityProfile.uefiSettings.secureBootEnabled"
_TPM = "securityProfile.uefiSettings.vTpmEnabled"
_AT_HOST = "securityProfile.encryptionAtHost"


def check_confidential(properties: Mapping[str, Any], size: Size, image: Image) -> None:
    """Refuse a machine that is confidential in one place and not in another."""
    if dig(properties, _TYPE) == "ConfidentialVM":
        _check_hardware(properties, size, image)
        _check_encryption(properties, size)
    else:
        _check_plain(properties, size, image)


def _check_hardware(properties: Mapping[str, Any], size: Size, image: Image) -> None:
    if not size.confidential:
        raise refused(
            "BadRequest",
            f"The VM size '{size.name}' is not supported for creation of VMs and Virtual Machine Scale Set "
            "with 'ConfidentialVM' security type.",
        )
    if not image.confidential:
        raise refused(
            "BadRequest", f"The image '{image.name}' does not support the 'ConfidentialVM' security type."
        )
    if dig(properties, _TPM) is not True:
        raise refused("InvalidParameter", "vTpmEnabled must be true for a ConfidentialVM.", _TPM)


def _check_encryption(properties: Mapping[str, Any], size: Size) -> None:
    encryption = dig(properties, _ENCRYPTION)
    if encryption is None:
        text = "securityEncryptionType is required on the OS disk of a ConfidentialVM."
        raise refused("InvalidParameter", text, _ENCRYPTION)
    if encryption == "DiskWithVMGuestState":
        _check_whole_disk(properties)
    if dig(properties, _INNER_SET):
        # Such a set needs a service principal of Azure's own in the directory: a step of its admin.
        text = "The set must be of the type ConfidentialVmEncryptedWithCustomerKey, which is not modelled."
        raise refused("BadRequest", text, _INNER_SET)
    if encryption == "NonPersistedTPM" and size.trusted_by != TDX:
        text = f"NonPersistedTPM is not supported by the VM size '{size.name}'."
        raise refused("InvalidParameter", text, _ENCRYPTION)


def _check_whole_disk(properties: Mapping[str, Any]) -> None:
    if dig(properties, _SECURE_BOOT) is not True:
        text = "secureBootEnabled must be true when securityEncryptionType is DiskWithVMGuestState."
        raise refused("InvalidParameter", text, _SECURE_BOOT)
    if dig(properties, _AT_HOST):
        text = "encryptionAtHost cannot be enabled when securityEncryptionType is DiskWithVMGuestState."
        raise refused("InvalidParameter", text, _AT_HOST)
    if dig(properties, _OUTER_SET):
        text = "The disk encryption set of a DiskWithVMGuestState disk belongs into its security profile."
        raise refused("InvalidParameter", text, _OUTER_SET)


def _check_plain(properties: Mapping[str, Any], size: Size, image: Image) -> None:
    if dig(properties, "storageProfile.osDisk.managedDisk.securityProfile"):
        text = "The security profile of an OS disk can be set only for confidential VMs."
        raise refused("InvalidParameter", text, _ENCRYPTION)
    if size.confidential:
        raise refused("BadRequest", f"The VM size '{size.name}' requires the 'ConfidentialVM' security type.")
    if image.confidential:
        raise refused("BadRequest", f"The image '{image.name}' requires the 'ConfidentialVM' security type.")
