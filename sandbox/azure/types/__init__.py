"""What Azure demands of each resource type that the portal and its templates use, and adds to it.

Importing it makes the types known; what is not here is refused.
"""

from sandbox.azure.types import authorization, identities, key_vault
from sandbox.azure.types.compute import disks, encryption_sets, machines
from sandbox.azure.types.network import (
    interfaces,
    nat_gateways,
    public_addresses,
    security_groups,
    virtual_networks,
)
from sandbox.azure.types.storage import accounts, containers, lifecycles

MODULES = (
    authorization,
    identities,
    key_vault,
    disks,
    encryption_sets,
    machines,
    interfaces,
    nat_gateways,
    public_addresses,
    security_groups,
    virtual_networks,
    accounts,
    containers,
    lifecycles,
)
