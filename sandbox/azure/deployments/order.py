"""A deployment as it was asked for: read and checked whole before the first resource is touched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.azure.deployments.expressions import Surroundings, evaluate, references
from sandbox.azure.deployments.parameters import parameter_values
from sandbox.azure.deployments.plan import Plan, Step
from sandbox.azure.deployments.syntax import invalid
from sandbox.azure.deployments.template import Section, check_sections
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.locations import normal
from sandbox.azure.resource_types import find
from sandbox.azure.world import World

type Json = Any

MEMBERS = {"location", "tags", "properties"}
PROPERTIES = {"template", "parameters", "mode", "expressionEvaluationOptions", "debugSetting"}
DEEPEST = 5


@dataclass(frozen=True)
class Order:
    """What a deployment's PUT asks for; `around` is what the expressions of its template see."""

    id: ResourceId
    location: str
    template: Section
    around: Surroundings
    plan: Plan
    level: int = 0


def read(world: World, id: ResourceId, body: Mapping[str, Json], above: Order | None = None) -> Order:
    """Raises ArmError for everything that is wrong before anything is made."""
    level = above.level + 1 if above else 0
    _check_wish(body, level)
    properties = body["properties"]
    location = _location(id, body, above)
    template = check_sections(properties.get("template"), in_group=bool(id.group))
    around = _surroundings(world, id, location)
    given = properties.get("parameters") or {}
    around = replace(around, parameters=parameter_values(template, given, around))
    around = replace(around, variables=template.get("variables") or {})
    plan = Plan(template, around)
    for step in plan.steps.values():
        find(ResourceId.parse(step.id), step.api_version)
    return Order(id, location, template, around, plan, level)


def nested_body(step: Step, around: Surroundings) -> Section:
    """What a nested deployment is asked; its own template's expressions are left for it."""
    properties = step.section.get("properties", {})
    if properties.get("expressionEvaluationOptions", {}).get("scope", "").lower() != "inner":
        raise invalid(
            f"The sandbox knows nested deployments whose expressionEvaluationOptions have the scope "
            f"'inner'; '{step.name}' does not say so"
        )
    given = evaluate(properties.get("parameters", {}), around)
    outer = {name: evaluate(item, around) for name, item in step.body.items() if name != "properties"}
    return {**outer, "properties": {**properties, "parameters": given}}


def nested_orders(world: World, order: Order) -> Iterator[Order]:
    """The nested deployments that can be read before anything exists, those inside them as well."""
    for step in order.plan.steps.values():
        if step.is_deployment and not list(references(step.evaluated, order.around)):
            inner = read(world, ResourceId.parse(step.id), nested_body(step, order.around), order)
            yield inner
            yield from nested_orders(world, inner)


def _check_wish(body: Mapping[str, Json], level: int) -> None:
    properties = body.get("properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("parameters"), dict | None):
        raise ArmError(400, "InvalidRequestContent", "The request content has no deployment properties.")
    for unknown in [*(set(body) - MEMBERS), *(set(properties) - PROPERTIES)]:
        raise ArmError(400, "InvalidRequestContent", f"Could not find member '{unknown}' on a deployment.")
    if properties.get("mode") != "Incremental":
        raise ArmError(
            400,
            "InvalidDeploymentMode",
            "The sandbox deploys in the mode 'Incremental', which has to be given.",
        )
    if level > DEEPEST:
        raise invalid("The nested deployments are more than five levels deep")


def _location(id: ResourceId, body: Mapping[str, Json], above: Order | None) -> str:
    given = body.get("location")
    if id.group:
        if given:
            raise ArmError(
                400,
                "InvalidDeployment",
                f"The 'location' property is not allowed for '{id.name}' at resource group scope. "
                "Please see https://aka.ms/deploy-to-subscription for usage details.",
            )
        return above.location if above else ""
    if not given:
        raise ArmError(
            400,
            "InvalidDeployment",
            f"The 'location' property must be specified for '{id.name}'. "
            "Please see https://aka.ms/deploy-to-subscription for usage details.",
        )
    return normal(str(given))


def _surroundings(world: World, id: ResourceId, location: str) -> Surroundings:
    subscription = world.subscription(id.subscription).body()
    if not id.group:
        return Surroundings(subscription)
    # Before its group is made, a nested deployment is read with what the group is expected to be.
    expected = {"id": id.group_id, "name": id.group, "location": location, "tags": {}}
    return Surroundings(subscription, world.get(id.group_id) or expected)
