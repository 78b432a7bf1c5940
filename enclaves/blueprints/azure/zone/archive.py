"""The log archive: a storage account of the tenant that hosts add to and nobody else may open."""

from enclaves.blueprints.azure import arm
from enclaves.blueprints.azure.account import principal
from enclaves.blueprints.azure.manifest import HOSTING
from enclaves.blueprints.azure.names import (
    ACCESS,
    ARCHIVE,
    ARCHIVE_DAYS,
    ARCHIVE_IDENTITY,
    ARCHIVE_KEY_NAME,
    HOST,
    HOSTS_SUBNET,
    LOGS,
    NETWORK_NAME,
    guid,
    role_id,
)
from enclaves.blueprints.azure.versions import (
    CONTAINERS,
    IDENTITIES,
    LIFECYCLES,
    NETWORKS,
    STORAGE_ACCOUNTS,
    SUBNETS,
)
from enclaves.blueprints.azure.zone.parts import Site

CLOSED = {
    "accessTier": "Hot",
    "minimumTlsVersion": "TLS1_2",
    "supportsHttpsTrafficOnly": True,
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "allowCrossTenantReplication": False,
}


def choices() -> arm.Node:
    return {
        "archiveReaders": arm.choice(
            "array",
            [],
            "Who may reach the archive from outside the network, by public IPv4 address: "
            '[{"value": "203.0.113.7", "action": "Allow"}]. They need a role of yours besides.',
        )
    }


def resources(site: Site) -> list[arm.Node]:
    return [
        site.tracked(IDENTITIES, ARCHIVE_IDENTITY, ARCHIVE),
        _may_wrap(site),
        _storage(site),
        *(_container(site, name) for name in (LOGS, ACCESS)),
        _expiry(site),
        _hosts_may_add(site),
    ]


def _may_wrap(site: Site) -> arm.Node:
    identity = site.id(IDENTITIES, ARCHIVE_IDENTITY)
    own = arm.reference(identity, IDENTITIES, "principalId")
    return site.wrapping(ARCHIVE_KEY_NAME, ARCHIVE_IDENTITY, own, after=[identity])


def _storage(site: Site) -> arm.Node:
    identity = site.id(IDENTITIES, ARCHIVE_IDENTITY)
    made = site.tracked(
        STORAGE_ACCOUNTS,
        site.archive,
        ARCHIVE,
        after=[
            identity,
            site.key_id(ARCHIVE_KEY_NAME),
            site.wrapping_id(ARCHIVE_KEY_NAME, ARCHIVE_IDENTITY),
            site.id(NETWORKS, NETWORK_NAME),
        ],
        sku={"name": "Standard_LRS"},
        kind="StorageV2",
        # An identity that is there before the account: its own would come too late for its key.
        identity={"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        properties={**CLOSED, "encryption": _encryption(site, identity), "networkAcls": _doors(site)},
    )
    return arm.skipping(
        made, CKV_AZURE_206="Logs stay in the zone that they come from, and only for 31 days."
    )


def _encryption(site: Site, identity: str) -> arm.Node:
    return {
        "keySource": "Microsoft.Keyvault",
        "identity": {"userAssignedIdentity": identity},
        # Without a version the account follows the key when it rotates.
        "keyvaultproperties": {
            "keyvaulturi": f"https://{site.vault}.vault.azure.net",
            "keyname": ARCHIVE_KEY_NAME,
        },
    }


def _doors(site: Site) -> arm.Node:
    hosts = site.id(SUBNETS, NETWORK_NAME, HOSTS_SUBNET)
    return {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "virtualNetworkRules": [{"id": hosts, "action": "Allow"}],
        "ipRules": arm.parameter("archiveReaders"),
    }


def _container(site: Site, name: str) -> arm.Node:
    return arm.resource(
        CONTAINERS,
        f"{site.archive}/default/{name}",
        after=[site.id(STORAGE_ACCOUNTS, site.archive)],
        properties={"publicAccess": "None"},
    )


def _expiry(site: Site) -> arm.Node:
    definition = {
        "filters": {"blobTypes": ["blockBlob", "appendBlob"]},
        "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": ARCHIVE_DAYS}}},
    }
    rule = {"name": "expire", "enabled": True, "type": "Lifecycle", "definition": definition}
    return arm.resource(
        LIFECYCLES,
        f"{site.archive}/default",
        after=[site.id(STORAGE_ACCOUNTS, site.archive)],
        properties={"policy": {"rules": [rule]}},
    )


def _hosts_may_add(site: Site) -> arm.Node:
    logs = site.id(CONTAINERS, site.archive, "default", LOGS)
    return arm.assignment(
        guid(logs, HOSTING.title, HOST),
        role_id(site.account, HOSTING.title),
        principal(site.account, HOST),
        scope=logs,
        after=[logs],
    )
