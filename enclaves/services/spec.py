"""Deployment specs: reading what a person wrote, and saying line by line what is wrong with it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from enclaves.blueprints import BLUEPRINTS, blueprint

MAX_BYTES = 256_000
MAX_HOSTS = 1_000
MAX_DEPTH = 8
MAX_FAULTS = 20  # shown at a time
LONGEST_QUOTE = 60

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Deployment spec",
    "description": "An application in one enclave, and the hosts that it shall run on.",
    "type": "object",
    "additionalProperties": False,
    "required": ["application", "enclave", "image", "clusters"],
    "properties": {
        "application": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9-]{0,38}[a-z0-9]$",
            "description": "Lower-case letters, digits and dashes; made if it does not exist yet.",
        },
        "enclave": {
            "type": "string",
            "pattern": f"^({'|'.join(BLUEPRINTS)}):[0-9a-f-]{{12,36}}/[a-z0-9.-]{{1,60}}$",
            "description": "<account>/<zone>, like aws:111122223333/prod.aws-us-east-1c.",
        },
        "image": {
            "type": "string",
            "pattern": "^[a-z0-9][a-zA-Z0-9._:/-]{0,200}@sha256:[0-9a-f]{64}$",
            "description": "The container image by digest, so that every host runs the same bytes.",
        },
        "clusters": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {"$ref": "#/$defs/cluster"},
        },
    },
    "$defs": {
        "cluster": {
            "type": "object",
            "description": "A named group of like hosts.",
            "additionalProperties": False,
            "required": ["name", "hosts", "machine"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$"},
                "hosts": {"type": "integer", "minimum": 1, "maximum": MAX_HOSTS},
                "machine": {"$ref": "#/$defs/machine"},
                "confidential": {"enum": ["none", "vm", "enclave", "containers"], "default": "none"},
                "load_balancer": {"$ref": "#/$defs/load_balancer"},
            },
        },
        "machine": {
            "type": "object",
            "description": "The least that a host must have; the smallest machine type that fits is taken.",
            "additionalProperties": False,
            "required": ["vcpu", "memory_gib", "disk_gib"],
            "properties": {
                "vcpu": {"type": "integer", "minimum": 1, "maximum": 448},
                "memory_gib": {"type": "integer", "minimum": 1, "maximum": 24_576},
                "disk_gib": {"type": "integer", "minimum": 10, "maximum": 16_000},
                "architecture": {"enum": ["arm64", "x86_64"]},
            },
        },
        "load_balancer": {
            "type": "object",
            "additionalProperties": False,
            "required": ["scheme", "ports"],
            "properties": {
                "scheme": {"enum": ["internal", "internet-facing"]},
                "ports": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 10,
                    "uniqueItems": True,
                    "items": {"type": "integer", "minimum": 1, "maximum": 65_535},
                },
            },
        },
    },
}


def _pattern(_: object, pattern: str, text: object, __: object) -> Iterator[ValidationError]:
    # Python's $ also matches before a line break at the end; that of JSON Schema does not.
    whole = pattern.removeprefix("^").removesuffix("$")
    if isinstance(text, str) and not re.fullmatch(whole, text):
        yield ValidationError("It does not have the right form.")


# The stubs of jsonschema leave this function without types.
_VALIDATOR = validators.extend(Draft202012Validator, {"pattern": _pattern})(SCHEMA)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a spec; ``line`` counts from 1, 0 if it is nowhere in particular."""

    field: str
    message: str
    line: int = 0


