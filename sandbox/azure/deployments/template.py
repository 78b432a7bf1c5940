"""A template as text of an owner's: its sections, its parameters' values, its resources in one list."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.azure.deployments.expressions import Surroundings, evaluate
from sandbox.azure.deployments.syntax import invalid

type Json = Any
type Section = dict[str, Json]

SECTIONS = {"$schema", "contentVersion", "metadata", "parameters", "variables", "resources", "outputs"}
RESOURCE_SECTIONS = {
    "type", "apiVersion", "name", "comments", "condition", "dependsOn", "scope", "resourceGroup",
    "subscriptionId", "location", "tags", "properties", "sku", "kind", "identity", "zones", "managedBy",
    "plan", "resources", "metadata",
}  # fmt: skip
SCHEMAS = {True: "/deploymentTemplate.json#", False: "/subscriptionDeploymentTemplate.json#"}
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "securestring": str, "int": int, "bool": bool, "object": dict, "secureobject": dict,
    "array": list,
}  # fmt: skip
SPELLINGS = {
    "string": "String", "securestring": "SecureString", "int": "Int", "bool": "Bool", "object": "Object",
    "secureobject": "SecureObject", "array": "Array",
}  # fmt: skip


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


def parameter_values(template: Section, given: Mapping[str, Json], around: Surroundings) -> dict[str, Json]:
    """Every parameter's value: the given one or its default. Raises ArmError."""
    declared: Section = template.get("parameters") or {}
    spelled = {name.lower(): name for name in declared}
    if unknown := [name for name in given if name.lower() not in spelled]:
        raise invalid(
            f"The following parameters were supplied, but do not correspond to any parameters defined in the "
            f"template: '{', '.join(unknown)}'. The parameters defined are: '{', '.join(declared)}'"
        )
    values = {spelled[name.lower()]: _given(name, item) for name, item in given.items()}
    return {name: _parameter(name, spec, values, around) for name, spec in declared.items()}


def _given(name: str, item: Json) -> Json:
    if not isinstance(item, dict) or "value" not in item:
        raise invalid(f"The template parameter '{name}' is given without a value")
    return item["value"]


def _parameter(name: str, spec: Section, values: Mapping[str, Json], around: Surroundings) -> Json:
    if name not in values and "defaultValue" not in spec:
        raise invalid(f"The value for the template parameter '{name}' is not provided")
    value = values[name] if name in values else evaluate(spec["defaultValue"], around)
    _check_kind(name, spec, value)
    _check_bounds(name, spec, value)
    return value


def _check_kind(name: str, spec: Section, value: Json) -> None:
    kind = str(spec.get("type", "")).lower()
    if kind not in KINDS:
        raise invalid(f"The template parameter '{name}' has an invalid type '{spec.get('type')}'")
    right = isinstance(value, KINDS[kind]) and not (kind == "int" and isinstance(value, bool))
    if not right:
        raise invalid(
            f"Template parameter JToken type is not valid. Expected '{SPELLINGS[kind]}' "
            f"for the template parameter '{name}', actual '{type(value).__name__}'"
        )


def _check_bounds(name: str, spec: Section, value: Json) -> None:
    allowed = spec.get("allowedValues")
    if allowed is not None and value not in allowed:
        raise invalid(
            f"The provided value '{value}' for the template parameter '{name}' is not valid. The parameter "
            f"value is not part of the allowed value(s): '{','.join(map(str, allowed))}'"
        )
    size = len(value) if isinstance(value, str | list) else value
    for word, low, high in (("Length", "minLength", "maxLength"), ("Value", "minValue", "maxValue")):
        if (low in spec and size < spec[low]) or (high in spec and size > spec[high]):
            raise invalid(
                f"The value of the template parameter '{name}' is out of its bounds: {word.lower()}"
            )


def shown(values: Mapping[str, Json], declared: Mapping[str, Section]) -> Section:
    """Parameters or outputs as a deployment shows them: without secrets."""
    answer: Section = {}
    for name, value in values.items():
        kind = SPELLINGS[str(declared[name]["type"]).lower()]
        answer[name] = {"type": kind} | ({} if kind.startswith("Secure") else {"value": value})
    return answer


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
    for section in ("type", "name", "apiVersion"):
        if not isinstance(item.get(section), str):
            raise invalid(f"Required property '{section}' not found in the template resource")
    if unknown := set(item) - RESOURCE_SECTIONS:
        raise invalid(f"Could not find member '{min(unknown)}' on object of type 'TemplateResource'")
    depends = item.get("dependsOn", [])
    if not isinstance(depends, list) or not all(isinstance(name, str) for name in depends):
        raise invalid(f"The dependsOn of the resource '{item['name']}' is not a list of names")
    return dict(item)


def _child_name(above: str, name: str) -> str:
    """Two names, either of which may be an expression, as one."""
    if not name.startswith("[") and not above.startswith("["):
        return f"{above}/{name}"
    return f"[concat({_inner(above)}, '/', {_inner(name)})]"


def _inner(name: str) -> str:
    return name[1:-1] if name.startswith("[") else f"'{name}'"
