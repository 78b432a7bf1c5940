import pytest

from sandbox.azure import deployments
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from tests.sandbox.azure.deployments.conftest import OF_GROUP, SCOPE, group, nested, template, thing

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.mark.parametrize("name", ["with space", "x" * 65, "what?"])
def test_a_deployment_has_a_proper_name(deploy, name):
    with pytest.raises(ArmError) as refusal:
        deploy(template(), name=name)

    assert refusal.value.code == "InvalidDeploymentName"


def test_a_deployment_needs_its_group(deploy):
    with pytest.raises(ArmError) as refusal:
        deploy(template(schema=OF_GROUP), in_group="none")

    assert (refusal.value.status, refusal.value.code) == (404, "ResourceGroupNotFound")


def test_validating_checks_everything_and_makes_nothing(world, owner):
    id = ResourceId.parse(f"{SCOPE}/providers/Microsoft.Resources/deployments/d")
    properties = {"mode": "Incremental", "template": template(group())}

    answer = deployments.validate(world, owner, id, {"location": "eastus", "properties": properties})

    assert answer["properties"]["validatedResources"] == [{"id": f"{SCOPE}/resourceGroups/g"}]
    assert (world.get(f"{SCOPE}/resourceGroups/g"), world.deployments) == (None, {})


def test_what_is_no_object_is_refused(world, owner):
    id = ResourceId.parse(f"{SCOPE}/providers/Microsoft.Resources/deployments/d")

    with pytest.raises(ArmError, match="The request content was invalid"):
        deployments.put(world, owner, id, [])


def test_each_scope_lists_its_own_deployments(world, owner, deploy, standing):
    standing(deploy(template(group(), nested("inner", [], resourceGroup="g", dependsOn=["g"]))))

    of_subscription = deployments.listed(world, owner, SCOPE)
    of_group = deployments.listed(world, owner, f"{SCOPE}/resourceGroups/g")

    assert [one["name"] for one in of_subscription] == ["d"]
    assert [one["name"] for one in of_group] == ["inner"]


def test_a_deployment_that_is_not_there_is_not_found(world, owner):
    id = ResourceId.parse(f"{SCOPE}/providers/Microsoft.Resources/deployments/d")

    with pytest.raises(ArmError) as refusal:
        deployments.get(world, owner, id)

    assert (refusal.value.status, refusal.value.code) == (404, "DeploymentNotFound")


def test_deleting_a_deployment_leaves_what_it_made(world, owner, deploy, standing):
    started = deploy(template(group()))
    standing(started)

    assert deployments.delete(world, owner, started.id) == 200
    assert deployments.delete(world, owner, started.id) == 204
    assert world.get(f"{SCOPE}/resourceGroups/g") is not None


def test_an_active_deployment_is_not_deleted(world, owner, deploy):
    started = deploy(template(group(), nested("inner", [thing("a")], resourceGroup="g", dependsOn=["g"])))

    with pytest.raises(ArmError, match="still active"):
        deployments.delete(world, owner, started.id)


def test_reading_takes_the_right_to_read(world, deploy, new_caller):
    started = deploy(template(group()))
    stranger = new_caller("stranger", "no-role")

    for ask in (deployments.get, deployments.operations):
        with pytest.raises(ArmError) as refusal:
            ask(world, stranger, started.id)
        assert refusal.value.code == "AuthorizationFailed"
    assert deployments.get(world, new_caller("reader", READER), started.id)["name"] == "d"


def test_a_secret_parameter_is_not_told(world, owner, deploy):
    declared = {"secret": {"type": "secureString"}, "count": {"type": "int", "defaultValue": 3}}

    started = deploy(template(parameters=declared), parameters={"secret": "swordfish"})

    assert deployments.get(world, owner, started.id)["properties"]["parameters"] == {
        "secret": {"type": "SecureString"},
        "count": {"type": "Int", "value": 3},
    }
