"""Storage accounts: names unique in all of Azure, keys of the customer, and networks that may reach them."""

import re
from typing import Any

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.key_use import find_key, forbids_use
from sandbox.azure.types.shapes import IDENTITY, READ_ONLY, choice, fit, tracked
from sandbox.azure.types.versions import STORAGE
from sandbox.azure.world import World

NAME = "Microsoft.Storage/storageAccounts"
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_SERVICE = {"enabled": bool, "keyType": choice("Account", "Service"), "lastEnabledTime": READ_ONLY}

SHAPE = tracked(
    {
        "accessTier": choice("Hot", "Cool", "Cold"),
        "minimumTlsVersion": choice("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
        "supportsHttpsTrafficOnly": bool,
        "allowBlobPublicAccess": bool,
        "allowSharedKeyAccess": bool,
        "allowCrossTenantReplication": bool,
        "defaultToOAuthAuthentication": bool,
        "isHnsEnabled": bool,
        "isLocalUserEnabled": bool,
        "isSftpEnabled": bool,
        "publicNetworkAccess": choice("Enabled", "Disabled"),
        "allowedCopyScope": choice("AAD", "PrivateLink"),
        "networkAcls": {
            "bypass": str,
            "defaultAction": choice("Allow", "Deny"),
            "ipRules": [{"value": str, "action": choice("Allow")}],
            "virtualNetworkRules": [{"id": str, "action": choice("Allow"), "state": READ_ONLY}],
            "resourceAccessRules": READ_ONLY,
        },
        "encryption": {
            "keySource": choice("Microsoft.Storage", "Microsoft.Keyvault"),
            "requireInfrastructureEncryption": bool,
            "services": {"blob": _SERVICE, "file": _SERVICE, "queue": _SERVICE, "table": _SERVICE},
            "identity": {"userAssignedIdentity": str},
            "keyvaultproperties": {
                "keyname": str,
                "keyversion": str,
                "keyvaulturi": str,
                "currentVersionedKeyIdentifier": READ_ONLY,
                "lastKeyRotationTimestamp": READ_ONLY,
            },
        },
        "creationTime": READ_ONLY,
        "primaryEndpoints": READ_ONLY,
        "primaryLocation": READ_ONLY,
        "statusOfPrimary": READ_ONLY,
    },
    kind=choice("StorageV2", "BlockBlobStorage"),
    sku={
        "name": choice("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS", "Premium_LRS"),
        "tier": READ_ONLY,
    },
    identity=IDENTITY,
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    if not _ACCOUNT_NAME.fullmatch(write.id.name):
        raise refused(
            "AccountNameInvalid",
            f"{write.id.name} is not a valid storage account name. Storage account name must be between 3 "
            "and 24 characters in length and use numbers and lower-case letters only.",
        )
    if write.old and write.old["kind"] != write.body["kind"]:
        text = f"The kind of the storage account {write.id.name} cannot be changed."
        raise ArmError(409, "AccountPropertyCannotBeUpdated", text)
    encryption = write.properties.get("encryption") or {}
    if encryption.get("keySource") == "Microsoft.Keyvault":
        _check_key(write, encryption)
    _check_networks(write)
    text = f"The storage account named {write.id.name} is already taken."
    write.reserve_name("storage", ArmError(409, "StorageAccountAlreadyTaken", text))


def _check_key(write: Write, encryption: dict[str, Any]) -> None:
    facts = encryption.get("keyvaultproperties") or {}
    key = find_key(write.world, facts.get("keyvaulturi") or "", facts.get("keyname") or "")
    if key is None:
        text = f"The key vault key '{facts.get('keyname')}' is not found to unwrap the encryption key."
        raise refused("KeyVaultEncryptionKeyNotFound", text)
    vault = write.exists(key["id"].rpartition("/keys/")[0])
    if not vault["properties"].get("enablePurgeProtection"):
        text = "Keyvault policy recoverable is not set: the vault needs soft delete and purge protection."
        raise refused("KeyVaultPolicyError", text)
    if reason := forbids_use(write.world, key, _principal(write, encryption)):
        raise refused(
            "KeyVaultAuthenticationFailure",
            f"The operation failed because of authentication issue on the keyvault. {reason}",
        )


def _principal(write: Write, encryption: dict[str, Any]) -> str:
    """Find the identity that is to read the key; it has to be one that the account is given."""
    wanted = (encryption.get("identity") or {}).get("userAssignedIdentity") or ""
    given = (write.body.get("identity") or {}).get("userAssignedIdentities") or {}
    if wanted.lower() not in {identity.lower() for identity in given}:
        raise refused(
            "InvalidValuesForRequestParameters",
            "Values for request parameters are invalid: encryption.identity.userAssignedIdentity. A new "
            "account with a key of its customer needs a user-assigned identity that is assigned to it.",
        )
    return str(write.exists(wanted)["properties"]["principalId"])


def _check_networks(write: Write) -> None:
    for rule in (write.properties.get("networkAcls") or {}).get("virtualNetworkRules") or []:
        subnet = write.exists(rule.get("id") or "")
        endpoints = subnet["properties"].get("serviceEndpoints") or []
        if not any(endpoint["service"] == "Microsoft.Storage" for endpoint in endpoints):
            raise refused(
                "SubnetsHaveNoServiceEndpointsConfigured",
                f"Subnets {subnet['name']} of virtual network do not have ServiceEndpoints for "
                "Microsoft.Storage resources configured. Add Microsoft.Storage to subnet's ServiceEndpoints "
                "collection before trying to ACL Microsoft.Storage resources to these subnets.",
            )


def _fill(write: Write) -> None:
    properties, name = write.properties, write.id.name
    hosts = {kind: f"https://{name}.{kind}.core.windows.net/" for kind in ("blob", "queue", "table", "file")}
    properties |= {
        "primaryEndpoints": hosts,
        "primaryLocation": write.body["location"],
        "statusOfPrimary": "available",
        "creationTime": _since(write),
    }
    properties.setdefault("encryption", {}).setdefault("keySource", "Microsoft.Storage")
    properties.setdefault("supportsHttpsTrafficOnly", True)
    properties.setdefault("allowBlobPublicAccess", False)
    properties.setdefault("minimumTlsVersion", "TLS1_0")
    properties.setdefault("networkAcls", {"bypass": "AzureServices", "defaultAction": "Allow"})
    if not write.old:
        write.create(f"{write.id}/blobServices/default", {"properties": {}})


def _since(write: Write) -> str:
    return str(write.old["properties"]["creationTime"]) if write.old else write.world.clock.iso()


def _deleted(world: World, account: Resource) -> None:
    world.taken_names.pop(("storage", account["name"].lower()), None)


register(
    ResourceType(
        name=NAME,
        api_versions=STORAGE,
        required=("sku.name", "kind"),
        create_seconds=17,
        style="location",
        check=_check,
        fill=_fill,
        deleted=_deleted,
    )
)
