"""A template as its owner wrote it: its sections, and its resources in one list."""

from collections.abc import Iterator
from typing import Any

from sandbox.azure.deployments.parameters import KINDS
from sandbox.azure.deployments.syntax import invalid

type Json = Any
type Section = dict[str, Json]

SECTIONS = {"$schema", "contentVersion", "metadata", "parameters", "variables", "resources", "outputs"}
RESOURCE_SECTIONS = {
    "type", "apiVersion", "name", "comments", "condition", "dependsOn", "scope", "resourceGroup",
    "subscriptionId", "location", "tags", "properties", "sku", "kind", "identity", "zones", "managedBy",
    "plan", "resources", "metadata",
}  # fmt: skip
# What may be an expression as a whole is a text as well.
FORMS: dict[str, Any] = {
    "dependsOn": list, "resources": list, "properties": dict, "scope": str, "resourceGroup": str,
    "location": str, "tags": dict | str,
}  # fmt: skip
SCHEMAS = {True: "/deploymentTemplate.json#", False: "/subscriptionDeploymentTemplate.json#"}


def check_sections(template: Json, *, in_group: bool) -> Section:
    """The template itself, once it is sure to be one for that scope. Raises ArmError."""
    if not isinstance(template, dict):
        raise invalid("The template is missing; the sandbox follows no templateLink")
    if unknown := set(template) - SECTIONS:
        raise invalid(f"Could not find member '{min(unknown)}' on object of type 'Template'")
    for section in ("$schema", "contentVersion", "resources"):
        if section not in template:
            raise invalid(f"Required property '{section}' not found in JSON")
    if not str(template["$schema"]).endswith(SCHEMAS[in_group]):
        raise invalid(f"The template schema '{template['$schema']}' is not one for this deployment's scope")
    if not isinstance(template["resources"], list):
        raise invalid("The resources have to be a list; symbolic names are not known to the sandbox")
    for section in ("parameters", "variables", "outputs"):
        if not isinstance(template.get(section), dict | None):
            raise invalid(f"The template's {section} are no object")
    for name, output in (template.get("outputs") or {}).items():
        _check_output(name, output)
    return template


def _check_output(name: str, output: Json) -> None:
    if not isinstance(output, dict) or not {"type", "value"} <= set(output) <= {"type", "value", "metadata"}:
        raise invalid(f"The template output '{name}' has to have a type and a value, and nothing else")
    if str(output["type"]).lower() not in KINDS:
        raise invalid(f"The template output '{name}' has an invalid type '{output['type']}'")


def flat(resources: list[Section], above: Section | None = None) -> Iterator[Section]:
    """The resources with their children after them, each under its full type and name."""
    for item in resources:
        resource = _checked(item)
        children = resource.pop("resources", [])
        if above:
            resource["type"] = f"{above['type']}/{resource['type']}"
            resource["name"] = _child_name(above["name"], resource["name"])
            resource["above"] = above
        yield resource
        yield from flat(children, resource)


def _checked(item: Section) -> Section:
    if not isinstance(item, dict):
        raise invalid("A template resource is no object")
    for section in ("type", "name", "apiVersion"):
        if not isinstance(item.get(section), str):
            raise invalid(f"Required property '{section}' not found in the template resource")
    for section, form in FORMS.items():
        if not isinstance(item.get(section), form | None):
            raise invalid(f"The resource '{item['name']}' has a '{section}' of the wrong form")
    if unknown := set(item) - RESOURCE_SECTIONS:
        raise invalid(f"Could not find member '{min(unknown)}' on object of type 'TemplateResource'")
    return {name: value for name, value in item.items() if value is not None}


def _child_name(above: str, name: str) -> str:
    """Two names, either of which may be an expression, as one."""
    if not name.startswith("[") and not above.startswith("["):
        return f"{above}/{name}"
    return f"[concat({_inner(above)}, '/', {_inner(name)})]"


def _inner(name: str) -> str:
    return name[1:-1] if name.startswith("[") else f"'{name}'"
