"""The tenant's keys: one for the disks of hosts, one for the log archive, in a vault nobody can purge."""

from enclaves.blueprints.azure import arm
from enclaves.blueprints.azure.names import (
    ARCHIVE_KEY,
    ARCHIVE_KEY_NAME,
    DISK_ENCRYPTION,
    DISK_KEY,
    DISK_KEY_NAME,
    DISKS,
    KEYS,
)
from enclaves.blueprints.azure.versions import DISK_ENCRYPTION_SETS, VAULTS, VERSIONS
from enclaves.blueprints.azure.versions import KEYS as VAULT_KEYS
from enclaves.blueprints.azure.zone.parts import Site

KEPT_DAYS = 90


def choices() -> arm.Node:
    return {
        "vaultCreateMode": arm.choice(
            "string",
            "default",
            f"Choose recover where the zone's vault was deleted: it is kept for {KEPT_DAYS} days.",
            allowedValues=["default", "recover"],
        )
    }


def resources(site: Site) -> list[arm.Node]:
    return [
        _vault(site),
        _key(site, DISK_KEY_NAME, DISK_KEY),
        _key(site, ARCHIVE_KEY_NAME, ARCHIVE_KEY),
        _disk_encryption(site),
        _disks_may_wrap(site),
    ]


def _vault(site: Site) -> arm.Node:
    return site.tracked(
        VAULTS,
        site.vault,
        KEYS,
        properties={
            "tenantId": site.directory,
            "createMode": arm.parameter("vaultCreateMode"),
            "sku": {"family": "A", "name": "premium"},
            "enableRbacAuthorization": True,
            # What a lost key encrypted is lost: no mistake may take it along.
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": KEPT_DAYS,
            "enablePurgeProtection": True,
            # Azure's disks and storage still get in, as services that the vault trusts.
            "publicNetworkAccess": "Disabled",
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Deny",
                "ipRules": [],
                "virtualNetworkRules": [],
            },
        },
    )


def _key(site: Site, name: str, service: str) -> arm.Node:
    return arm.resource(
        VAULT_KEYS,
        f"{site.vault}/{name}",
        tags=site.tags(service),
        after=[site.vault_id()],
        properties={
            "kty": "RSA-HSM",
            "keySize": 3072,
            "keyOps": ["wrapKey", "unwrapKey"],
            "rotationPolicy": {
                # Disks and archive follow within a day, so no version is in use when it expires.
                "attributes": {"expiryTime": "P2Y"},
                "lifetimeActions": [
                    {"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "rotate"}},
                    {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "notify"}},
                ],
            },
        },
    )


def _disk_encryption(site: Site) -> arm.Node:
    key = site.key_id(DISK_KEY_NAME)
    return site.tracked(
        DISK_ENCRYPTION_SETS,
        DISK_ENCRYPTION,
        DISKS,
        after=[site.vault_id(), key],
        identity={"type": "SystemAssigned"},
        properties={
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "rotationToLatestKeyVersionEnabled": True,
            "activeKey": {
                "sourceVault": {"id": site.vault_id()},
                "keyUrl": arm.reference(key, VAULT_KEYS, "keyUriWithVersion"),
            },
        },
    )


def _disks_may_wrap(site: Site) -> arm.Node:
    disks = site.id(DISK_ENCRYPTION_SETS, DISK_ENCRYPTION)
    version = VERSIONS[DISK_ENCRYPTION_SETS]
    own = f"[reference('{disks}', '{version}', 'Full').identity.principalId]"
    return site.wrapping(DISK_KEY_NAME, DISK_ENCRYPTION, own, after=[disks])
