"""What Resource Manager's front door calls for the type Microsoft.Resources/deployments."""

import re
from typing import Any

from sandbox.azure import rbac
from sandbox.azure.deployments.order import Order, read
from sandbox.azure.deployments.permission import check_permissions, register_namespaces
from sandbox.azure.deployments.run import Deployment, start
from sandbox.azure.deployments.template import Section
from sandbox.azure.deployments.views import operations_of, view
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.operations import Operation
from sandbox.azure.principals import Principal
from sandbox.azure.resource_types import ResourceType, register
from sandbox.azure.world import World

type Json = Any

ACTIONS = "Microsoft.Resources/deployments"
LONGEST_NAME = 64

# They are in the table of types for their versions; making one is this module's own business.
register(
    ResourceType(
        name=ACTIONS,
        api_versions=("2025-04-01", "2024-11-01", "2024-03-01", "2023-07-01", "2022-09-01", "2021-04-01"),
        needs_location=False,
    )
)


def put(world: World, caller: Principal, id: ResourceId, body: Json) -> tuple[int, Section, Operation]:
    """Start a deployment: the status, the body and the operation to be asked. Raises ArmError."""
    rbac.check(world, caller, f"{ACTIONS}/write", id.text)
    order = _checked(world, caller, id, body)
    status = 200 if id.key in world.deployments else 201
    register_namespaces(world, caller, order)
    deployment = start(world, caller, order)
    answer = view(deployment)
    answer["properties"]["provisioningState"] = "Accepted"
    return status, answer, deployment.operation


def validate(world: World, caller: Principal, id: ResourceId, body: Json) -> Section:
    """What a PUT would check before it makes anything."""
    rbac.check(world, caller, f"{ACTIONS}/validate/action", id.text)
    order = _checked(world, caller, id, body)
    return {"id": id.text, "name": id.name, "type": ACTIONS, "properties": {**_standing(order)}}


def get(world: World, caller: Principal, id: ResourceId) -> Section:
    rbac.check(world, caller, f"{ACTIONS}/read", id.text)
    return view(_need(world, id))


def listed(world: World, caller: Principal, scope: str) -> list[Section]:
    """The deployments of a subscription or a group, without those of the groups in it."""
    rbac.check(world, caller, f"{ACTIONS}/read", scope)
    found = [one for one in world.deployments.values() if one.order.id.scope.lower() == scope.lower()]
    return [view(one) for one in found]


def operations(world: World, caller: Principal, id: ResourceId) -> list[Section]:
    rbac.check(world, caller, f"{ACTIONS}/operations/read", id.text)
    return operations_of(_need(world, id))


def delete(world: World, caller: Principal, id: ResourceId) -> int:
    """Forget the record; what the deployment made stays."""
    rbac.check(world, caller, f"{ACTIONS}/delete", id.text)
    if (known := world.deployments.get(id.key)) is None:
        return 204
    if known.is_active:
        raise ArmError(409, "DeploymentActive", f"The deployment '{id.name}' is still active.")
    del world.deployments[id.key]
    return 200


def _checked(world: World, caller: Principal, id: ResourceId, body: Json) -> Order:
    if len(id.name) > LONGEST_NAME:
        raise ArmError(
            400, "InvalidDeploymentName", f"The deployment name '{id.name}' is longer than {LONGEST_NAME}."
        )
    if not re.fullmatch(r"[-\w.()]+", id.name, re.ASCII):
        raise ArmError(400, "InvalidDeploymentName", f"The deployment name '{id.name}' is not valid.")
    if id.group:
        world.need(id.group_id)
    if not isinstance(body, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid.")
    order = read(world, id, body)
    check_permissions(world, caller, order)
    return order


def _standing(order: Order) -> Section:
    steps = order.plan.steps.values()
    return {
        "provisioningState": "Succeeded",
        "mode": "Incremental",
        "validatedResources": [{"id": step.id} for step in steps],
    }


def _need(world: World, id: ResourceId) -> Deployment:
    if found := world.deployments.get(id.key):
        deployment: Deployment = found
        return deployment
    raise ArmError(404, "DeploymentNotFound", f"Deployment '{id.name}' could not be found.")
