"""What the identities of a subscription may do once both templates are applied, and what they may not."""

import pytest

from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.names import (
    ARCHIVE_IDENTITY,
    HOST,
    PROVISIONER,
    ROLES,
    global_name,
    group_id,
    identity_id,
    resource_id,
    subscription_id,
    zone_group,
)
from enclaves.blueprints.azure.versions import CONTAINERS, VAULTS
from sandbox.azure import rbac
from tests.enclaves.blueprints.azure.examples import PLACE

GROUP = zone_group(PLACE.zone)
# What somebody who took over one of our identities would try first.
COVETED = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Compute/virtualMachines/runCommand/action",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.KeyVault/vaults/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.Network/networkInterfaces/write",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.Resources/deployments/write",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/write",
)


@pytest.fixture
def scopes(enclave):
    """The scopes of the manifest, as they are called in this subscription, and its vault."""
    account = enclave.binding.account
    archive = global_name(enclave.binding.registration, PLACE.zone)
    path = ("default", "logs")
    return {
        manifest.SUBSCRIPTION: subscription_id(account),
        manifest.ZONES: group_id(account, GROUP),
        manifest.HOST_IDENTITY: identity_id(account, HOST),
        manifest.LOG_ARCHIVES: resource_id(account, GROUP, CONTAINERS, archive, *path),
        "vault": resource_id(account, GROUP, VAULTS, archive),
    }


@pytest.fixture
def may(enclave):
    """Ask whether an identity may do something: ``may(OBSERVER, action, scope)``."""

    def ask(role, action, scope, data=False):
        identity = enclave.need(identity_id(enclave.binding.account, role))
        principal = identity["properties"]["principalId"]
        return rbac.allows(enclave.azure.world, principal, action, scope, data=data)

    return ask


@pytest.mark.parametrize("permission", manifest.PERMISSIONS, ids=lambda each: f"{each.role}-{each.action}")
def test_each_permission_of_the_manifest_holds_where_it_says(may, scopes, permission):
    assert may(permission.role, permission.action, scopes[permission.resource], permission.data)


def test_the_provisioner_can_do_nothing_outside_of_the_zones(may, enclave, scopes):
    actions = [*(permission.action for permission in manifest.of_role(PROVISIONER)), *COVETED]
    elsewhere = [group_id(enclave.binding.account, name) for name in ("enclave", "theirs")]

    for scope in (scopes[manifest.SUBSCRIPTION], *elsewhere):
        assert [action for action in actions if may(PROVISIONER, action, scope)] == []


@pytest.mark.parametrize("role", ROLES)
def test_nobody_of_ours_can_do_what_would_open_the_rest(may, scopes, role):
    assert [action for action in COVETED if may(role, action, scopes[manifest.ZONES])] == []


def test_the_identity_of_the_archive_cannot_be_given_to_a_host(may, enclave):
    archive = identity_id(enclave.binding.account, ARCHIVE_IDENTITY, GROUP)

    assert not may(PROVISIONER, "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", archive)


@pytest.mark.parametrize("verb", ["read", "write", "delete", "tags/write", "move/action"])
def test_a_host_can_only_add_to_the_archive(may, scopes, verb):
    action = f"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{verb}"

    assert not may(HOST, action, scopes[manifest.LOG_ARCHIVES], data=True)


@pytest.mark.parametrize("role", ROLES)
def test_no_identity_of_ours_can_use_a_key(may, scopes, role):
    verbs = ("wrap", "unwrap", "encrypt", "decrypt", "sign")
    actions = [f"Microsoft.KeyVault/vaults/keys/{verb}/action" for verb in verbs]

    assert [action for action in actions if may(role, action, scopes["vault"], data=True)] == []
