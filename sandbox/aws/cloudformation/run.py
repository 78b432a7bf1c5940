"""One run of a template: evaluating it creates and updates its resources in the right order."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.cloudformation.resources import TYPES
from sandbox.aws.cloudformation.resources.base import Made, Place, Properties
from sandbox.aws.cloudformation.template import (
    Expressions,
    StackError,
    Values,
    load_template,
    parameter_values,
)

FAILURES = (BotoCoreError, ClientError, StackError, KeyError, TypeError, ValueError)
SECTIONS = {
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
}

type Note = Callable[..., None]


@dataclass
class Resource:
    """A resource of a stack, with the properties that it was made from."""

    kind: str
    properties: Properties
    made: Made
    retained: bool = False


class Run:
    """Makes or updates a stack. `old` are the resources that the stack has already."""

    def __init__(
        self, template: str, given: Mapping[str, str], place: Place, old: dict[str, Resource], note: Note
    ) -> None:
        self._template = load_template(template)
        _check_resources(self._template)
        self.parameters = parameter_values(self._template, given)
        self.resources: dict[str, Resource] = {}
        self._place, self._old, self._note = place, old, note
        self._busy: list[str] = []
        self._undo: list[tuple[str, Callable[[], None]]] = []
        values = {**self.parameters, **_pseudo_parameters(place)}
        self._expressions = Expressions(self._template, values, self._reference, self._attribute, self._zones)

    @classmethod
    def of_nothing(cls, place: Place, old: dict[str, Resource], note: Note) -> Self:
        """A run that only removes."""
        return cls("Resources: {}", {}, place, old, note)

    def carry_out(self) -> dict[str, Any]:
        """The stack's outputs. On any failure the caller rolls back."""
        for name in self._template["Resources"]:
            if self._wanted(self._template["Resources"][name]):
                self._make(name)
        outputs = self._template.get("Outputs") or {}
        found = {
            name: self._expressions.evaluate(output["Value"])
            for name, output in outputs.items()
            if self._wanted(output)
        }
        gone = {name: item for name, item in self._old.items() if name not in self.resources}
        if problems := self.delete_all(gone):
            raise StackError("; ".join(problems))
        return found

    def delete_all(self, resources: dict[str, Resource]) -> list[str]:
        """Remove them, last first, from the dict as well; the problems of those that would not go."""
        problems = []
        for name, resource in reversed(list(resources.items())):
            try:
                self._delete(name, resource)
                del resources[name]
            except FAILURES as error:
                problems.append(f"{name}: {reason(error)}")
                self._note(name, resource.kind, "DELETE_FAILED", reason(error))
        return problems

    def roll_back(self) -> list[str]:
        """Undo what this run did, last first; the problems that it met."""
        problems = []
        for name, undo in reversed(self._undo):
            try:
                undo()
            except FAILURES as error:
                problems.append(f"{name} was not rolled back: {reason(error)}")
        return problems

    def _wanted(self, section: Values) -> bool:
        return "Condition" not in section or self._expressions.holds(section["Condition"])

    def _make(self, name: str) -> Resource:
        if name in self.resources:
            return self.resources[name]
        if name in self._busy:
            raise StackError(f"Circular dependency between resources: {', '.join([*self._busy, name])}")
        section = self._template["Resources"].get(name)
        if section is None or not self._wanted(section):
            raise StackError(f"Template error: unresolved resource dependency {name}")
        self._busy.append(name)
        depends = section.get("DependsOn") or []
        for other in [depends] if isinstance(depends, str) else depends:
            # As in AWS, a dependency on what its condition leaves out is dropped.
            if self._wanted(self._template["Resources"].get(other, {})):
                self._make(other)
        properties = self._expressions.evaluate(section.get("Properties") or {})
        self.resources[name] = self._carry_out_one(name, section, properties)
        self._busy.remove(name)
        return self.resources[name]

    def _carry_out_one(self, name: str, section: Values, properties: Properties) -> Resource:
        kind, old = section["Type"], self._old.get(name)
        verb = "UPDATE" if old else "CREATE"
        try:
            if old is None:
                made = self._create(name, kind, properties)
            else:
                made = self._update(name, kind, old, properties)
        except FAILURES as error:
            self._note(name, kind, f"{verb}_FAILED", reason(error))
            raise StackError(f"{name} ({kind}): {reason(error)}") from error
        return Resource(kind, properties, made, retained=section.get("DeletionPolicy") == "Retain")

    def _create(self, name: str, kind: str, properties: Properties) -> Made:
        made = TYPES[kind].create(self._at(name), properties)
        self._undo.append((name, lambda: self._delete(name, Resource(kind, properties, made))))
        self._note(name, kind, "CREATE_COMPLETE")
        return made

    def _update(self, name: str, kind: str, old: Resource, new: Properties) -> Made:
        if old.kind != kind:
            raise StackError("A resource cannot change its type under the same name.")
        if old.properties == new:
            return old.made
        update = TYPES[kind].update
        if update is None:
            changed = sorted(k for k in {*old.properties, *new} if old.properties.get(k) != new.get(k))
            raise StackError(f"The sandbox cannot update {kind}: {', '.join(changed)} changed.")
        place = self._at(name)
        update(place, old.made, old.properties, new)
        self._undo.append((name, lambda: update(place, old.made, new, old.properties)))
        self._note(name, kind, "UPDATE_COMPLETE")
        return old.made

    def _delete(self, name: str, resource: Resource) -> None:
        if resource.retained:
            self._note(name, resource.kind, "DELETE_SKIPPED")
            return
        TYPES[resource.kind].delete(self._at(name), resource.made, resource.properties)
        self._note(name, resource.kind, "DELETE_COMPLETE")

    def _at(self, name: str) -> Place:
        return dataclasses.replace(self._place, logical_id=name)

    def _reference(self, name: str) -> str:
        return self._make(name).made.physical_id

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self._make(name)
        try:
            return resource.made.attribute(attribute)
        except KeyError:
            kind = resource.kind
            raise StackError(f"Template error: {kind} doesn't support attribute {attribute}") from None

    def _zones(self, region: str) -> list[str]:
        zones = self._place.ec2.describe_availability_zones()["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones if zone["RegionName"] == region)


def _check_resources(template: Values) -> None:
    """Before anything is made: every type, and every property of it, must be known."""
    for name, section in template["Resources"].items():
        kind = section.get("Type")
        if kind not in TYPES:
            raise StackError(f"Template format error: Unrecognized resource types: [{kind}]")
        known = TYPES[kind].properties
        unknown = {*(section.get("Properties") or {})} - known | set(section) - SECTIONS
        if unknown:
            listed = ", ".join(sorted(unknown))
            raise StackError(f"{name}: the sandbox does not know these properties of {kind}: {listed}")


def _pseudo_parameters(place: Place) -> dict[str, str]:
    return {
        "AWS::AccountId": place.account,
        "AWS::Partition": "aws",
        "AWS::Region": place.region,
        "AWS::StackId": f"arn:aws:cloudformation:{place.region}:{place.account}:stack/{place.stack}",
        "AWS::StackName": place.stack,
        "AWS::URLSuffix": "amazonaws.com",
    }


def reason(error: Exception) -> str:
    return f"the property {error} is missing" if isinstance(error, KeyError) else str(error)
