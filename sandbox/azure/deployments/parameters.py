"""The parameters of a template: what is declared, what was given, what may be shown again."""

from collections.abc import Mapping
from typing import Any

from sandbox.azure.deployments.expressions import Surroundings, evaluate
from sandbox.azure.deployments.syntax import invalid

type Json = Any
type Section = dict[str, Json]

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "securestring": str, "int": int, "bool": bool, "object": dict, "secureobject": dict,
    "array": list,
}  # fmt: skip
SPELLINGS = {
    "string": "String", "securestring": "SecureString", "int": "Int", "bool": "Bool", "object": "Object",
    "secureobject": "SecureObject", "array": "Array",
}  # fmt: skip


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


def _parameter(name: str, spec: Json, values: Mapping[str, Json], around: Surroundings) -> Json:
    if not isinstance(spec, dict):
        raise invalid(f"The template parameter '{name}' is no object")
    if name not in values and "defaultValue" not in spec:
        raise invalid(f"The value for the template parameter '{name}' is not provided")
    value = values[name] if name in values else evaluate(spec["defaultValue"], around)
    check_kind(f"template parameter '{name}'", spec, value)
    _check_bounds(name, spec, value)
    return value


def check_kind(what: str, spec: Section, value: Json) -> None:
    """Raises ArmError unless the value is of the type that was declared."""
    kind = str(spec.get("type", "")).lower()
    if kind not in KINDS:
        raise invalid(f"The {what} has an invalid type '{spec.get('type')}'")
    right = isinstance(value, KINDS[kind]) and not (kind == "int" and isinstance(value, bool))
    if not right:
        raise invalid(
            f"The value of the {what} is not valid. Expected a value of type '{SPELLINGS[kind]}', but "
            f"received one of type '{type(value).__name__}'"
        )


def _check_bounds(name: str, spec: Section, value: Json) -> None:
    allowed = spec.get("allowedValues", [value])
    if not isinstance(allowed, list) or value not in allowed:
        raise invalid(
            f"The provided value '{value}' for the template parameter '{name}' is not valid. The parameter "
            f"value is not part of the allowed value(s): '{allowed}'"
        )
    size = value if isinstance(value, int) else len(value)
    for low, high in (("minLength", "maxLength"), ("minValue", "maxValue")):
        if not _bound(spec, low, size) <= size <= _bound(spec, high, size):
            raise invalid(f"The value of the template parameter '{name}' is out of its bounds")


def _bound(spec: Section, word: str, size: Json) -> Json:
    """What the parameter says; without a word, the size bounds itself."""
    bound = spec.get(word, size)
    if type(bound) is not type(size):
        raise invalid(f"The {word} of a template parameter is no number, or not for its type")
    return bound


def shown(values: Mapping[str, Json], declared: Mapping[str, Section]) -> Section:
    """Parameters or outputs as a deployment shows them: without secrets."""
    answer: Section = {}
    for name, value in values.items():
        kind = SPELLINGS[str(declared[name]["type"]).lower()]
        answer[name] = {"type": kind} | ({} if kind.startswith("Secure") else {"value": value})
    return answer
