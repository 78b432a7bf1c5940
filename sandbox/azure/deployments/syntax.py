"""The template language's grammar: what stands between the brackets of `[...]`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.azure.errors import ArmError

type Expression = Literal | Call | Access

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[()\[\],.]))"
)


@dataclass(frozen=True)
class Literal:
    value: str | int


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Access:
    """`of.key` or `of[key]`."""

    of: Expression
    key: Expression


def invalid(message: str) -> ArmError:
    """The refusal of a template, before anything is made."""
    return ArmError(400, "InvalidTemplate", f"Deployment template validation failed: '{message}'.")


def is_expression(text: str) -> bool:
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parse(text: str) -> Expression:
    """The expression between the brackets. Raises ArmError."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._at = 0

    def whole(self) -> Expression:
        expression = self._expression()
        if self._at != len(self._tokens):
            raise self._wrong()
        return expression

    def _split(self) -> Iterator[tuple[str, str]]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = TOKEN.match(self._text, at)
            if found is None or found.lastgroup is None:
                raise self._wrong()
            yield found.lastgroup, found[found.lastgroup]
            at = found.end()

    def _wrong(self) -> ArmError:
        return invalid(f"The template language expression '{self._text}' is not valid")

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise self._wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, mark: str) -> bool:
        found = self._tokens[self._at : self._at + 1] == [("mark", mark)]
        self._at += found
        return found

    def _must(self, mark: str) -> None:
        if not self._takes(mark):
            raise self._wrong()

    def _expression(self) -> Expression:
        expression = self._first()
        while True:
            if self._takes("."):
                expression = Access(expression, Literal(self._name()))
            elif self._takes("["):
                expression = Access(expression, self._expression())
                self._must("]")
            else:
                return expression

    def _first(self) -> Expression:
        kind, text = self._next()
        if kind == "text":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(int(text))
        if kind != "name":
            raise self._wrong()
        self._must("(")
        return Call(text, tuple(self._arguments()))

    def _arguments(self) -> Iterator[Expression]:
        if self._takes(")"):
            return
        yield self._expression()
        while self._takes(","):
            yield self._expression()
        self._must(")")

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise self._wrong()
        return text


def calls(expression: Expression) -> Iterator[Call]:
    """Every call in an expression, the outermost first."""
    if isinstance(expression, Access):
        yield from calls(expression.of)
        yield from calls(expression.key)
    elif isinstance(expression, Call):
        yield expression
        for argument in expression.arguments:
            yield from calls(argument)
