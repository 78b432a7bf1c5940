import pytest

from sandbox.azure.deployments.expressions import Surroundings
from sandbox.azure.deployments.plan import Plan
from sandbox.azure.errors import ArmError

SUBSCRIPTION = Surroundings(subscription={"subscriptionId": "s"}, parameters={"wanted": False})
GROUP = Surroundings(subscription={"subscriptionId": "s"}, group={"name": "g"}, parameters={"wanted": False})
VAULTS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults"
ROLES = "Microsoft.Authorization/roleAssignments"


def resource(kind, name, **more):
    return {"type": kind, "apiVersion": "1", "name": name, **more}


def vault(name, **more):
    return resource("Microsoft.KeyVault/vaults", name, **more)


def plan(*resources, around=GROUP):
    return Plan({"resources": list(resources)}, around)


def ids(*resources, around=GROUP):
    return [step.id for step in plan(*resources, around=around).steps.values()]


def refusal(*resources, around=GROUP):
    with pytest.raises(ArmError) as error:
        plan(*resources, around=around)
    assert error.value.code == "InvalidTemplate"
    return error.value.message


def test_a_resource_lives_in_the_group_of_its_deployment():
    assert ids(vault("v")) == [f"{VAULTS}/v"]


def test_an_extension_lives_at_its_scope():
    found = ids(
        resource(ROLES, "a", scope="[resourceId('Microsoft.KeyVault/vaults', 'v')]"),
        resource(ROLES, "b", scope="Microsoft.KeyVault/vaults/v"),
        resource(ROLES, "c"),
    )

    assert found == [
        f"{VAULTS}/v/providers/{ROLES}/a",
        f"{VAULTS}/v/providers/{ROLES}/b",
        f"/subscriptions/s/resourceGroups/g/providers/{ROLES}/c",
    ]


def test_a_subscription_holds_groups_roles_features_and_deployments():
    feature = "Microsoft.Features/featureProviders/subscriptionFeatureRegistrations"

    found = ids(
        resource("Microsoft.Resources/resourceGroups", "g"),
        resource(feature, "Microsoft.Compute/EncryptionAtHost"),
        resource("Microsoft.Resources/deployments", "inner", resourceGroup="g"),
        around=SUBSCRIPTION,
    )

    assert found == [
        "/subscriptions/s/resourceGroups/g",
        "/subscriptions/s/providers/Microsoft.Features/featureProviders/Microsoft.Compute"
        "/subscriptionFeatureRegistrations/EncryptionAtHost",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/deployments/inner",
    ]


def test_what_needs_a_group_is_not_deployed_without_one():
    assert "can't be deployed at subscription scope" in refusal(vault("v"), around=SUBSCRIPTION)


def test_a_group_is_not_deployed_in_a_group():
    assert "can't be deployed in a resource group" in refusal(
        resource("Microsoft.Resources/resourceGroups", "x")
    )


@pytest.mark.parametrize("name", [f"{VAULTS}/v".upper(), "Microsoft.KeyVault/vaults/v", "V"])
def test_a_dependency_is_named_by_id_by_type_or_by_name(name):
    found = plan(vault("v"), vault("w", dependsOn=[name]))

    assert found.steps[f"{VAULTS}/w".lower()].waits_for == {f"{VAULTS}/v".lower()}


def test_reading_a_resource_is_waiting_for_it():
    text = "[reference(resourceId('Microsoft.KeyVault/vaults', 'v'), '1').vaultUri]"

    found = plan(vault("w", properties={"a": [text]}), vault("v"))

    assert found.steps[f"{VAULTS}/w".lower()].waits_for == {f"{VAULTS}/v".lower()}


def test_reading_what_stands_elsewhere_is_waiting_for_nothing():
    found = plan(vault("v", properties={"a": "[reference('/subscriptions/s/x/y', '1').z]"}))

    assert found.steps[f"{VAULTS}/v".lower()].waits_for == set()


def test_a_nested_template_is_not_searched_for_what_the_outer_one_waits_for():
    text = "[reference(resourceId('Microsoft.KeyVault/vaults', 'v')).vaultUri]"
    properties = {"parameters": {"p": {"value": text}}, "template": {"a": "[parameters('inner')]"}}

    found = plan(vault("v"), resource("Microsoft.Resources/deployments", "d", properties=properties))

    assert [len(step.waits_for) for step in found.steps.values()] == [0, 1]


def test_what_its_condition_leaves_out_is_neither_made_nor_waited_for():
    child = resource("keys", "k")
    unwanted = vault("v", condition="[parameters('wanted')]", resources=[child])

    found = plan(unwanted, vault("w", dependsOn=["v"]))

    assert [(step.name, step.waits_for) for step in found.steps.values()] == [("w", set())]


def test_a_resource_is_defined_once():
    assert "is defined multiple times in a template" in refusal(vault("v"), vault("V"))


def test_a_dependency_has_to_be_in_the_template():
    assert "The resource 'x' is not defined in the template" in refusal(vault("v", dependsOn=["x"]))


def test_two_of_a_name_are_not_told_apart_by_it():
    both = (vault("v"), resource("Microsoft.Storage/storageAccounts", "v"))

    assert "'v' is ambiguous" in refusal(*both, vault("w", dependsOn=["v"]))


def test_a_circle_of_dependencies_is_refused():
    assert "Circular dependency detected" in refusal(vault("v", dependsOn=["w"]), vault("w", dependsOn=["v"]))


def test_a_child_has_to_wait_for_its_parent():
    child = resource("Microsoft.KeyVault/vaults/keys", "v/k")

    assert "doesn't depend on parent resource" in refusal(vault("v"), child)
    assert ids(vault("v"), {**child, "dependsOn": ["v"]}) == [f"{VAULTS}/v", f"{VAULTS}/v/keys/k"]


def test_a_name_has_as_many_parts_as_its_type():
    assert "incorrect segment lengths" in refusal(vault("v/k"))


def test_a_condition_is_true_or_false():
    assert "is neither true nor false" in refusal(vault("v", condition="yes"))


def test_only_a_deployment_names_a_resource_group():
    assert "Only a nested deployment names a resource group" in refusal(vault("v", resourceGroup="x"))


def test_a_nested_deployment_stays_in_its_subscription():
    assert "in its subscription" in refusal(
        resource("Microsoft.Resources/deployments", "d", subscriptionId="other")
    )
