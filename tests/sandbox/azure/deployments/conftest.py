"""A subscription with an owner, and resources without rules of their own to deploy there."""

from types import SimpleNamespace

import pytest

from sandbox.azure import deployments, groups
from sandbox.azure.ids import ResourceId
from sandbox.azure.principals import Principal
from sandbox.azure.rbac import ASSIGNMENTS, DEFINITIONS, OWNER
from sandbox.azure.resource_types import TYPES, ResourceType
from sandbox.azure.world import Subscription, World

SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
DIRECTORY = "dddd1111-0000-4000-8000-000000000002"
SCOPE = f"/subscriptions/{SUBSCRIPTION}"
SCHEMAS = "https://schema.management.azure.com/schemas/"
OF_SUBSCRIPTION = SCHEMAS + "2018-05-01/subscriptionDeploymentTemplate.json#"
OF_GROUP = SCHEMAS + "2019-04-01/deploymentTemplate.json#"

THING_SECONDS = 60


def thing(name, **more):
    """A resource of a type that the tests make up; it takes a minute to make, and has a number."""
    return {"type": "Sandbox.Tests/things", "apiVersion": "1", "name": name, "location": "eastus", **more}


def group(name="g", **more):
    return {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2025-04-01",
        "name": name,
        "location": "eastus",
        **more,
    }


def nested(name, resources, *, parameters=None, declared=None, outputs=None, **more):
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2025-04-01",
        "name": name,
        **more,
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": parameters or {},
            "template": template(
                *resources, schema=OF_GROUP, parameters=declared or {}, outputs=outputs or {}
            ),
        },
    }


def template(*resources, schema=OF_SUBSCRIPTION, **sections):
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": list(resources), **sections}


def _number(write):
    write.world.facts("numbers")["last"] = write.world.facts("numbers").get("last", 0) + 1
    write.properties["number"] = write.world.facts("numbers")["last"]


def _break(write):
    raise KeyError(write.id.name)


@pytest.fixture(autouse=True)
def _made_up_types(monkeypatch):
    thing_type = ResourceType(
        name="Sandbox.Tests/things", api_versions=("1",), create_seconds=THING_SECONDS, fill=_number
    )
    part_type = ResourceType(name="Sandbox.Tests/things/parts", api_versions=("1",), needs_location=False)
    broken_type = ResourceType(name="Sandbox.Tests/broken", api_versions=("1",), check=_break)
    for kind in (thing_type, part_type, broken_type):
        monkeypatch.setitem(TYPES, kind.name.lower(), kind)


@pytest.fixture
def world():
    assert groups.KNOWN_FEATURES
    world = World()
    world.behaviour.pace = 1.0
    world.subscriptions[SUBSCRIPTION] = Subscription(SUBSCRIPTION, DIRECTORY, "globex")
    return world


@pytest.fixture
def new_caller(world):
    """Make somebody who may do what a role's definition says, in the whole subscription."""

    def make(name, role):
        caller = Principal(f"object-of-{name}", f"client-of-{name}", DIRECTORY, name)
        world.principals.add(caller)
        definition = f"{SCOPE}/providers/{DEFINITIONS}/{role}"
        grant = {"principalId": caller.object_id, "roleDefinitionId": definition, "scope": SCOPE}
        where = f"{SCOPE}/providers/{ASSIGNMENTS}/{name}"
        world.put({"id": where, "name": name, "type": ASSIGNMENTS, "properties": grant})
        return caller

    return make


@pytest.fixture
def owner(new_caller):
    return new_caller("owner", OWNER)


@pytest.fixture
def deploy(world, owner):
    """Start a deployment: ``deploy(template(…)).properties`` is what is told of it by then."""

    def start(what, *, name="d", in_group="", location="eastus", by=None, parameters=None):
        scope = f"{SCOPE}/resourceGroups/{in_group}" if in_group else SCOPE
        id = ResourceId.parse(f"{scope}/providers/Microsoft.Resources/deployments/{name}")
        given = {key: {"value": value} for key, value in (parameters or {}).items()}
        properties = {"mode": "Incremental", "template": what, "parameters": given}
        place = {} if in_group else {"location": location}
        status, body, _ = deployments.put(world, by or owner, id, {**place, "properties": properties})
        return SimpleNamespace(id=id, status=status, body=body)

    return start


@pytest.fixture
def standing(world, owner):
    """What is told of a deployment after so many seconds."""

    def look(started, after=0):
        world.clock.advance(after)
        world.tick()
        return deployments.get(world, owner, started.id)["properties"]

    return look


@pytest.fixture
def a_group(world, deploy, standing):
    """The resource group that the tests deploy in."""
    standing(deploy(template(group()), name="before"))
