"""The template language: pieces of a template with every `[...]` replaced by its value."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.azure.deployments import functions
from sandbox.azure.deployments.functions import text
from sandbox.azure.deployments.syntax import Call, Expression, Literal, calls, invalid, is_expression, parse

type Json = Any
type Function = Callable[..., Json]


@dataclass(frozen=True)
class Surroundings:
    """What an expression can see. Without `refer` it stands where reference() may not."""

    subscription: Mapping[str, Json]
    group: Mapping[str, Json] | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    variables: Mapping[str, Json] = field(default_factory=dict)
    refer: Callable[[str, str | None, bool], Json] | None = None


def evaluate(value: Json, around: Surroundings) -> Json:
    """Raises ArmError for what is no expression, or none that the sandbox knows."""
    if isinstance(value, dict):
        return {_key(key, around): evaluate(item, around) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, around) for item in value]
    if not isinstance(value, str):
        return value
    if is_expression(value):
        return _value(parse(value[1:-1]), around)
    return value[1:] if value.startswith("[[") else value


def _key(key: str, around: Surroundings) -> str:
    evaluated = evaluate(key, around)
    if not isinstance(evaluated, str):
        raise invalid(f"The name '{key}' of a property is no text")
    return evaluated


def references(value: Json, around: Surroundings) -> Iterator[str]:
    """The resources, by id or by name, that a piece of template reads with reference()."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from references(item, around)
    elif isinstance(value, str) and is_expression(value):
        for call in calls(parse(value[1:-1])):
            if call.name.lower() == "reference" and call.arguments:
                yield text("reference", _value(call.arguments[0], replace(around, refer=None)))


def _value(expression: Expression, around: Surroundings) -> Json:
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, Call):
        return _call(expression, around)
    return _member(_value(expression.of, around), _value(expression.key, around))


def _member(of: Json, key: Json) -> Json:
    if isinstance(of, Mapping) and isinstance(key, str):
        return _find(of, key, "The language expression property '{name}' doesn't exist, available: '{known}'")
    if isinstance(of, list) and isinstance(key, int):
        if not 0 <= key < len(of):
            raise invalid(f"The language expression property array index '{key}' is out of bounds")
        return of[key]
    raise invalid(f"The language expression property '{key}' can't be evaluated")


def _find(among: Mapping[str, Json], name: str, missing: str) -> Json:
    """The member of that name; like Azure, without regard to case."""
    for known, value in among.items():
        if known.lower() == name.lower():
            return value
    raise invalid(missing.format(name=name, known=", ".join(among)))


def _call(call: Call, around: Surroundings) -> Json:
    table: dict[str, Function] = {
        "parameters": lambda name: _find(
            around.parameters, name, "The template parameter '{name}' is not found"
        ),
        "variables": lambda name: _variable(name, around),
        "concat": functions.concat,
        "format": functions.fill,
        "subscription": lambda: around.subscription,
        "resourcegroup": lambda: _group(around),
        "resourceid": lambda *parts: functions.resource_id(*_place(around), *parts),
        "subscriptionresourceid": lambda *parts: functions.subscription_resource_id(
            _place(around)[0], *parts
        ),
        "extensionresourceid": functions.extension_resource_id,
        "tenantresourceid": functions.tenant_resource_id,
        "reference": lambda *parts: _reference(around, *parts),
    }
    function = table.get(call.name.lower())
    if function is None:
        raise _unknown(call.name)
    arguments = [_value(argument, around) for argument in call.arguments]
    try:
        return function(*arguments)
    except (TypeError, AttributeError) as error:
        raise invalid(
            f"Unable to evaluate template language function '{call.name}': its arguments are not valid"
        ) from error


def _unknown(name: str) -> Exception:
    if name.lower() in ("guid", "uniquestring"):
        return invalid(f"The template function '{name}' hashes as only Azure does; name the thing literally")
    return invalid(f"The template function '{name}' is not one that the sandbox knows")


def _variable(name: str, around: Surroundings) -> Json:
    found = _find(around.variables, name, "The template variable '{name}' is not found")
    # A variable sees neither itself nor what runs only later.
    others = {known: item for known, item in around.variables.items() if known.lower() != name.lower()}
    return evaluate(found, replace(around, variables=others, refer=None))


def _group(around: Surroundings) -> Mapping[str, Json]:
    if around.group is None:
        raise invalid("The template function 'RESOURCEGROUP' is not expected at this location")
    return around.group


def _place(around: Surroundings) -> tuple[str, str | None]:
    return around.subscription["subscriptionId"], around.group["name"] if around.group else None


def _reference(around: Surroundings, what: str, api: str | None = None, full: str = "") -> Json:
    if around.refer is None:
        raise invalid("The template function 'reference' is not expected at this location")
    if full and full.lower() != "full":
        raise invalid(f"The template function 'reference' does not take '{full}' as its third argument")
    return around.refer(what, api, bool(full))
