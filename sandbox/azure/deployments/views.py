"""Deployments as GET shows them."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.azure.deployments.order import Order
from sandbox.azure.deployments.parameters import shown
from sandbox.azure.deployments.plan import Step
from sandbox.azure.deployments.tasks import STATES, State, Task
from sandbox.azure.deployments.template import Section

if TYPE_CHECKING:
    from sandbox.azure.deployments.run import Deployment


def view(deployment: "Deployment") -> Section:
    order = deployment.order
    place = {} if order.id.group else {"location": order.location}
    return {
        "id": order.id.text,
        "name": order.id.name,
        "type": "Microsoft.Resources/deployments",
        **place,
        "properties": properties_of(deployment),
    }


def properties_of(deployment: "Deployment") -> Section:
    """What reference() reads of a nested deployment as well."""
    order, operation = deployment.order, deployment.operation
    properties: Section = {
        "provisioningState": STATES[operation.status].value,
        "correlationId": deployment.correlation_id,
        "timestamp": deployment.timestamp,
        "mode": "Incremental",
        "parameters": shown(order.around.parameters, order.template.get("parameters") or {}),
        "dependencies": list(_dependencies(order)),
    }
    if operation.status == "Succeeded":
        properties["outputs"] = deployment.outputs
        properties["outputResources"] = [{"id": id} for id in deployment.made]
    if operation.error:
        properties["error"] = operation.error
    return properties


def _dependencies(order: Order) -> Iterator[Section]:
    steps = order.plan.steps
    for step in steps.values():
        if step.waits_for:
            before = [steps[key] for key in steps if key in step.waits_for]
            yield {**_named(step), "dependsOn": [_named(one) for one in before]}


def _named(step: Step) -> Section:
    return {"id": step.id, "resourceType": step.kind, "resourceName": step.name}


def operations_of(deployment: "Deployment") -> list[Section]:
    """What has been started."""
    started = [task for task in deployment.tasks.values() if task.state != State.WAITING]
    return [_operation(deployment, task) for task in started]


def _operation(deployment: "Deployment", task: Task) -> Section:
    id = uuid.uuid5(uuid.NAMESPACE_URL, task.step.key).hex[:16].upper()
    properties: Section = {
        "provisioningOperation": "Create",
        "provisioningState": task.state.value,
        "timestamp": task.timestamp,
        "targetResource": _named(task.step),
    }
    if task.error:
        properties["statusMessage"] = {"status": "Failed", "error": task.error}
    return {"id": f"{deployment.order.id}/operations/{id}", "operationId": id, "properties": properties}
