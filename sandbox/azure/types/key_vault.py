"""Key vaults, whose names outlive them, and the keys that Resource Manager can make in them."""

import copy
import re
from typing import Any

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.rotation import check_rotation
from sandbox.azure.types.shapes import READ_ONLY, REFERENCE, AnyKeys, child, choice, fit, tracked
from sandbox.azure.types.versions import KEY_VAULT
from sandbox.azure.world import World

NAME = "Microsoft.KeyVault/vaults"
KEY = f"{NAME}/keys"
DELETED = "Microsoft.KeyVault/locations/deletedVaults"
RETENTION_DAYS = range(7, 91)
RSA_SIZES = (2048, 3072, 4096)
_VAULT_NAME = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]")

SHAPE = tracked(
    {
        "tenantId": str,
        "sku": {"family": choice("A"), "name": choice("standard", "premium")},
        # Access policies are not modelled: roles say who may do what.
        "accessPolicies": [{}],
        "enableRbacAuthorization": bool,
        "enableSoftDelete": bool,
        "enablePurgeProtection": bool,
        "softDeleteRetentionInDays": int,
        "enabledForDeployment": bool,
        "enabledForDiskEncryption": bool,
        "enabledForTemplateDeployment": bool,
        "publicNetworkAccess": choice("Enabled", "Disabled"),
        "networkAcls": {
            "bypass": choice("AzureServices", "None"),
            "defaultAction": choice("Allow", "Deny"),
            "ipRules": [{"value": str}],
            "virtualNetworkRules": [REFERENCE],
        },
        "createMode": choice("default", "recover"),
        "vaultUri": READ_ONLY,
    }
)
_OPERATIONS = choice("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "import")
KEY_SHAPE = child(
    {
        "kty": choice("EC", "EC-HSM", "RSA", "RSA-HSM"),
        "keySize": int,
        "curveName": choice("P-256", "P-384", "P-521", "P-256K"),
        "keyOps": [_OPERATIONS],
        "attributes": {
            "enabled": bool,
            "nbf": int,
            "exp": int,
            "exportable": bool,
            "created": READ_ONLY,
            "updated": READ_ONLY,
            "recoveryLevel": READ_ONLY,
        },
        "rotationPolicy": {
            "attributes": {"expiryTime": str, "created": READ_ONLY, "updated": READ_ONLY},
            "lifetimeActions": [
                {
                    "trigger": {"timeAfterCreate": str, "timeBeforeExpiry": str},
                    "action": {"type": choice("rotate", "notify")},
                }
            ],
        },
        "keyUri": READ_ONLY,
        "keyUriWithVersion": READ_ONLY,
    },
    tags=AnyKeys(str),
    location=READ_ONLY,
)


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    if not _VAULT_NAME.fullmatch(write.id.name):
        raise refused(
            "VaultNameNotValid",
            f"The vault name '{write.id.name}' is invalid. A vault's name must be between 3-24 alphanumeric "
            "characters. The name must begin with a letter, end with a letter or digit, and not contain "
            "consecutive hyphens.",
        )
    if write.properties["tenantId"].lower() != write.directory.lower():
        raise refused("BadRequest", "The tenant of the vault is not the one of the subscription.", "tenantId")
    _check_protection(write)
    _check_name(write)


def _check_protection(write: Write) -> None:
    properties, before = write.properties, write.old["properties"] if write.old else {}
    if properties.get("enablePurgeProtection") is False:
        raise refused(
            "BadRequest",
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for '
            "a vault is an irreversible action.",
        )
    if properties.get("enableSoftDelete") is False:
        raise refused("BadRequest", 'The property "enableSoftDelete" cannot be set to false.')
    days = properties.get("softDeleteRetentionInDays", before.get("softDeleteRetentionInDays", 90))
    if days not in RETENTION_DAYS or days != before.get("softDeleteRetentionInDays", days):
        text = '"softDeleteRetentionInDays" must be between 7 and 90 and cannot be changed afterwards.'
        raise refused("BadRequest", text, "softDeleteRetentionInDays")


def _check_name(write: Write) -> None:
    rests, recovers = _deleted_vault(write.world, write.id.name), _recovers(write)
    if (
        recovers
        and (rests is None or rests["properties"]["vaultId"].lower() != write.id.key)
        and not write.old
    ):
        text = f"There is no deleted vault '{write.id.name}' to recover here."
        raise ArmError(404, "DeletedVaultNotFound", text)
    if rests and not recovers:
        raise ArmError(
            409,
            "ConflictError",
            f"A vault with the same name already exists in deleted state. You need to either recover or "
            f"purge existing key vault '{write.id.name}'.",
        )
    taken = ArmError(
        409,
        "VaultAlreadyExists",
        f"The vault name '{write.id.name}' is already in use. Vault names are globally unique so it is "
        "possible that the name is already taken.",
    )
    write.reserve_name("vault", taken)


def _recovers(write: Write) -> bool:
    return bool(write.properties.get("createMode") == "recover")


def _deleted_vault(world: World, name: str) -> Resource | None:
    return next((v for v in world.of_type(DELETED) if v["name"].lower() == name.lower()), None)


def _fill(write: Write) -> None:
    properties = write.properties
    properties.pop("createMode", None)
    properties["vaultUri"] = f"https://{write.id.name.lower()}.vault.azure.net/"
    if write.old and write.old["properties"].get("enablePurgeProtection"):
        properties["enablePurgeProtection"] = True
    properties.setdefault("enableSoftDelete", True)
    properties.setdefault("softDeleteRetentionInDays", 90)
    properties.setdefault("enableRbacAuthorization", False)
    properties.setdefault("publicNetworkAccess", "Enabled")
    properties.setdefault("accessPolicies", [])
    if rests := _deleted_vault(write.world, write.id.name):
        write.world.drop(rests["id"])


def _deleted(world: World, vault: Resource) -> None:
    """Keep the name: a deleted vault rests for its days of retention, purge protection or not."""
    old = ResourceId.parse(vault["id"])
    place = f"{old.subscription_id}/providers/Microsoft.KeyVault/locations/{vault['location']}"
    properties = {
        "vaultId": vault["id"],
        "location": vault["location"],
        "tags": vault.get("tags") or {},
        "deletionDate": world.clock.iso(),
        "purgeProtectionEnabled": bool(vault["properties"].get("enablePurgeProtection")),
    }
    rests = {"id": f"{place}/deletedVaults/{old.name}", "name": old.name, "type": DELETED}
    world.put({**rests, "properties": properties})


def _check_key(write: Write) -> None:
    if write.old:
        # Resource Manager makes keys and never changes them: the one that is there is the answer.
        write.body.clear()
        write.body |= copy.deepcopy(write.old)
        return
    fit(write.body, KEY_SHAPE)
    _check_kind(write)
    check_rotation(write.properties.get("rotationPolicy") or {})


def _check_kind(write: Write) -> None:
    properties = write.properties
    kind, size = properties["kty"], properties.get("keySize", RSA_SIZES[0])
    if kind.startswith("RSA") and size not in RSA_SIZES:
        raise refused("BadParameter", f"The key size {size} is not supported.", "keySize")
    if kind.endswith("-HSM") and _vault(write)["properties"]["sku"]["name"] != "premium":
        raise refused("BadParameter", f"A key of type {kind} needs a vault of the premium SKU.", "kty")
    if properties.get("curveName") and kind.startswith("RSA"):
        raise refused("BadParameter", f"A key of type {kind} has no curve.", "curveName")
    if (properties.get("attributes") or {}).get("exportable"):
        raise refused("BadParameter", "An exportable key needs a release policy.", "attributes.exportable")


def _vault(write: Write) -> Resource:
    parent = write.id.parent
    return write.world.need(parent.text) if parent else {}


def _fill_key(write: Write) -> None:
    if write.old:
        return
    properties: dict[str, Any] = write.properties
    uri = f"{_vault(write)['properties']['vaultUri']}keys/{write.id.name}"
    properties |= {"keyUri": uri, "keyUriWithVersion": f"{uri}/{write.world.new_id().replace('-', '')}"}
    now = int(write.world.clock.now())
    attributes = properties.setdefault("attributes", {})
    attributes.setdefault("enabled", True)
    attributes |= {"created": now, "updated": now, "recoveryLevel": "Recoverable"}


def _forbids_key_deletion(_world: World, key: Resource) -> None:
    text = f"The requested resource {key['id']} does not support http method 'DELETE'."
    raise ArmError(405, "MethodNotAllowed", text)


register(
    ResourceType(
        name=NAME,
        api_versions=KEY_VAULT,
        required=("properties.tenantId", "properties.sku.name", "properties.sku.family"),
        create_seconds=20,
        style="body",
        check=_check,
        fill=_fill,
        deleted=_deleted,
    ),
    ResourceType(
        name=KEY,
        api_versions=KEY_VAULT,
        required=("properties.kty",),
        needs_location=False,
        name_pattern=r"[A-Za-z0-9-]{1,127}",
        check=_check_key,
        fill=_fill_key,
        forbids_deletion=_forbids_key_deletion,
    ),
)
