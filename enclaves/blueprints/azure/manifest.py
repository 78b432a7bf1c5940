"""Every action that the portal uses in a tenant's subscription: one table, and nothing beside it.

The account template makes the roles of exactly this, both templates assign them where it says, the
account page shows it line by line, and each proof of an account compares what is granted with it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from enclaves.blueprints.azure.names import HOST, OBSERVER, PROVISIONER
from enclaves.blueprints.base import Permission

SUBSCRIPTION = "/subscriptions/${Subscription}"
# The resource group of each zone: there, and nowhere else, can the portal change anything.
ZONES = f"{SUBSCRIPTION}/resourceGroups/enclave-*"
HOST_IDENTITY = (
    f"{SUBSCRIPTION}/resourceGroups/enclave"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/enclave-host"
)
LOG_ARCHIVES = (
    f"{ZONES}/providers/Microsoft.Storage/storageAccounts/enclave*/blobServices/default/containers/logs"
)

READS = {
    "Microsoft.Resources/subscriptions/read": "See that the subscription is the one that was registered.",
    "Microsoft.Resources/subscriptions/locations/read": "Learn which of your zones is which physical zone.",
    "Microsoft.Resources/subscriptions/providers/read": "See that the resource providers are registered.",
    "Microsoft.Resources/subscriptions/resourceGroups/read": (
        "Read the registration and the version of the templates on the resource groups."
    ),
    "Microsoft.Features/providers/features/read": "See that disks can be encrypted on the machines' hosts.",
    "Microsoft.Authorization/roleDefinitions/read": "See whether an action of this list is missing.",
    "Microsoft.Authorization/roleAssignments/read": "See that each role is assigned, and only where it must.",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read": "Find the identities that the portal works as.",
    "Microsoft.Network/virtualNetworks/read": "Find the zone's one network, and see that it is whole.",
    "Microsoft.Network/networkSecurityGroups/read": "See that nothing from outside is let in to hosts.",
    "Microsoft.Network/natGateways/read": "See that the way out is there.",
    "Microsoft.Network/networkInterfaces/read": "Learn the addresses of hosts.",
    "Microsoft.Network/publicIPAddresses/read": "See that no host has a public IPv4 address.",
    "Microsoft.KeyVault/vaults/read": "See that the vault of the keys cannot be purged.",
    "Microsoft.KeyVault/vaults/keys/read": "See that keys are enabled and rotated; the keys are not shown.",
    "Microsoft.Compute/diskEncryptionSets/read": "See that disks are encrypted with your key.",
    "Microsoft.Storage/storageAccounts/read": "See that the archive is closed, and encrypted with your key.",
    "Microsoft.Storage/storageAccounts/blobServices/containers/read": (
        "See that nothing in the archive can become public; not what is in it."
    ),
    "Microsoft.Storage/storageAccounts/managementPolicies/read": "See that logs expire.",
    "Microsoft.Compute/virtualMachines/read": "Compare the hosts that exist with those that you deployed.",
    "Microsoft.Compute/skus/read": "Know which machine sizes a zone has.",
    "Microsoft.Compute/locations/usages/read": "Know how many more machines your quota allows.",
    "Microsoft.Compute/locations/communityGalleries/images/versions/read": "Find the newest host image.",
}
CHANGES = {
    "Microsoft.Compute/virtualMachines/write": "Launch hosts, with their network interface and addresses.",
    "Microsoft.Compute/virtualMachines/delete": "End hosts.",
    "Microsoft.Compute/disks/write": "Make the disk that comes with a host.",
    "Microsoft.Compute/disks/delete": "Let that disk go with its host.",
    "Microsoft.Compute/diskEncryptionSets/read": "Encrypt that disk with your key, which is not shown.",
    "Microsoft.Network/virtualNetworks/subnets/join/action": "Place hosts in the zone's subnet and no other.",
    "Microsoft.Network/networkSecurityGroups/join/action": (
        "Put each host behind the wall that lets nothing in, and that the portal cannot change."
    ),
}

PERMISSIONS: tuple[Permission, ...] = (
    *(Permission(OBSERVER, action, SUBSCRIPTION, why) for action, why in READS.items()),
    *(Permission(PROVISIONER, action, ZONES, why) for action, why in CHANGES.items()),
    Permission(
        PROVISIONER,
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        HOST_IDENTITY,
        "Give hosts the identity enclave-host; no other identity.",
    ),
    Permission(
        HOST,
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
        LOG_ARCHIVES,
        "Add logs to the archive; not read, not change, not delete.",
        data=True,
    ),
)


@dataclass(frozen=True)
class Definition:
    """A role definition: what one of the portal's roles may do at one kind of place.

    Azure grants all of a definition wherever it is assigned, so each kind of place has its own.
    """

    title: str
    role: str
    place: str
    purpose: str

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return tuple(each for each in PERMISSIONS if (each.role, each.resource) == (self.role, self.place))

    @property
    def actions(self) -> list[str]:
        return [permission.action for permission in self.permissions if not permission.data]

    @property
    def data_actions(self) -> list[str]:
        return [permission.action for permission in self.permissions if permission.data]


OBSERVING = Definition("enclave-observer", OBSERVER, SUBSCRIPTION, "Reads health and drift for the portal.")
PROVISIONING = Definition(
    "enclave-provisioner", PROVISIONER, ZONES, "Launches and ends hosts in a zone for the portal."
)
GIVING_IDENTITY = Definition(
    "enclave-host-identity", PROVISIONER, HOST_IDENTITY, "Gives hosts the identity enclave-host."
)
HOSTING = Definition("enclave-host", HOST, LOG_ARCHIVES, "What a host may do: add its logs to the archive.")
DEFINITIONS = (OBSERVING, PROVISIONING, GIVING_IDENTITY, HOSTING)


def of_role(role: str) -> tuple[Permission, ...]:
    return tuple(permission for permission in PERMISSIONS if permission.role == role)


def filled(permission: Permission, values: Mapping[str, str]) -> Permission:
    """Put a subscription's values in the place of the ``${Names}``."""
    resource = re.sub(r"\$\{([^}]+)\}", lambda name: values[name[1]], permission.resource)
    return replace(permission, resource=resource)
