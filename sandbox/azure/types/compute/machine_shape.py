"""What the body of a virtual machine may hold: the parts that the sandbox models, and nothing else."""

from sandbox.azure.types.compute.disks import SKUS
from sandbox.azure.types.shapes import IDENTITY, READ_ONLY, REFERENCE, AnyKeys, choice, tracked

_DELETE_OPTION = choice("Delete", "Detach")

_OS_DISK = {
    "name": str,
    "osType": choice("Linux"),
    "createOption": choice("FromImage"),
    "caching": choice("None", "ReadOnly", "ReadWrite"),
    "diskSizeGB": int,
    "deleteOption": _DELETE_OPTION,
    "managedDisk": {
        "id": str,
        "storageAccountType": SKUS,
        "diskEncryptionSet": REFERENCE,
        "securityProfile": {
            "securityEncryptionType": choice("VMGuestStateOnly", "DiskWithVMGuestState", "NonPersistedTPM"),
            "diskEncryptionSet": REFERENCE,
        },
    },
}
_PUBLIC_ADDRESS = {
    "name": str,
    "sku": {"name": choice("Basic", "Standard"), "tier": choice("Regional")},
    "tags": AnyKeys(str),
    "properties": {
        "deleteOption": _DELETE_OPTION,
        "publicIPAddressVersion": choice("IPv4", "IPv6"),
        "publicIPAllocationMethod": choice("Static", "Dynamic"),
        "idleTimeoutInMinutes": int,
    },
}
_INTERFACE = {
    "name": str,
    "tags": AnyKeys(str),
    "properties": {
        "primary": bool,
        "deleteOption": _DELETE_OPTION,
        "enableAcceleratedNetworking": bool,
        "enableIPForwarding": bool,
        "disableTcpStateTracking": bool,
        "networkSecurityGroup": REFERENCE,
        "ipConfigurations": [
            {
                "name": str,
                "properties": {
                    "subnet": REFERENCE,
                    "primary": bool,
                    "privateIPAddressVersion": choice("IPv4", "IPv6"),
                    "publicIPAddressConfiguration": _PUBLIC_ADDRESS,
                },
            }
        ],
    },
}
_LINUX = {
    "disablePasswordAuthentication": bool,
    "provisionVMAgent": bool,
    "ssh": {"publicKeys": [{"path": str, "keyData": str}]},
    "patchSettings": {
        "patchMode": choice("ImageDefault", "AutomaticByPlatform"),
        "assessmentMode": choice("ImageDefault", "AutomaticByPlatform"),
    },
    "enableVMAgentPlatformUpdates": READ_ONLY,
}

SHAPE = tracked(
    {
        "hardwareProfile": {"vmSize": str},
        "storageProfile": {
            "imageReference": {"communityGalleryImageId": str, "exactVersion": READ_ONLY},
            "osDisk": _OS_DISK,
            "dataDisks": READ_ONLY,
            "diskControllerType": choice("SCSI", "NVMe"),
        },
        "osProfile": {
            "computerName": str,
            "adminUsername": str,
            "adminPassword": str,
            "customData": str,
            "linuxConfiguration": _LINUX,
            "allowExtensionOperations": bool,
            "secrets": READ_ONLY,
            "requireGuestProvisionSignal": READ_ONLY,
        },
        "networkProfile": {
            "networkApiVersion": choice("2020-11-01", "2022-11-01"),
            "networkInterfaceConfigurations": [_INTERFACE],
            "networkInterfaces": [
                {"id": str, "properties": {"primary": bool, "deleteOption": _DELETE_OPTION}}
            ],
        },
        "securityProfile": {
            "securityType": choice("Standard", "TrustedLaunch", "ConfidentialVM"),
            "encryptionAtHost": bool,
            "uefiSettings": {"secureBootEnabled": bool, "vTpmEnabled": bool},
        },
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": bool}},
        "priority": choice("Regular"),
        "userData": str,
        "extensionsTimeBudget": str,
        "vmId": READ_ONLY,
        "timeCreated": READ_ONLY,
        "instanceView": READ_ONLY,
    },
    identity=IDENTITY,
    zones=[str],
    resources=READ_ONLY,
)
