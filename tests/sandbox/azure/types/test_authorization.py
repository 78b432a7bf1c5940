import pytest

from sandbox.azure.world import Subscription
from tests.sandbox.azure.types.bodies import (
    ASSIGNMENT,
    CRYPTO_USER,
    DIRECTORY,
    GROUP,
    IDENTITY,
    NETWORK,
    ROLE,
    SCOPE,
    assignment,
    id_of,
    role,
    spoiled,
)

NUMBER = "00000000-0000-4000-8000-00000000000a"
OTHER = "00000000-0000-4000-8000-00000000000b"
DEFINED = f"{SCOPE}/providers/{ROLE}/{NUMBER}"
ASSIGNED = f"{SCOPE}/providers/{ASSIGNMENT}/{NUMBER}"
ACTIONS = "properties.permissions.0.actions"


@pytest.fixture
def principal(cloud):
    return cloud.put(f"{IDENTITY}/host", {"location": "eastus"})["properties"]["principalId"]


def test_a_role_is_defined_for_a_subscription(cloud):
    made = cloud.put(DEFINED, role())

    assert (made["name"], made["properties"]["type"]) == (NUMBER, "CustomRole")


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("properties.roleName", None, "InvalidParameter"),
        ("properties.roleName", "", "RoleDefinitionNameInvalid"),
        ("properties.roleName", "Owner", "RoleDefinitionWithSameNameExists"),
        ("properties.assignableScopes", [], "MissingAssignableScopes"),
        ("properties.assignableScopes", ["/"], "LinkedInvalidPropertyId"),
        ("properties.assignableScopes", [f"{SCOPE}x"], "LinkedInvalidPropertyId"),
        ("properties.assignableScopes", [f"{SCOPE}/resourceGroups/none"], "LinkedInvalidPropertyId"),
        ("properties.assignableScopes", [id_of(f"{NETWORK}/net")], "LinkedInvalidPropertyId"),
        (ACTIONS, ["read everything"], "InvalidActionOrNotAction"),
        ("properties.permissions.0.allow", ["*"], "InvalidRequestContent"),
    ],
)
def test_a_role_says_what_is_allowed_where(cloud, path, value, code):
    assert cloud.refusal(DEFINED, spoiled(role(), path, value)) == code


@pytest.mark.parametrize(
    "action", ["*", "*/read", "Microsoft.Network/*", "Microsoft.Compute/virtualMachines/*/action"]
)
def test_an_action_may_hold_a_star(cloud, action):
    assert cloud.put(DEFINED, role("Starry", action)) is not None


def test_a_role_may_be_for_one_resource_group(cloud):
    assert cloud.put(DEFINED, spoiled(role(), "properties.assignableScopes", [GROUP])) is not None


def test_a_roles_name_is_taken_in_the_whole_directory(cloud):
    second = "aaaabbbb-0000-4000-8000-ccccdddd0002"
    cloud.world.subscriptions[second] = Subscription(second, DIRECTORY, "second")
    cloud.put(DEFINED, role())
    foreign = {**cloud.get(DEFINED), "id": f"/subscriptions/{second}/providers/{ROLE}/{OTHER}", "name": OTHER}
    cloud.world.drop(DEFINED)
    cloud.world.put(foreign)

    assert cloud.refusal(DEFINED, role("READER of nets")) == "RoleDefinitionWithSameNameExists"


def test_another_directory_has_its_own_names(cloud):
    second = "aaaabbbb-0000-4000-8000-ccccdddd0002"
    cloud.world.subscriptions[second] = Subscription(second, "another directory", "second")
    cloud.put(DEFINED, role())
    foreign = {**cloud.get(DEFINED), "id": f"/subscriptions/{second}/providers/{ROLE}/{OTHER}"}
    cloud.world.drop(DEFINED)
    cloud.world.put(foreign)

    assert cloud.put(DEFINED, role()) is not None


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        (f"{SCOPE}/providers/{ROLE}/reader", role(), "InvalidRoleDefinitionId"),
        (f"{SCOPE}/providers/{ROLE}/{CRYPTO_USER}", role(), "InvalidRoleDefinitionId"),
        (f"{SCOPE}/providers/{ASSIGNMENT}/mine", assignment("x"), "InvalidRoleAssignmentId"),
    ],
)
def test_roles_and_assignments_are_named_by_numbers(cloud, name, body, code):
    assert cloud.refusal(name, body) == code


