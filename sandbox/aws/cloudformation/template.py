"""A CloudFormation template: its text, its parameters, and what its expressions mean."""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

type Json = Any
type Values = dict[str, Any]

NO_VALUE = object()
INTRINSICS = {"Ref", "Condition"}


class StackError(Exception):
    """A template or a stack that cannot be carried out; the text is for the person who applied it."""

    def __init__(self, message: str, events: list[Values] | None = None) -> None:
        super().__init__(message)
        self.events = events or []


# The one that is written in C: a template of ours has thousands of nodes.
class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms: `!Ref`, `!Sub`, `!GetAtt a.b`."""


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> Json:
    value: Json
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise StackError(f"Template format error: !{name} does not take a mapping")
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in INTRINSICS else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _short_form)
# A version such as 2012-10-17 is text in a policy, not a date.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_template(text: str) -> Values:
    """Raises StackError for text that is no template."""
    try:
        body = yaml.load(text, _Loader)  # noqa: S506 -- a SafeLoader with short forms
    except yaml.YAMLError as error:
        raise StackError(f"Template format error: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
        raise StackError("Template format error: At least one Resources member must be defined.")
    return body


def parameter_values(template: Values, given: Mapping[str, str]) -> dict[str, Any]:
    """Every parameter's value, checked; raises StackError as CreateStack would refuse it."""
    declared = template.get("Parameters") or {}
    if unknown := set(given) - set(declared):
        raise StackError(f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
    missing = [name for name, spec in declared.items() if name not in given and "Default" not in spec]
    if missing:
        raise StackError(f"Parameters: [{', '.join(missing)}] must have values")
    return {name: _parameter(name, spec, given.get(name)) for name, spec in declared.items()}


def _parameter(name: str, spec: Values, given: str | None) -> Any:
    value = _text(spec["Default"] if given is None else given)
    _check_parameter(name, spec, value)
    if spec["Type"] == "CommaDelimitedList" or spec["Type"].startswith("List<"):
        return [item.strip() for item in value.split(",")] if value else []
    return value


def _check_parameter(name: str, spec: Values, value: str) -> None:
    why = spec.get("ConstraintDescription")
    if spec["Type"] == "Number":
        _check_number(name, spec, value)
    elif not int(spec.get("MinLength", 0)) <= len(value) <= int(spec.get("MaxLength", 4096)):
        raise StackError(f"Parameter '{name}': {why or 'its length is out of bounds'}")
    if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], value):
        raise StackError(f"Parameter {name} failed to satisfy constraint: {why or spec['AllowedPattern']}")
    if "AllowedValues" in spec and value not in map(_text, spec["AllowedValues"]):
        allowed = ", ".join(map(_text, spec["AllowedValues"]))
        raise StackError(f"Parameter '{name}' must be one of AllowedValues: {why or allowed}")


def _check_number(name: str, spec: Values, value: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise StackError(f"Parameter '{name}' must be a number.") from None
    low, high = float(spec.get("MinValue", "-inf")), float(spec.get("MaxValue", "inf"))
    if not low <= number <= high:
        raise StackError(f"Parameter '{name}' must lie between {low:g} and {high:g}.")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Expressions:
    """Evaluates a template's expressions; the two callables answer for resources.

    They may create what they are asked for, so that evaluating a template carries it out in order.
    """

    def __init__(
        self,
        template: Values,
        values: Values,
        reference: Callable[[str], Any],
        attribute: Callable[[str, str], Any],
        zones: Callable[[str], list[str]],
    ) -> None:
        self._conditions = template.get("Conditions") or {}
        self._mappings = template.get("Mappings") or {}
        self._values = values
        self._reference = reference
        self._attribute = attribute
        self._zones = zones

    def evaluate(self, expression: Json) -> Any:
        """The expression with everything filled in; what is AWS::NoValue is left out."""
        if isinstance(expression, list):
            return [v for v in map(self.evaluate, expression) if v is not NO_VALUE]
        if not isinstance(expression, dict):
            return expression
        if len(expression) == 1:
            name, argument = next(iter(expression.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
        evaluated = {key: self.evaluate(value) for key, value in expression.items()}
        return {key: value for key, value in evaluated.items() if value is not NO_VALUE}

    def holds(self, condition: str) -> bool:
        if condition not in self._conditions:
            raise StackError(f"Template error: unresolved condition {condition}")
        return self._test(self._conditions[condition])

    def _test(self, expression: Json) -> bool:
        name, argument = next(iter(expression.items()))
        tests: dict[str, Callable[[], bool]] = {
            "Condition": lambda: self.holds(argument),
            "Fn::Equals": lambda: _text(self.evaluate(argument[0])) == _text(self.evaluate(argument[1])),
            "Fn::Not": lambda: not self._test(argument[0]),
            "Fn::And": lambda: all(map(self._test, argument)),
            "Fn::Or": lambda: any(map(self._test, argument)),
        }
        if name not in tests:
            raise StackError(f"Template error: {name} is not a condition that the sandbox knows")
        return tests[name]()

    def _function(self, name: str, argument: Json) -> Any:
        functions: dict[str, Callable[[Json], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda a: a[0].join(map(_text, self.evaluate(a[1]))),
            "Fn::Split": lambda a: self.evaluate(a[1]).split(a[0]),
            "Fn::Select": self._select,
            "Fn::Cidr": self._cidr,
            "Fn::If": lambda a: self.evaluate(a[1] if self.holds(a[0]) else a[2]),
            "Fn::GetAZs": lambda a: self._zones(self.evaluate(a) or self._values["AWS::Region"]),
            "Fn::Base64": lambda a: base64.b64encode(self.evaluate(a).encode()).decode(),
            "Fn::FindInMap": self._find_in_map,
        }
        if name not in functions:
            raise StackError(f"Template error: the sandbox does not know {name}")
        return functions[name](argument)

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        return self._values[name] if name in self._values else self._reference(name)

    def _get_att(self, argument: Json) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._attribute(parts[0], self.evaluate(parts[1]))

    def _sub(self, argument: Json) -> str:
        text, extra = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        own = self.evaluate(extra)

        def fill(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return _text(own[name])
            return _text(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]*)\}", fill, text)

    def _select(self, argument: Json) -> Any:
        index, items = int(self.evaluate(argument[0])), self.evaluate(argument[1])
        if not 0 <= index < len(items):
            raise StackError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
        return items[index]

    def _cidr(self, argument: Json) -> list[str]:
        network = ipaddress.ip_network(self.evaluate(argument[0]))
        count, host_bits = int(self.evaluate(argument[1])), int(self.evaluate(argument[2]))
        subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
        found = [str(subnet) for subnet, _ in zip(subnets, range(count), strict=False)]
        if len(found) < count:
            raise StackError(f"Template error: Fn::Cidr: {network} does not hold {count} such blocks")
        return found

    def _find_in_map(self, argument: Json) -> Any:
        table, first, second = (self.evaluate(part) for part in argument)
        try:
            return self._mappings[table][first][second]
        except KeyError:
            raise StackError(f"Template error: no mapping {table}.{first}.{second}") from None
