"""The OpenAPI document as a page to read. Ready-made viewers need styles and fonts that our pages forbid."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from enclaves.api import document

METHODS: Final = ("get", "post", "put", "patch", "delete")

type Schema = Mapping[str, Any]


class Field(NamedTuple):
    """One field of a shape, or one parameter of a call."""

    name: str
    kind: str
    link: str  # the shape that it holds, where it holds one
    required: bool
    text: str


class Answer(NamedTuple):
    status: str
    link: str
    text: str


class Call(NamedTuple):
    anchor: str
    method: str
    path: str
    title: str
    text: str
    parameters: Sequence[Field]
    body: str
    answers: Sequence[Answer]


class Chapter(NamedTuple):
    anchor: str
    title: str
    text: str
    calls: Sequence[Call]


class Shape(NamedTuple):
    name: str
    text: str
    values: Sequence[str]
    fields: Sequence[Field]


class Manual(NamedTuple):
    title: str
    text: str
    chapters: Sequence[Chapter]
    shapes: Sequence[Shape]


@cache
def manual() -> Manual:
    """The whole manual; made once, because the document does not change while the process lives."""
    return read(document.whole())


def read(whole: Schema) -> Manual:
    calls = list(_calls(whole["paths"]))
    chapters = [_chapter(tag, calls) for tag in whole.get("tags", [])]
    shapes = [_shape(name, schema) for name, schema in sorted(whole["components"]["schemas"].items())]
    return Manual(whole["info"]["title"], whole["info"].get("description", ""), chapters, shapes)


def _chapter(tag: Schema, calls: Sequence[tuple[str, Call]]) -> Chapter:
    name = tag["name"]
    return Chapter(
        _anchor(name), name, tag.get("description", ""), [call for of, call in calls if of == name]
    )


def _calls(paths: Schema) -> Iterator[tuple[str, Call]]:
    for path, methods in paths.items():
        for method in METHODS:
            if method in methods:
                yield methods[method]["tags"][0], _call(method, path, methods[method])


def _call(method: str, path: str, operation: Schema) -> Call:
    return Call(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation.get("summary", operation["operationId"]),
        text=operation.get("description", ""),
        parameters=[_parameter(parameter) for parameter in operation.get("parameters", [])],
        body=_held(_content(operation.get("requestBody", {}))),
        answers=[_answer(status, found) for status, found in sorted(operation["responses"].items())],
    )


def _parameter(parameter: Schema) -> Field:
    kind = f"{parameter['in']}, {_kind(parameter['schema'])}"
    required = parameter.get("required", False)
    return Field(
        parameter["name"], kind, _held(parameter["schema"]), required, parameter.get("description", "")
    )


def _answer(status: str, answer: Schema) -> Answer:
    return Answer(status, _held(_content(answer)), answer.get("description", ""))


def _content(holder: Schema) -> Schema:
    first: Schema = next(iter(holder.get("content", {}).values()), {})
    schema: Schema = first.get("schema", {})
    return schema


def _shape(name: str, schema: Schema) -> Shape:
    required = schema.get("required", [])
    fields = [
        Field(field, _kind(facts), _held(facts), field in required, facts.get("description", ""))
        for field, facts in schema.get("properties", {}).items()
    ]
    values = [str(value) for value in schema.get("enum", [])]
    return Shape(name, "" if values else schema.get("description", ""), values, fields)


def _kind(schema: Schema) -> str:
    """The type of a field in words: "string, uuid", "list of", "one of: a, b"."""
    if "enum" in schema:
        return f"one of: {', '.join(str(value) for value in schema['enum'])}"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}".strip()
    kind = schema.get("type", "")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words}, {schema['format']}" if "format" in schema else words


def _held(schema: Schema) -> str:
    """The name of the shape that a schema holds, directly, in a list or as one of several."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", maxsplit=1)[-1]
    inner = [
        schema.get("items", {}),
        *(part for key in ("allOf", "oneOf", "anyOf") for part in schema.get(key, [])),
    ]
    return next((name for part in inner if part and (name := _held(part))), "")


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())
