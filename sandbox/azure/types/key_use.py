"""Whether a service of Azure reaches a key: it is there, its vault lets services by, the identity may."""

import re

from sandbox.azure import rbac
from sandbox.azure.errors import refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.store import Resource
from sandbox.azure.world import World

VAULTS = "Microsoft.KeyVault/vaults"
_ACTIONS = ("read", "wrap/action", "unwrap/action")
_URL = re.compile(r"https://([a-z0-9-]+)\.vault\.azure\.net/keys/([A-Za-z0-9-]+)(/[0-9a-f]{32})?/?")


def key_of(world: World, url: str, *, with_version: bool) -> Resource:
    """Find the key of a URL; raises ArmError if it is malformed or names none."""
    found = _URL.fullmatch(url)
    if found is None or (with_version and not found[3]):
        text = f"The key URL '{url}' is invalid: it has to name a vault, a key and its version."
        raise refused("InvalidParameter", text, "keyUrl")
    key = find_key(world, f"https://{found[1]}.vault.azure.net/", found[2])
    if key is None:
        raise refused("KeyVaultKeyNotFound", f"The key '{url}' was not found.", "keyUrl")
    return key


def find_key(world: World, vault_uri: str, name: str) -> Resource | None:
    """Look a key up as a service does, by the vault's address."""
    vaults = (v for v in world.of_type(VAULTS) if v["properties"]["vaultUri"] == vault_uri.rstrip("/") + "/")
    vault = next(vaults, None)
    return world.get(f"{vault['id']}/keys/{name}") if vault else None


def forbids_use(world: World, key: Resource, principal: str) -> str:
    """Say in a sentence why an identity cannot wrap with a key; empty if it can."""
    parent = ResourceId.parse(key["id"]).parent
    vault = world.need(parent.text)["properties"] if parent else {}
    if not vault.get("enableRbacAuthorization"):
        return "The vault uses access policies and has none for the identity."
    if _is_closed(vault):
        return "The vault's firewall does not let trusted services by."
    if not key["properties"]["attributes"]["enabled"]:
        return "The key is disabled."
    missing = [verb for verb in _ACTIONS if not _may(world, principal, verb, key["id"])]
    return f"The identity lacks {', '.join(missing)} on the key." if missing else ""


def _is_closed(vault: Resource) -> bool:
    rules = vault.get("networkAcls") or {}
    denies = rules.get("defaultAction") == "Deny" or vault.get("publicNetworkAccess") == "Disabled"
    return denies and rules.get("bypass", "AzureServices") != "AzureServices"


def _may(world: World, principal: str, verb: str, key_id: str) -> bool:
    return rbac.allows(world, principal, f"{VAULTS}/keys/{verb}", key_id, data=True)
