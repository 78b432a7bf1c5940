"""Who may do what: built-in and custom roles, assignments inherited down the scopes, linked access."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId, within
from sandbox.azure.principals import Principal
from sandbox.azure.store import references

if TYPE_CHECKING:
    from sandbox.azure.world import World

DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

# Who writes a resource that names one of these needs this action on the one that is named.
LINKS = {
    "microsoft.network/virtualnetworks/subnets": "join/action",
    "microsoft.network/networkinterfaces": "join/action",
    "microsoft.network/publicipaddresses": "join/action",
    "microsoft.network/networksecuritygroups": "join/action",
    "microsoft.network/natgateways": "join/action",
    "microsoft.managedidentity/userassignedidentities": "assign/action",
    "microsoft.compute/diskencryptionsets": "read",
    "microsoft.compute/disks": "read",
}


@dataclass(frozen=True)
class Role:
    """A role definition; `scopes` are where it may be assigned."""

    name: str
    permissions: tuple[Mapping[str, Any], ...]
    scopes: tuple[str, ...] = ("/",)

    def grants(self, action: str, *, data: bool = False) -> bool:
        allow, deny = ("dataActions", "notDataActions") if data else ("actions", "notActions")
        return any(
            _any(permission.get(allow), action) and not _any(permission.get(deny), action)
            for permission in self.permissions
        )


def _built_in(name: str, actions: list[str], denied: list[str], data: list[str]) -> Role:
    return Role(
        name, ({"actions": actions, "notActions": denied, "dataActions": data, "notDataActions": []},)
    )


_VM_READING = [
    "Microsoft.Network/publicIPAddresses/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/loadBalancers/read",
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Compute/virtualMachines/*/read",
]
_VM_LOGIN = "Microsoft.Compute/virtualMachines/login/action"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

BUILT_IN = {
    OWNER: _built_in("Owner", ["*"], [], []),
    "b24988ac-6180-42a0-ab88-20f7382dd24c": _built_in(
        "Contributor",
        ["*"],
        [
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
        [],
    ),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": _built_in("Reader", ["*/read"], [], []),
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": _built_in(
        "User Access Administrator", ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"], [], []
    ),
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": _built_in(
        "Key Vault Crypto Service Encryption User",
        [],
        [],
        [
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ],
    ),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": _built_in(
        "Storage Blob Data Reader",
        ["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
        [],
        [f"{_BLOBS}/read"],
    ),
    "1c0163c0-47e6-4577-8991-ea5c82e286e4": _built_in(
        "Virtual Machine Administrator Login",
        _VM_READING,
        [],
        [_VM_LOGIN, "Microsoft.Compute/virtualMachines/loginAsAdmin/action"],
    ),
    "fb879df8-f326-4884-b1cf-06f3ad86be52": _built_in(
        "Virtual Machine User Login", _VM_READING, [], [_VM_LOGIN]
    ),
}


def role(world: "World", definition_id: str) -> Role | None:
    """The role of a definition's id, built-in or of the id's own subscription, None if there is none."""
    guid = definition_id.rsplit("/", 1)[-1].lower()
    if guid in BUILT_IN:
        return BUILT_IN[guid]
    subscription = "/".join(definition_id.split("/")[:3])
    for found in world.under(subscription, DEFINITIONS):
        if found["name"].lower() == guid:
            facts = found["properties"]
            return Role(facts["roleName"], tuple(facts["permissions"]), tuple(facts["assignableScopes"]))
    return None


def allows(world: "World", principal: str, action: str, scope: str, *, data: bool = False) -> bool:
    """Whether an object id may do an action at a scope."""
    return any(found.grants(action, data=data) for found in _roles(world, principal, scope))


def check(
    world: "World", caller: Principal, action: str, scope: str, code: str = "AuthorizationFailed"
) -> None:
    """Raises the 403 that says what is missing."""
    if allows(world, caller.object_id, action, scope):
        return
    text = (
        f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently "
        "granted, please refresh your credentials."
    )
    raise ArmError(403, code, text)


def check_links(world: "World", caller: Principal, resource: ResourceId, body: Mapping[str, Any]) -> None:
    """Raises if the body names resources that the caller may not use."""
    for text in sorted(references(dict(body))):
        if within(resource.text, text):
            continue
        named = ResourceId.parse(text)
        if verb := LINKS.get(named.type.lower()):
            check(world, caller, f"{named.type}/{verb}", named.text, "LinkedAuthorizationFailed")


def _roles(world: "World", principal: str, scope: str) -> Iterator[Role]:
    for assignment in world.of_type(ASSIGNMENTS):
        facts = assignment["properties"]
        if facts["principalId"].lower() == principal.lower() and within(facts["scope"], scope):
            found = role(world, facts["roleDefinitionId"])
            if found:
                yield found


def _any(patterns: list[str] | None, action: str) -> bool:
    return any(_pattern(pattern.lower()).fullmatch(action.lower()) for pattern in patterns or ())


@lru_cache(4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*"))
