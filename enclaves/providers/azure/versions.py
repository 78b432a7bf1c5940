"""Which version of its API each type of resource is asked in: one table, nowhere else a version."""

from typing import Final

from enclaves.blueprints.azure import versions as blueprint

SUBSCRIPTION: Final = "Microsoft.Resources/subscriptions"
LOCATION: Final = "Microsoft.Resources/subscriptions/locations"
RESOURCE_PROVIDER: Final = "Microsoft.Resources/subscriptions/providers"
GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups"
FEATURE: Final = "Microsoft.Features/providers/features"
ROLE_DEFINITION: Final = "Microsoft.Authorization/roleDefinitions"
ROLE_ASSIGNMENT: Final = "Microsoft.Authorization/roleAssignments"
IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
VIRTUAL_NETWORK: Final = "Microsoft.Network/virtualNetworks"
SECURITY_GROUP: Final = "Microsoft.Network/networkSecurityGroups"
NAT_GATEWAY: Final = "Microsoft.Network/natGateways"
PUBLIC_ADDRESS: Final = "Microsoft.Network/publicIPAddresses"
INTERFACE: Final = "Microsoft.Network/networkInterfaces"
VAULT: Final = "Microsoft.KeyVault/vaults"
KEY: Final = "Microsoft.KeyVault/vaults/keys"
STORAGE: Final = "Microsoft.Storage/storageAccounts"
CONTAINER: Final = "Microsoft.Storage/storageAccounts/blobServices/containers"
LIFECYCLE: Final = "Microsoft.Storage/storageAccounts/managementPolicies"
MACHINE: Final = "Microsoft.Compute/virtualMachines"
DISK_ENCRYPTION: Final = "Microsoft.Compute/diskEncryptionSets"
SKU: Final = "Microsoft.Compute/skus"
USAGE: Final = "Microsoft.Compute/locations/usages"
IMAGE_VERSION: Final = "Microsoft.Compute/locations/communityGalleries/images/versions"

VERSIONS: Final[dict[str, str]] = {
    # What templates make is read in the version in which they write it.
    **blueprint.VERSIONS,
    SUBSCRIPTION: "2022-12-01",
    LOCATION: "2022-12-01",
    RESOURCE_PROVIDER: "2025-04-01",
    GROUP: "2025-04-01",
    FEATURE: "2021-07-01",
    INTERFACE: blueprint.VERSIONS[VIRTUAL_NETWORK],
    MACHINE: "2025-11-01",
    SKU: "2021-07-01",
    USAGE: "2025-11-01",
    IMAGE_VERSION: "2024-03-03",
}

# The version of the network's API in which Compute makes a machine's interface for us.
INTERFACE_OF_MACHINE: Final = "2022-11-01"
