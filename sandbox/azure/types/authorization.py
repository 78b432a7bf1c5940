"""Role definitions and assignments: names across the directory, scopes, and principals that exist."""

import re
from uuid import UUID

from sandbox.azure import rbac
from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId, within
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.shapes import READ_ONLY, child, choice, fit
from sandbox.azure.types.versions import AUTHORIZATION
from sandbox.azure.world import World

LONGEST_ROLE_NAME = 512
_ACTION = re.compile(r"\*|\*/[a-z*]+|[A-Za-z]+\.[A-Za-z.]+/[A-Za-z*/]+", re.IGNORECASE)
_CONSTANT = ("principalId", "roleDefinitionId")

DEFINITION_SHAPE = child(
    {
        "roleName": str,
        "description": str,
        "type": choice("CustomRole"),
        "permissions": [
            {"actions": [str], "notActions": [str], "dataActions": [str], "notDataActions": [str]}
        ],
        "assignableScopes": [str],
        "createdOn": READ_ONLY,
        "updatedOn": READ_ONLY,
    }
)
# Conditions would have to be evaluated to mean anything, and are not.
ASSIGNMENT_SHAPE = child(
    {
        "roleDefinitionId": str,
        "principalId": str,
        "principalType": choice("User", "Group", "ServicePrincipal", "ForeignGroup", "Device"),
        "description": str,
        "scope": READ_ONLY,
        "createdOn": READ_ONLY,
        "updatedOn": READ_ONLY,
    }
)


def _check_definition(write: Write) -> None:
    fit(write.body, DEFINITION_SHAPE)
    if not _is_guid(write.id.name) or write.id.name.lower() in rbac.BUILT_IN:
        text = (
            f"The role definition ID '{write.id.name}' is not valid. The role definition ID must be a GUID."
        )
        raise refused("InvalidRoleDefinitionId", text)
    _check_role_name(write)
    _check_scopes(write)
    for permission in write.properties["permissions"]:
        for action in (action for actions in permission.values() for action in actions):
            if not _ACTION.fullmatch(action):
                text = f"'{action}' does not match any of the actions supported by the providers."
                raise refused("InvalidActionOrNotAction", text)


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _check_role_name(write: Write) -> None:
    name = write.properties["roleName"]
    if not 1 <= len(name) <= LONGEST_ROLE_NAME:
        raise refused("RoleDefinitionNameInvalid", f"A role name has 1 to {LONGEST_ROLE_NAME} characters.")
    built_in = {role.name.lower() for role in rbac.BUILT_IN.values()}
    others = (d for d in _of_directory(write) if d["id"].lower() != write.id.key)
    if name.lower() in built_in or any(d["properties"]["roleName"].lower() == name.lower() for d in others):
        raise ArmError(
            409,
            "RoleDefinitionWithSameNameExists",
            f"A custom role with the same name already exists in this directory: '{name}'.",
        )


def _of_directory(write: Write) -> list[Resource]:
    """Find the definitions of all subscriptions that trust the same Entra tenant."""
    return [
        d
        for d in write.world.of_type(rbac.DEFINITIONS)
        if _directory(write.world, d["id"]) == write.directory
    ]


def _directory(world: World, resource_id: str) -> str:
    return world.subscription(ResourceId.parse(resource_id).subscription).directory


def _check_scopes(write: Write) -> None:
    scopes = write.properties["assignableScopes"]
    if not scopes:
        raise refused(
            "MissingAssignableScopes", "The role definition must have at least one assignable scope."
        )
    for scope in scopes:
        known = within(write.id.subscription_id, scope) and scope.strip("/").count("/") in {1, 3}
        if not known or (scope.count("/") > 2 and write.world.get(scope) is None):  # noqa: PLR2004 -- a group
            text = f"The assignable scope '{scope}' is not a subscription or resource group of the caller."
            raise refused("LinkedInvalidPropertyId", text)


def _fill_definition(write: Write) -> None:
    write.properties["type"] = "CustomRole"
    write.properties.setdefault("description", "")


