"""A deployment on its way: it makes what no longer waits for anything, until all is made or one fails."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sandbox.azure import engine, rbac
from sandbox.azure.deployments.expressions import evaluate
from sandbox.azure.deployments.order import Order, nested_body, read
from sandbox.azure.deployments.parameters import check_kind, shown
from sandbox.azure.deployments.plan import Step
from sandbox.azure.deployments.syntax import invalid
from sandbox.azure.deployments.tasks import STATES, State, Task
from sandbox.azure.deployments.template import Section
from sandbox.azure.deployments.views import properties_of
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.operations import Operation
from sandbox.azure.principals import Principal
from sandbox.azure.resource_types import find
from sandbox.azure.world import World

type Json = Any

TOO_MANY_REQUESTS = 429
BROKEN = (AttributeError, KeyError, TypeError, ValueError)
FAILED = (
    "At least one resource deployment operation failed. Please list deployment operations for details. "
    "Please see https://aka.ms/arm-deployment-operations for usage details."
)
# What 'Full' leaves out of a resource, as Azure does.
NOT_IN_FULL = {"id", "name", "type", "systemData"}


class Deployment:
    """Starts with its making. Whoever looks at `operation` lets it go on."""

    def __init__(self, world: World, caller: Principal, order: Order) -> None:
        self._world, self._caller = world, caller
        self._around = replace(order.around, refer=self._refer)
        self.order = order
        self.tasks = {key: Task(step) for key, step in order.plan.steps.items()}
        self.outputs: Section = {}
        self.correlation_id = world.new_id()
        self.timestamp = world.clock.iso()
        world.deployments[order.id.key] = self
        self.operation = world.operations.start(
            order.id, caller.object_id, self._finish, is_done=self._is_done
        )

    @property
    def is_active(self) -> bool:
        return self.operation.status == "InProgress"

    @property
    def made(self) -> Iterator[str]:
        """The ids of what this deployment and those inside it made, in their order."""
        for task in self.tasks.values():
            nested = self._world.deployments.get(task.step.key)
            if nested:
                yield from nested.made
            elif task.state == State.SUCCEEDED:
                yield task.step.id

    def _is_done(self) -> bool:
        while self._go_on():
            pass
        states = [task.state for task in self.tasks.values()]
        return State.RUNNING not in states and (State.WAITING not in states or State.FAILED in states)

    def _go_on(self) -> bool:
        """Whether anything has moved, so that others may now."""
        moved = [self._look_at(task) for task in self._in_state(State.RUNNING)]
        if not self._in_state(State.FAILED):
            moved += [self._launch(task) for task in self._in_state(State.WAITING) if self._may_start(task)]
        return any(moved)

    def _in_state(self, state: State) -> list[Task]:
        return [task for task in self.tasks.values() if task.state == state]

    def _may_start(self, task: Task) -> bool:
        return all(self.tasks[key].state == State.SUCCEEDED for key in task.step.waits_for)

    def _launch(self, task: Task) -> bool:
        try:
            task.operation = self._start(task.step)
        except ArmError as error:
            # Azure tries again by itself what was only too early.
            if error.status == TOO_MANY_REQUESTS:
                return False
            task.fail(error.error())
        except BROKEN as error:
            # A fault of the sandbox's own must not come back at everybody who looks at the world.
            task.fail({"code": "InternalServerError", "message": f"The sandbox failed: {error!r}"})
        else:
            task.state = State.RUNNING if task.operation else State.SUCCEEDED
        task.timestamp = self._world.clock.iso()
        return True

    def _start(self, step: Step) -> Operation | None:
        id = ResourceId.parse(step.id)
        if step.is_deployment:
            order = read(self._world, id, nested_body(step, self._around), self.order)
            return start(self._world, self._caller, order).operation
        body = evaluate(step.body, self._around)
        fault = self._world.faults.take(id.subscription, f"{id.action_type}/write")
        if error := fault and fault.as_error():
            raise error
        return engine.put(self._world, self._caller, id, body, step.api_version).operation

    def _look_at(self, task: Task) -> bool:
        if task.operation is None:
            return False
        operation = self._world.operations.settle(task.operation)
        task.state = STATES[operation.status]
        if operation.error:
            task.fail(operation.error)
        return task.state != State.RUNNING

    def _finish(self) -> None:
        errors = [task.error for task in self.tasks.values() if task.error]
        if errors:
            raise ArmError(409, "DeploymentFailed", FAILED, target=self.order.id.text, details=errors)
        declared = self.order.template.get("outputs") or {}
        values = {name: evaluate(item["value"], self._around) for name, item in declared.items()}
        for name, value in values.items():
            check_kind(f"template output '{name}'", declared[name], value)
        self.outputs = shown(values, declared)

    def _refer(self, what: str, api_version: str | None, full: bool) -> Json:
        step = self.order.plan.find(what)
        if step and step.is_deployment:
            properties = properties_of(self._world.deployments[step.key])
            return {"properties": properties} if full else properties
        if step is None and ("/" not in what or api_version is None):
            raise invalid(
                f"The template resource reference '{what}' is not valid: could not find it in this template, "
                "and what is outside needs its id and an API version"
            )
        resource = self._read(step.id if step else what, api_version or (step.api_version if step else ""))
        return {k: v for k, v in resource.items() if k not in NOT_IN_FULL} if full else resource["properties"]

    def _read(self, resource_id: str, api_version: str) -> Json:
        id = ResourceId.parse(resource_id)
        find(id, api_version)
        rbac.check(self._world, self._caller, f"{id.action_type}/read", id.text)
        return self._world.need(id.text)


def start(world: World, caller: Principal, order: Order) -> Deployment:
    """Let a deployment begin; raises ArmError if its place is missing or taken."""
    if order.id.group:
        world.need(order.id.group_id)
    before = world.deployments.get(order.id.key)
    if before and before.is_active:
        raise ArmError(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{order.id.name}': previous deployment from "
            f"'{before.timestamp}' is still active. Please see https://aka.ms/arm-deploy for usage details.",
        )
    if before and before.order.location != order.location and not order.id.group:
        raise ArmError(
            409,
            "InvalidDeploymentLocation",
            f"Invalid deployment location '{order.location}'. The deployment '{order.id.name}' already "
            f"exists in location '{before.order.location}'.",
        )
    return Deployment(world, caller, order)
