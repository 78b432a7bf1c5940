import pytest

from sandbox.azure.deployments.order import nested_orders, read
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from tests.sandbox.azure.deployments.conftest import OF_GROUP, SCOPE, group, nested, template, thing

ID = ResourceId.parse(f"{SCOPE}/providers/Microsoft.Resources/deployments/d")
IN_GROUP = ResourceId.parse(f"{SCOPE}/resourceGroups/g/providers/Microsoft.Resources/deployments/d")


def wish(what=None, *, location="eastus", **properties):
    place = {"location": location} if location else {}
    return {**place, "properties": {"mode": "Incremental", "template": what or template(), **properties}}


def refusal(world, body, id=ID):
    with pytest.raises(ArmError) as error:
        read(world, id, body)
    return error.value.code, error.value.message


def test_an_order_knows_its_parameters_and_what_it_will_make(world):
    what = template(group("[parameters('name')]"), parameters={"name": {"type": "string"}})

    order = read(world, ID, wish(what, location="East US", parameters={"name": {"value": "g"}}))

    assert (order.location, dict(order.around.parameters)) == ("eastus", {"name": "g"})
    assert list(order.plan.steps) == [f"{SCOPE}/resourceGroups/g".lower()]


def test_only_the_incremental_mode_is_known_and_it_has_to_be_said(world):
    assert refusal(world, wish(mode="Complete"))[0] == "InvalidDeploymentMode"
    assert refusal(world, wish(mode=None))[0] == "InvalidDeploymentMode"


def test_the_location_is_the_subscriptions_matter_only(world):
    in_group = template(schema=OF_GROUP)

    assert "must be specified for 'd'" in refusal(world, wish(location=""))[1]
    assert "not allowed for 'd' at resource group scope" in refusal(world, wish(in_group), IN_GROUP)[1]
    assert read(world, IN_GROUP, wish(in_group, location="")).location == ""


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": []},
        {**wish(), "sku": {}},
        wish(onErrorDeployment={"type": "x"}),
        wish(parameters=[]),
    ],
)
def test_a_body_that_is_no_deployment_is_refused(world, body):
    assert refusal(world, body)[0] == "InvalidRequestContent"


def test_a_link_to_a_template_is_not_followed(world):
    body = wish()
    body["properties"]["templateLink"] = {"uri": "https://example.com"}

    assert refusal(world, body)[0] == "InvalidRequestContent"


def test_a_nested_template_is_read_with_the_group_that_is_to_be_made(world):
    inner = nested("inner", [thing("[resourceGroup().location]")], resourceGroup="g", dependsOn=["g"])

    (found,) = nested_orders(world, read(world, ID, wish(template(group(), inner))))

    assert [step.name for step in found.plan.steps.values()] == ["eastus"]


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (thing("a", type="Sandbox.Tests/others"), "InvalidResourceType"),
        (thing("a", apiVersion="1999"), "NoRegisteredProviderFound"),
        ({**nested("inner", []), "apiVersion": "1999"}, "NoRegisteredProviderFound"),
    ],
)
def test_every_type_and_version_is_known_before_anything_is_made(world, resource, code):
    body = wish(template(resource, schema=OF_GROUP), location="")

    assert refusal(world, body, IN_GROUP)[0] == code


def test_a_nested_deployment_evaluates_its_own_expressions(world):
    inner = nested("inner", [], resourceGroup="g")
    inner["properties"]["expressionEvaluationOptions"] = {"scope": "outer"}

    with pytest.raises(ArmError, match="expressionEvaluationOptions have the scope 'inner'"):
        list(nested_orders(world, read(world, ID, wish(template(group(), inner)))))


def test_deployments_are_nested_five_deep_at_most(world):
    inner = nested("level-6", [])
    for level in range(5, 0, -1):
        inner = nested(f"level-{level}", [inner])
    body = wish(template(inner, schema=OF_GROUP), location="")

    with pytest.raises(ArmError, match="more than five levels deep"):
        list(nested_orders(world, read(world, IN_GROUP, body)))