def _forbids_definition_deletion(world: World, definition: Resource) -> None:
    guid = definition["name"].lower()
    held = (a["properties"]["roleDefinitionId"] for a in world.of_type(rbac.ASSIGNMENTS))
    if any(role.rpartition("/")[2].lower() == guid for role in held):
        text = f"There are existing role assignments referencing role {guid}."
        raise refused("RoleDefinitionHasAssignments", text)


def _check_assignment(write: Write) -> None:
    fit(write.body, ASSIGNMENT_SHAPE)
    if not _is_guid(write.id.name):
        text = (
            f"The role assignment ID '{write.id.name}' is not valid. The role assignment ID must be a GUID."
        )
        raise refused("InvalidRoleAssignmentId", text)
    if write.id.scope != write.id.subscription_id:
        write.world.need(write.id.scope)
    _check_role(write)
    _check_principal(write)
    _check_same(write)


def _check_role(write: Write) -> None:
    wanted = write.properties["roleDefinitionId"]
    role = rbac.role(write.world, wanted)
    if role is None:
        text = f"The specified role definition with ID '{wanted.rpartition('/')[2]}' does not exist."
        raise ArmError(404, "RoleDefinitionDoesNotExist", text)
    if not any(scope == "/" or within(scope, write.id.scope) for scope in role.scopes):
        text = f"The role '{role.name}' cannot be assigned at the scope '{write.id.scope}'."
        raise refused("RoleDefinitionScopeMismatch", text)


def _check_principal(write: Write) -> None:
    wanted = write.properties["principalId"]
    principal = write.world.principals.get(wanted)
    if principal is None or principal.directory != write.directory:
        raise refused(
            "PrincipalNotFound",
            f"Principal {wanted.replace('-', '')} does not exist in the directory {write.directory}. Check "
            "that you have the correct principal ID. If you are creating this principal and then immediately "
            "assigning a role, this error might be related to a replication delay. In this case, set the "
            "role assignment principalType property to a value, such as ServicePrincipal, User, or Group.",
        )
    kind = write.properties.get("principalType", "ServicePrincipal")
    if kind != "ServicePrincipal":
        text = f"The PrincipalId '{wanted}' has type 'ServicePrincipal', which is different from specified "
        raise refused("UnmatchedPrincipalType", f"{text}PrincipalType '{kind}'.")


def _check_same(write: Write) -> None:
    before = write.old["properties"] if write.old else write.properties
    if any(_last(before[fact]) != _last(write.properties[fact]) for fact in _CONSTANT):
        raise refused(
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    twin = next((a for a in write.world.of_type(rbac.ASSIGNMENTS) if _is_twin(a, write)), None)
    if twin:
        text = (
            f"The role assignment already exists. The ID of the existing role assignment is {twin['name']}."
        )
        raise ArmError(409, "RoleAssignmentExists", text)


def _is_twin(assignment: Resource, write: Write) -> bool:
    facts = assignment["properties"]
    same = all(_last(facts[fact]) == _last(write.properties[fact]) for fact in _CONSTANT)
    here = facts["scope"].lower() == write.id.scope.lower()
    return same and here and assignment["id"].lower() != write.id.key


def _last(text: str) -> str:
    return text.rpartition("/")[2].lower()


def _fill_assignment(write: Write) -> None:
    properties = write.properties
    guid = _last(properties["roleDefinitionId"])
    properties["roleDefinitionId"] = f"{write.id.subscription_id}/providers/{rbac.DEFINITIONS}/{guid}"
    properties["scope"] = write.id.scope
    properties.setdefault("principalType", "ServicePrincipal")
    before = write.old["properties"] if write.old else {}
    properties["createdOn"] = before.get("createdOn", write.world.clock.iso())


register(
    ResourceType(
        name=rbac.DEFINITIONS,
        api_versions=AUTHORIZATION,
        required=("properties.roleName", "properties.permissions", "properties.assignableScopes"),
        needs_location=False,
        check=_check_definition,
        fill=_fill_definition,
        forbids_deletion=_forbids_definition_deletion,
    ),
    ResourceType(
        name=rbac.ASSIGNMENTS,
        api_versions=AUTHORIZATION,
        required=("properties.roleDefinitionId", "properties.principalId"),
        needs_location=False,
        check=_check_assignment,
        fill=_fill_assignment,
    ),
)
