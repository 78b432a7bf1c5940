import pytest

from sandbox.azure import deployments
from sandbox.azure.errors import ArmError
from tests.sandbox.azure.deployments.conftest import (
    OF_GROUP,
    SCOPE,
    THING_SECONDS,
    group,
    nested,
    template,
    thing,
)

THINGS = f"{SCOPE}/resourceGroups/g/providers/Sandbox.Tests/things"
NUMBER = "[reference(resourceId('Sandbox.Tests/things', 'a'), '1').number]"


def test_a_deployment_goes_on_after_its_answer(deploy, standing):
    started = deploy(template(group(), nested("inner", [thing("a")], resourceGroup="g", dependsOn=["g"])))

    assert (started.status, started.body["properties"]["provisioningState"]) == (201, "Accepted")
    assert standing(started)["provisioningState"] == "Running"
    assert standing(started, after=THING_SECONDS)["provisioningState"] == "Succeeded"


@pytest.mark.usefixtures("a_group")
def test_what_waits_is_made_after_what_it_waits_for(world, deploy, standing):
    both = template(thing("b", dependsOn=["a"]), thing("a"), schema=OF_GROUP)
    started = deploy(both, in_group="g")

    standing(started)
    assert (world.get(f"{THINGS}/a") is not None, world.get(f"{THINGS}/b")) == (True, None)
    standing(started, after=THING_SECONDS)
    assert world.get(f"{THINGS}/b")["properties"]["provisioningState"] == "Creating"
    assert standing(started, after=THING_SECONDS)["provisioningState"] == "Succeeded"


@pytest.mark.usefixtures("a_group")
def test_a_reference_reads_what_azure_gave_a_resource(world, deploy, standing):
    reader = thing("b", tags={"number": f"[concat('', {NUMBER[1:-1]})]"})
    outputs = {"number": {"type": "int", "value": NUMBER}}
    started = deploy(template(reader, thing("a"), schema=OF_GROUP, outputs=outputs), in_group="g")

    standing(started)
    standing(started, after=THING_SECONDS)
    told = standing(started, after=THING_SECONDS)

    assert told["outputs"] == {"number": {"type": "Int", "value": 1}}
    assert world.get(f"{THINGS}/b")["tags"] == {"number": "1"}


@pytest.mark.usefixtures("a_group")
def test_a_full_reference_reads_all_but_the_names_of_a_resource(deploy, standing):
    what = "reference(resourceId('Sandbox.Tests/things', 'a'), '1', 'Full')"
    outputs = {"where": {"type": "string", "value": f"[{what}.location]"}}
    started = deploy(template(thing("a"), schema=OF_GROUP, outputs=outputs), in_group="g")

    standing(started)

    assert standing(started, after=THING_SECONDS)["outputs"]["where"]["value"] == "eastus"


def test_the_outputs_of_a_nested_deployment_are_read_by_the_outer_one(deploy, standing):
    inner = nested(
        "inner",
        [thing("[parameters('name')]")],
        resourceGroup="g",
        dependsOn=["g"],
        declared={
            "name": {"type": "string"},
            "place": {"type": "string", "defaultValue": "[resourceGroup().location]"},
        },
        parameters={"name": {"value": "[parameters('thing')]"}},
        outputs={"place": {"type": "string", "value": "[parameters('place')]"}},
    )
    where = f"{SCOPE}/resourceGroups/g/providers/Microsoft.Resources/deployments/inner"
    outputs = {"place": {"type": "string", "value": f"[reference('{where}').outputs.place.value]"}}
    outer = template(
        group(location="westeurope"), inner, outputs=outputs, parameters={"thing": {"type": "string"}}
    )
    started = deploy(outer, parameters={"thing": "a"})

    standing(started)
    told = standing(started, after=THING_SECONDS)

    assert told["outputs"]["place"]["value"] == "westeurope"
    assert [item["id"] for item in told["outputResources"]] == [f"{SCOPE}/resourceGroups/g", f"{THINGS}/a"]


def test_a_group_in_the_way_of_itself_is_no_problem_the_second_time(deploy, standing):
    twice = template(group(), nested("inner", [thing("a")], resourceGroup="g", dependsOn=["g"]))
    standing(deploy(twice))
    standing(deploy(twice, name="other"), after=THING_SECONDS)

    again = deploy(twice)

    assert again.status == 200