def test_a_role_that_somebody_has_stays(cloud, principal):
    cloud.put(DEFINED, role())
    cloud.put(ASSIGNED, assignment(principal, NUMBER))

    assert cloud.stays(DEFINED) == "RoleDefinitionHasAssignments"
    cloud.delete(ASSIGNED)
    cloud.delete(DEFINED)
    assert cloud.get(DEFINED) is None


def test_an_assignment_says_where_it_holds(cloud, principal):
    made = cloud.put(f"{GROUP}/providers/{ASSIGNMENT}/{NUMBER}", assignment(principal))["properties"]

    assert (made["scope"], made["principalType"]) == (GROUP, "ServicePrincipal")
    assert made["roleDefinitionId"] == f"{SCOPE}/providers/{ROLE}/{CRYPTO_USER}"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("properties.principalId", OTHER, "PrincipalNotFound"),
        ("properties.principalId", None, "InvalidParameter"),
        ("properties.roleDefinitionId", f"{SCOPE}/providers/{ROLE}/{OTHER}", "RoleDefinitionDoesNotExist"),
        ("properties.principalType", "User", "UnmatchedPrincipalType"),
        ("properties.condition", "true", "InvalidRequestContent"),
    ],
)
def test_an_assignment_gives_a_role_to_a_principal(cloud, principal, path, value, code):
    assert cloud.refusal(ASSIGNED, spoiled(assignment(principal), path, value)) == code


def test_a_principal_of_another_directory_is_none(cloud, principal):
    cloud.world.subscription(SCOPE.rpartition("/")[2]).directory = "another directory"

    assert cloud.refusal(ASSIGNED, assignment(principal)) == "PrincipalNotFound"


def test_a_role_is_assigned_only_below_its_scopes(cloud, principal):
    cloud.put(DEFINED, spoiled(role(), "properties.assignableScopes", [GROUP]))

    assert cloud.refusal(ASSIGNED, assignment(principal, NUMBER)) == "RoleDefinitionScopeMismatch"


def test_what_a_role_is_given_for_has_to_be_there(cloud, principal):
    nowhere = f"{id_of(f'{NETWORK}/none')}/providers/{ASSIGNMENT}/{NUMBER}"

    assert cloud.refusal(nowhere, assignment(principal)) == "ResourceNotFound"


def test_the_same_is_not_given_twice(cloud, principal):
    cloud.put(ASSIGNED, assignment(principal))
    again = f"{SCOPE}/providers/{ASSIGNMENT}/{OTHER}"

    assert cloud.refusal(again, assignment(principal)) == "RoleAssignmentExists"
    assert cloud.put(ASSIGNED, assignment(principal))["properties"]["principalId"] == principal


def test_an_assignment_is_not_handed_on(cloud, principal):
    cloud.put(ASSIGNED, assignment(principal))
    other = cloud.put(f"{IDENTITY}/other", {"location": "eastus"})["properties"]["principalId"]

    assert cloud.refusal(ASSIGNED, assignment(other)) == "RoleAssignmentUpdateNotPermitted"


@pytest.mark.usefixtures("network")
def test_assignments_go_with_what_they_are_for(cloud, principal):
    here = f"{id_of(f'{NETWORK}/net')}/providers/{ASSIGNMENT}/{NUMBER}"
    cloud.put(here, assignment(principal))

    cloud.delete(f"{NETWORK}/net")

    assert cloud.get(here) is None