class InvalidSpec(Exception):
    """A spec can't be read, or does not fit the schema; nothing was changed."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.line, fault.field))
        super().__init__("; ".join(fault.message for fault in self.faults))


def parse_spec(source: str) -> dict[str, Any]:
    """Read YAML or JSON and return the spec with its defaults filled in, or raise InvalidSpec."""
    tree = _compose(source)
    lines = dict(_lines(tree, ()))
    spec = _construct(tree)
    return check_spec(spec, lines)


def check_spec(spec: Any, lines: dict[tuple[str | int, ...], int] | None = None) -> dict[str, Any]:
    """Check a spec that is already an object, and return it with its defaults filled in."""
    where = lines or {}
    faults = [_fault(error, where) for error in islice(_VALIDATOR.iter_errors(spec), MAX_FAULTS)]
    if not faults:
        faults = list(_beyond_the_schema(spec, where))
    if faults:
        raise InvalidSpec(faults)
    return _with_defaults(spec)


def fault_at(source: str, field: str, message: str) -> Fault:
    """Return a fault of a field of this source, with the line that the field stands on."""
    path = tuple(int(part) if part.isdigit() else part for part in field.split("."))
    return Fault(field, message, _nearest(path, dict(_lines(_compose(source), ()))))


def _compose(source: str) -> Node:
    if len(source.encode()) > MAX_BYTES:
        raise InvalidSpec([Fault("", f"A spec has at most {MAX_BYTES:,} bytes.")])
    try:
        # Events first: an alias is refused before anything is expanded, so no small file grows large.
        _refuse_tricks(source)
        tree = yaml.compose(source, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        fault = _unreadable(error)
        # What is missing at the end is missed on the line after it.
        line = min(fault.line, len(source.splitlines()))
        raise InvalidSpec([replace(fault, line=line)]) from error
    if not isinstance(tree, MappingNode):
        raise InvalidSpec([Fault("", "A spec is a mapping: application, enclave, image, clusters.", 1)])
    return tree


def _refuse_tricks(source: str) -> None:
    depth = 0
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidSpec([Fault("", "Anchors and aliases are not taken; write it out.", line)])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise InvalidSpec([Fault("", f"Nothing in a spec is nested deeper than {MAX_DEPTH}.", line)])


def _construct(tree: Node) -> Any:
    try:
        _refuse_doubles(tree)
        return yaml.SafeLoader("").construct_document(tree)
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        raise InvalidSpec([_unreadable(error)]) from error


def _refuse_doubles(node: Node) -> None:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise InvalidSpec([Fault(str(key.value), f"{key.value} stands here twice.", line)])
            seen.add(key.value if isinstance(key, ScalarNode) else "")
            _refuse_doubles(value)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            _refuse_doubles(item)


def _unreadable(error: Exception) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return Fault(
        "", f"This is neither YAML nor JSON: {str(problem).splitlines()[0]}.", mark.line + 1 if mark else 0
    )


def _lines(node: Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield from _lines(value, below)
            yield below, key.start_mark.line + 1
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*path, index))


def _nearest(path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _fault(error: ValidationError, lines: dict[tuple[str | int, ...], int]) -> Fault:
    path, rule, schema = tuple(error.absolute_path), _list(error.validator_value), _schema(error)
    if error.validator == "additionalProperties":
        unknown = sorted(set(_list(error.instance)) - set(schema["properties"]), key=str)[0]
        known = ", ".join(schema["properties"])
        path = (*path, str(unknown))
        return Fault(_dotted(path), f"{unknown} is not known here; known are {known}.", _nearest(path, lines))
    if error.validator == "required":
        missing = next(name for name in rule if error.message.startswith(f"{name!r} "))
        return Fault(_dotted((*path, missing)), f"{missing} is missing.", _nearest(path, lines))
    return Fault(_dotted(path), _wording(error), _nearest(path, lines))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | dict) else [value]


def _schema(error: ValidationError) -> dict[str, Any]:
    return dict(error.schema) if isinstance(error.schema, Mapping) else {}


_WORDINGS = {
    "type": "This must be of type {rule}; it is {given}.",
    "enum": "{given} is none of {rule}.",
    "maximum": "{given} is more than the {rule} that is allowed.",
    "minimum": "{given} is less than {rule}.",
    "minItems": "This list needs at least {rule}.",
    "maxItems": "This list takes at most {rule}.",
    "uniqueItems": "Nothing may stand in this list twice.",
    "pattern": "{given} does not have the right form. {hint}",
}


def _wording(error: ValidationError) -> str:
    given = repr(error.instance) if isinstance(error.instance, str) else str(error.instance)
    return _WORDINGS.get(str(error.validator), "This does not fit the schema.").format(
        given=given if len(given) <= LONGEST_QUOTE else f"{given[:LONGEST_QUOTE]}…",
        rule=", ".join(map(str, _list(error.validator_value))),
        hint=_schema(error).get("description", f"It must match {error.validator_value}."),
    )


def _beyond_the_schema(spec: dict[str, Any], lines: dict[tuple[str | int, ...], int]) -> Iterator[Fault]:
    """Yield what JSON Schema can't say."""
    names: set[str] = set()
    offered = blueprint(spec["enclave"].partition(":")[0]).words.confidential
    for index, cluster in enumerate(spec["clusters"]):
        path = ("clusters", index, "name")
        if cluster["name"] in names:
            yield Fault(_dotted(path), f"There are two clusters {cluster['name']}.", _nearest(path, lines))
        names.add(cluster["name"])
        yield from _not_offered(cluster, ("clusters", index), lines, offered)
    total = sum(cluster["hosts"] for cluster in spec["clusters"])
    if total > MAX_HOSTS:
        text = f"{total:,} hosts are more than the {MAX_HOSTS:,} of a deployment."
        yield Fault("clusters", text, _nearest(("clusters",), lines))


def _not_offered(
    cluster: dict[str, Any],
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    confidential: Mapping[str, str],
) -> Iterator[Fault]:
    for name, message in (
        ("load_balancer", "Load balancers are not offered yet. Leave this out."),
        ("confidential", confidential.get(cluster.get("confidential", ""), "")),
    ):
        if name in cluster and message:
            below = (*path, name)
            yield Fault(_dotted(below), message, _nearest(below, lines))


def _with_defaults(spec: dict[str, Any]) -> dict[str, Any]:
    full = {**spec, "clusters": [_whole(cluster) for cluster in spec["clusters"]]}
    for cluster in full["clusters"]:
        cluster.setdefault("confidential", "none")
    return full


def _whole(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a cluster with its numbers as whole ones: to JSON Schema 3.0 is an integer too."""
    machine = {name: _as_integer(value) for name, value in cluster["machine"].items()}
    return {**cluster, "hosts": _as_integer(cluster["hosts"]), "machine": machine}


def _as_integer[Value](value: Value) -> Value | int:
    return int(value) if isinstance(value, float) else value


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(part) for part in path)