@pytest.mark.usefixtures("a_group")
def test_a_resource_that_is_refused_fails_the_deployment_and_nothing_follows(world, deploy, standing):
    what = template(thing("a", location="mars"), thing("b", dependsOn=["a"]), schema=OF_GROUP)
    started = deploy(what, in_group="g")

    told = standing(started)

    assert (told["provisioningState"], told["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert [(item["code"], item["target"]) for item in told["error"]["details"]] == [
        ("LocationNotAvailableForResourceType", f"{THINGS}/a")
    ]
    assert world.get(f"{THINGS}/b") is None
    assert "outputs" not in told


@pytest.mark.usefixtures("a_group")
def test_a_resource_that_fails_late_fails_the_deployment(world, deploy, standing):
    world.faults.add(action="Sandbox.Tests/things/write", error="AllocationFailed", late=True)
    started = deploy(template(thing("a"), schema=OF_GROUP), in_group="g")

    standing(started)
    told = standing(started, after=THING_SECONDS)

    assert [item["code"] for item in told["error"]["details"]] == ["AllocationFailed"]


@pytest.mark.usefixtures("a_group")
def test_what_was_begun_is_finished_before_the_deployment_fails(world, deploy, standing):
    what = template(thing("a"), thing("b", location="mars"), schema=OF_GROUP)
    started = deploy(what, in_group="g")

    assert standing(started)["provisioningState"] == "Running"
    assert standing(started, after=THING_SECONDS)["provisioningState"] == "Failed"
    assert world.get(f"{THINGS}/a")["properties"]["provisioningState"] == "Succeeded"


def test_the_failure_of_a_nested_deployment_is_told_whole(deploy, standing):
    inner = nested("inner", [thing("a", location="mars")], resourceGroup="g", dependsOn=["g"])
    told = standing(deploy(template(group(), inner)))

    (inside,) = told["error"]["details"]
    assert (inside["code"], inside["details"][0]["target"]) == ("DeploymentFailed", f"{THINGS}/a")


@pytest.mark.usefixtures("a_group")
def test_what_is_only_too_early_is_tried_again(world, deploy, standing):
    world.faults.add(action="Sandbox.Tests/things/write", error="TooManyRequests")
    started = deploy(template(thing("a"), schema=OF_GROUP), in_group="g")

    assert standing(started)["provisioningState"] == "Running"
    standing(started)
    assert standing(started, after=THING_SECONDS)["provisioningState"] == "Succeeded"


@pytest.mark.usefixtures("a_group")
def test_a_reference_to_what_is_not_there_fails_where_it_is_needed(deploy, standing):
    what = template(thing("b", tags={"number": f"[concat('', {NUMBER[1:-1]})]"}), schema=OF_GROUP)

    told = standing(deploy(what, in_group="g"))

    assert [item["code"] for item in told["error"]["details"]] == ["ResourceNotFound"]


@pytest.mark.parametrize("what", ["[reference('nothing')]", f"[reference('{THINGS}/x')]"])
@pytest.mark.usefixtures("a_group")
def test_a_reference_outside_the_template_needs_an_id_and_a_version(deploy, standing, what):

    told = standing(deploy(template(thing("b", tags={"x": what}), schema=OF_GROUP), in_group="g"))

    (why,) = told["error"]["details"]
    assert (why["code"], "what is outside needs its id and an API version" in why["message"]) == (
        "InvalidTemplate",
        True,
    )


def test_a_deployment_that_is_active_is_not_replaced(deploy):
    what = template(group(), nested("inner", [thing("a")], resourceGroup="g", dependsOn=["g"]))
    deploy(what)

    with pytest.raises(ArmError, match="is still active") as refusal:
        deploy(what)

    assert (refusal.value.status, refusal.value.code) == (409, "DeploymentActive")


def test_a_deployment_stays_in_its_location(deploy, standing):
    standing(deploy(template(group())))

    with pytest.raises(ArmError) as refusal:
        deploy(template(group()), location="westeurope")

    assert refusal.value.code == "InvalidDeploymentLocation"


@pytest.mark.usefixtures("a_group")
def test_operations_tell_each_resource_and_why_one_failed(world, owner, deploy, standing):
    what = template(thing("a", location="mars"), thing("b", dependsOn=["a"]), schema=OF_GROUP)
    started = deploy(what, in_group="g")
    standing(started)

    (told,) = [item["properties"] for item in deployments.operations(world, owner, started.id)]

    assert told["targetResource"] == {
        "id": f"{THINGS}/a",
        "resourceType": "Sandbox.Tests/things",
        "resourceName": "a",
    }
    assert told["provisioningState"] == "Failed"
    assert told["statusMessage"]["error"]["code"] == "LocationNotAvailableForResourceType"


@pytest.mark.usefixtures("a_group")
def test_metadata_is_for_readers_and_not_sent(world, deploy):
    deploy(template(thing("a", metadata={"why": "…"}, comments="…"), schema=OF_GROUP), in_group="g")

    world.tick()

    assert {"metadata", "comments", "apiVersion"} & set(world.get(f"{THINGS}/a")) == set()


@pytest.mark.usefixtures("a_group")
def test_children_and_extensions_are_made_where_they_belong(world, deploy, standing):
    part = {"type": "parts", "apiVersion": "1", "name": "p", "dependsOn": ["a"]}
    started = deploy(template(thing("a", resources=[part]), schema=OF_GROUP), in_group="g")

    standing(started)
    standing(started, after=THING_SECONDS)

    assert world.get(f"{THINGS}/a/parts/p")["type"] == "Sandbox.Tests/things/parts"


def test_an_output_is_of_the_type_that_it_says(deploy, standing):
    told = standing(deploy(template(outputs={"count": {"type": "string", "value": 3}})))

    assert (told["provisioningState"], told["error"]["code"]) == ("Failed", "InvalidTemplate")
    assert "The value of the template output 'count' is not valid" in told["error"]["message"]


@pytest.mark.usefixtures("a_group")
def test_a_fault_of_the_sandbox_fails_the_one_deployment_that_met_it(deploy, standing):
    told = standing(deploy(template(thing("a", type="Sandbox.Tests/broken"), schema=OF_GROUP), in_group="g"))
    again = standing(deploy(template(group("other")), name="other"))

    assert [item["code"] for item in told["error"]["details"]] == ["InternalServerError"]
    assert again["provisioningState"] == "Succeeded"
