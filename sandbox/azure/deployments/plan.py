"""What a template is going to make: each resource's id, and what it has to wait for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.azure.deployments.expressions import Surroundings, evaluate, references
from sandbox.azure.deployments.functions import text
from sandbox.azure.deployments.syntax import invalid
from sandbox.azure.deployments.template import flat

type Json = Any
type Section = dict[str, Json]

DEPLOYMENT = "microsoft.resources/deployments"
GROUP = "microsoft.resources/resourcegroups"
# What may stand directly under a subscription; everything else lives in a resource group.
OF_SUBSCRIPTIONS = (DEPLOYMENT, GROUP, "microsoft.authorization/", "microsoft.features/")
NOT_IN_BODIES = {
    "type", "apiVersion", "name", "comments", "condition", "dependsOn", "scope", "resourceGroup",
    "subscriptionId", "above", "metadata",
}  # fmt: skip
SYNTAX = "Please see https://aka.ms/arm-syntax-resources for usage details."


@dataclass
class Step:
    """One resource of a template."""

    id: str
    kind: str
    name: str
    api_version: str
    section: Section
    waits_for: set[str] = field(default_factory=set)

    @property
    def key(self) -> str:
        return self.id.lower()

    @property
    def is_deployment(self) -> bool:
        return self.kind.lower() == DEPLOYMENT

    @property
    def body(self) -> Section:
        """What is sent, its expressions still in it."""
        return {name: item for name, item in self.section.items() if name not in NOT_IN_BODIES}

    @property
    def evaluated(self) -> Json:
        """The parts of the section whose expressions belong to this template, not to a nested one."""
        if self.is_deployment:
            return self.section.get("properties", {}).get("parameters", {})
        return self.body


class Plan:
    """The steps of a template by their ids in lower case. Raises ArmError for what cannot be planned."""

    def __init__(self, template: Section, around: Surroundings) -> None:
        self._around = around
        self.steps: dict[str, Step] = {}
        self._left_out: list[Step] = []
        for section in flat(template["resources"]):
            self._add(section)
        for step in self.steps.values():
            step.waits_for = set(self._dependencies(step))
        for step in self.steps.values():
            self._check_circle(step)
            self._check_parent(step)

    def find(self, name: str) -> Step | None:
        """The step that is meant by an id, by type and name, or by a name alone."""
        return self._find(name, list(self.steps.values()))

    def _add(self, section: Section) -> None:
        step = _step(section, self._around)
        if not self._wanted(section):
            self._left_out.append(step)
        elif step.key in self.steps:
            raise invalid(f"The resource '{step.id}' is defined multiple times in a template. {SYNTAX}")
        else:
            self.steps[step.key] = step

    def _wanted(self, section: Section) -> bool:
        condition = evaluate(section.get("condition", True), self._around)
        if not isinstance(condition, bool):
            raise invalid(f"The condition of the resource '{section['name']}' is neither true nor false")
        return condition and ("above" not in section or self._wanted(section["above"]))

    def _dependencies(self, step: Step) -> Iterator[str]:
        for written in step.section.get("dependsOn", []):
            name = text("dependsOn", evaluate(written, self._around))
            found = self.find(name)
            if found:
                yield found.key
            # As in Azure, a dependency on what its condition leaves out is dropped.
            elif self._find(name, self._left_out) is None:
                raise invalid(
                    f"The resource '{name}' is not defined in the template. "
                    "Please see https://aka.ms/arm-syntax for usage details."
                )
        for name in references(step.evaluated, self._around):
            if found := self.find(name):
                yield found.key

    def _find(self, name: str, among: list[Step]) -> Step | None:
        wanted = name.lower().strip("/")
        found = [step for step in among if step.key.strip("/") == wanted]
        found = found or [step for step in among if wanted in (_typed_name(step), step.name.lower())]
        if len(found) > 1:
            raise invalid(f"The resource reference '{name}' is ambiguous: name its type as well")
        return found[0] if found else None

    def _check_circle(self, step: Step) -> None:
        if step.key in self._all_before(step):
            raise invalid(f"Circular dependency detected on resource: '{step.id}'. {SYNTAX}")

    def _check_parent(self, step: Step) -> None:
        parent = self.steps.get(step.key.rsplit("/", 2)[0])
        if (
            parent
            and parent.kind.count("/") < step.kind.count("/")
            and parent.key not in self._all_before(step)
        ):
            raise invalid(
                f"The resource '{step.id}' doesn't depend on parent resource '{parent.id}'. "
                "Please add dependency explicitly using the 'dependsOn' syntax"
            )

    def _all_before(self, step: Step) -> set[str]:
        before: set[str] = set()
        ahead = set(step.waits_for)
        while ahead:
            key = ahead.pop()
            before.add(key)
            ahead |= self.steps[key].waits_for - before
        return before


def _typed_name(step: Step) -> str:
    namespace, *types = step.kind.lower().split("/")
    pairs = zip(types, step.name.lower().split("/"), strict=True)
    return "/".join([namespace, *(f"{word}/{name}" for word, name in pairs)])


def _step(section: Section, around: Surroundings) -> Step:
    name = str(evaluate(section["name"], around))
    kind, api_version = section["type"], evaluate(section["apiVersion"], around)
    if len(kind.split("/")) - 1 != len(name.split("/")):
        raise invalid(
            f"The template resource '{name}' for type '{kind}' has incorrect segment lengths. A nested "
            f"resource type must have identical number of segments as its resource name. {SYNTAX}"
        )
    return Step(_id(section, kind, name, around), kind, name, api_version, section)


def _id(section: Section, kind: str, name: str, around: Surroundings) -> str:
    scope = _scope(section, kind, around)
    if kind.lower() == GROUP:
        return f"{scope}/resourceGroups/{name}"
    namespace, *types = kind.split("/")
    pairs = "/".join(f"{word}/{part}" for word, part in zip(types, name.split("/"), strict=True))
    return f"{scope}/providers/{namespace}/{pairs}"


def _scope(section: Section, kind: str, around: Surroundings) -> str:
    subscription = f"/subscriptions/{around.subscription['subscriptionId']}"
    own = f"{subscription}/resourceGroups/{around.group['name']}" if around.group else subscription
    if kind.lower() == DEPLOYMENT:
        return _scope_of_nested(section, subscription, own, around)
    if "resourceGroup" in section or "subscriptionId" in section:
        raise invalid(f"Only a nested deployment names a resource group, not '{section['name']}'")
    if "scope" in section:
        scope = text("scope", evaluate(section["scope"], around)).rstrip("/")
        return scope if scope.startswith("/") else f"{own}/providers/{scope}"
    if around.group is None and not kind.lower().startswith(OF_SUBSCRIPTIONS):
        raise invalid(
            f"The resource '{section['name']}' of type '{kind}' can't be deployed at subscription scope"
        )
    if around.group is not None and kind.lower() == GROUP:
        raise invalid(f"The resource group '{section['name']}' can't be deployed in a resource group")
    return own


def _scope_of_nested(section: Section, subscription: str, own: str, around: Surroundings) -> str:
    elsewhere = evaluate(section.get("subscriptionId"), around)
    if "scope" in section or elsewhere not in (None, around.subscription["subscriptionId"]):
        raise invalid(f"The sandbox keeps the nested deployment '{section['name']}' in its subscription")
    if "resourceGroup" in section:
        return f"{subscription}/resourceGroups/{evaluate(section['resourceGroup'], around)}"
    return subscription if elsewhere else own
