"""Microsoft's own types of Azure's resources, and what they say about a body that we write.

The types are fetched data that lies beside the project, not in it; where they are missing, so is the check.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[3] / "shared" / "facts" / "azure_types_pruned.json"
MISSING = "Microsoft's types are not beside the project (../shared/facts): no body was checked against them."

REQUIRED, READ_ONLY = 1, 2
# What a template says about a resource rather than to it.
OF_TEMPLATES = frozenset({"apiVersion", "dependsOn", "metadata", "resourceGroup", "scope", "type"})
# Said by the address of a request, so that a body may leave them out.
ADDRESS = frozenset({"apiVersion", "id", "name", "type"})

type Node = Mapping[str, Any]


@dataclass(frozen=True)
class Remark:
    """What is wrong with a body, and where in it."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


class AzureTypes:
    """All types that were fetched, by resource type and version."""

    def __init__(self, files: list[Node]) -> None:
        self._known = {
            name.lower(): _Walk(file["types"], index)
            for file in files
            for name, index in file["resources"].items()
        }

    @classmethod
    def read(cls, path: Path = FILE) -> "AzureTypes":
        return cls(json.loads(path.read_text()))

    def remarks(self, kind: str, version: str, body: Node) -> list[Remark]:
        """Say what Microsoft's types have against a body; nothing, if it is as they want it."""
        walk = self._known.get(f"{kind}@{version}".lower())
        if walk is None:
            return [Remark("$", f"no type is known of {kind} in version {version}")]
        # A name may be a path in a template, where the type wants only its last part.
        named = {"name": "example", **body}
        own = {key: value for key, value in named.items() if key not in OF_TEMPLATES}
        return list(walk.body({**own, "name": str(own["name"]).rsplit("/", 1)[-1]}))


class _Walk:
    """A walk through a body along the types of one file."""

    def __init__(self, types: Mapping[str, Node], resource: int) -> None:
        self._types = types
        self._resource = types[str(resource)]  # the type of its body

    def body(self, body: Node) -> Iterator[Remark]:
        return self._value(self._resource, body, "$")

    def _at(self, reference: Node) -> Node:
        return self._types[reference["$ref"].rsplit("/", 1)[-1]]

    def _value(self, kind: Node, value: Any, path: str) -> Iterator[Remark]:
        # An expression is known only when it is deployed.
        if isinstance(value, str) and value.startswith("["):
            return iter(())
        checks = {
            "ObjectType": self._object,
            "DiscriminatedObjectType": self._one_of_objects,
            "ArrayType": self._array,
            "UnionType": self._union,
            "StringLiteralType": _literal,
            "StringType": _string,
            "IntegerType": _integer,
            "BooleanType": _boolean,
        }
        check = checks.get(kind["$type"])
        return check(kind, value, path) if check else iter(())

    def _object(self, kind: Node, value: Any, path: str) -> Iterator[Remark]:
        yield from self._properties(kind, kind.get("properties") or {}, value, path)

    def _one_of_objects(self, kind: Node, value: Any, path: str) -> Iterator[Remark]:
        chosen = value.get(kind["discriminator"]) if isinstance(value, dict) else None
        if chosen not in kind["elements"]:
            yield Remark(f"{path}.{kind['discriminator']}", f"{chosen!r} is none of {list(kind['elements'])}")
            return
        more = self._at(kind["elements"][chosen])["properties"]
        yield from self._properties(kind, {**kind.get("baseProperties", {}), **more}, value, path)

    def _properties(self, kind: Node, known: Node, value: Any, path: str) -> Iterator[Remark]:
        if not isinstance(value, dict):
            yield Remark(path, "an object is wanted")
            return
        for name, property in known.items():
            if property["flags"] & REQUIRED and name not in value and name not in ADDRESS:
                yield Remark(f"{path}.{name}", "is required and missing")
        for name, inner in value.items():
            yield from self._property(kind, known, name, inner, f"{path}.{name}")

    def _property(self, kind: Node, known: Node, name: str, value: Any, path: str) -> Iterator[Remark]:
        if name in known:
            if known[name]["flags"] & READ_ONLY and name not in ADDRESS:
                yield Remark(path, "is read-only")
            else:
                yield from self._value(self._at(known[name]["type"]), value, path)
        elif name == "description":
            # All descriptions were cut from the types to make them small, and properties so named with them.
            return
        elif kind.get("additionalProperties"):
            yield from self._value(self._at(kind["additionalProperties"]), value, path)
        else:
            spelling = [right for right in known if right.lower() == name.lower()]
            yield Remark(path, f"is not known; it is spelled {spelling[0]}" if spelling else "is not known")

    def _array(self, kind: Node, value: Any, path: str) -> Iterator[Remark]:
        if not isinstance(value, list):
            yield Remark(path, "a list is wanted")
            return
        item = self._at(kind["itemType"])
        for index, each in enumerate(value):
            yield from self._value(item, each, f"{path}[{index}]")

    def _union(self, kind: Node, value: Any, path: str) -> Iterator[Remark]:
        choices = [self._at(each) for each in kind["elements"]]
        literals = [each["value"] for each in choices if each["$type"] == "StringLiteralType"]
        is_open = any(each["$type"] == "StringType" for each in choices)
        if literals and value not in literals and not is_open:
            yield Remark(path, f"{value!r} is none of {literals}")


def _literal(kind: Node, value: Any, path: str) -> Iterator[Remark]:
    if value != kind["value"]:
        yield Remark(path, f"must be {kind['value']!r}")


def _string(kind: Node, value: Any, path: str) -> Iterator[Remark]:
    if not isinstance(value, str):
        yield Remark(path, "a text is wanted")
        return
    if not kind.get("minLength", 0) <= len(value) <= kind.get("maxLength", len(value)):
        yield Remark(path, f"{value!r} is too short or too long")
    if "pattern" in kind and not re.search(kind["pattern"], value):
        yield Remark(path, f"{value!r} does not match {kind['pattern']}")


def _integer(kind: Node, value: Any, path: str) -> Iterator[Remark]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Remark(path, "a whole number is wanted")
    elif not kind.get("minValue", value) <= value <= kind.get("maxValue", value):
        yield Remark(path, f"{value} is too small or too large")


def _boolean(kind: Node, value: Any, path: str) -> Iterator[Remark]:
    if not isinstance(value, bool):
        yield Remark(path, "true or false is wanted")
