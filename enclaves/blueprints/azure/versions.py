"""Which version of its API each type that a template makes is written in: one table."""

DEPLOYMENTS = "Microsoft.Resources/deployments"
GROUPS = "Microsoft.Resources/resourceGroups"
FEATURES = "Microsoft.Features/featureProviders/subscriptionFeatureRegistrations"
ROLE_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
ROLE_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
FEDERATED_CREDENTIALS = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
SECURITY_GROUPS = "Microsoft.Network/networkSecurityGroups"
PUBLIC_ADDRESSES = "Microsoft.Network/publicIPAddresses"
NAT_GATEWAYS = "Microsoft.Network/natGateways"
VAULTS = "Microsoft.KeyVault/vaults"
KEYS = "Microsoft.KeyVault/vaults/keys"
DISK_ENCRYPTION_SETS = "Microsoft.Compute/diskEncryptionSets"
STORAGE_ACCOUNTS = "Microsoft.Storage/storageAccounts"
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
LIFECYCLES = "Microsoft.Storage/storageAccounts/managementPolicies"

_NETWORK, _VAULT, _STORAGE = "2025-07-01", "2025-05-01", "2025-08-01"

VERSIONS = {
    DEPLOYMENTS: "2025-04-01",
    GROUPS: "2025-04-01",
    FEATURES: "2021-07-01",
    ROLE_DEFINITIONS: "2022-04-01",
    ROLE_ASSIGNMENTS: "2022-04-01",
    IDENTITIES: "2024-11-30",
    FEDERATED_CREDENTIALS: "2024-11-30",
    NETWORKS: _NETWORK,
    SECURITY_GROUPS: _NETWORK,
    PUBLIC_ADDRESSES: _NETWORK,
    NAT_GATEWAYS: _NETWORK,
    VAULTS: _VAULT,
    KEYS: _VAULT,
    DISK_ENCRYPTION_SETS: "2025-01-02",
    STORAGE_ACCOUNTS: _STORAGE,
    CONTAINERS: _STORAGE,
    LIFECYCLES: _STORAGE,
}
