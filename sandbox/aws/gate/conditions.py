"""IAM's condition operators over a request's context."""

import functools
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

type ContextValue = str | int | bool | Iterable[str] | None
ARN_COLONS = 5
type Test = Callable[[str, str], bool]


class Context:
    """What is known about a request: key (in any case) to one or more values."""

    def __init__(self, values: Mapping[str, ContextValue] | None = None) -> None:
        self._values: dict[str, list[str]] = {}
        self._add(values or {})

    def plus(self, values: Mapping[str, ContextValue]) -> "Context":
        """This context with more keys; a value of None says that there is no such key."""
        more = Context()
        more._values = dict(self._values)
        more._add(values)
        return more

    def get(self, key: str) -> list[str] | None:
        return self._values.get(key.lower())

    def _add(self, values: Mapping[str, ContextValue]) -> None:
        for key, value in values.items():
            if value is not None:
                self._values[key.lower()] = _texts(value)


def _texts(value: str | int | bool | Iterable[str]) -> list[str]:
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, (str, int)):
        return [str(value)]
    return [str(item) for item in value]


@functools.lru_cache(8192)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts) + r"\Z", re.S | (re.I if ignore_case else 0))


def matches_glob(value: str, pattern: str, *, ignore_case: bool = False) -> bool:
    return bool(_glob(pattern, ignore_case).match(value))


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def substitute(text: str, context: Context) -> str:
    """The text with policy variables such as `${aws:username}` filled in; an unknown one matches nothing."""
    return re.sub(r"\$\{([^}]+)\}", lambda m: _variable(m[1], context), text) if "${" in text else text


def _variable(name: str, context: Context) -> str:
    if name in ("*", "?", "$"):
        return name
    key, _, default = (part.strip() for part in name.partition(","))
    values = context.get(key)
    return values[0] if values else default.strip("'") or "\0"


def _arn_like(value: str, pattern: str) -> bool:
    """ARNs match part by part, so that a wildcard does not reach across a colon."""
    ours, theirs = value.split(":", ARN_COLONS), pattern.split(":", ARN_COLONS)
    return len(ours) == len(theirs) and all(map(matches_glob, ours, theirs))


def _within(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _number(value: str) -> float:
    return float(value)


def _moment(value: str) -> float:
    return float(value) if value.isdigit() else datetime.fromisoformat(value).timestamp()


def _ordered(convert: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, expected: str) -> bool:
        try:
            return compare(convert(value), convert(expected))
        except ValueError:
            return False

    return test


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "equals": lambda a, b: a == b,
    "lessthan": lambda a, b: a < b,
    "lessthanequals": lambda a, b: a <= b,
    "greaterthan": lambda a, b: a > b,
    "greaterthanequals": lambda a, b: a >= b,
}
OPERATORS: dict[str, Test] = {
    "stringequals": lambda value, expected: value == expected,
    "stringequalsignorecase": lambda value, expected: value.lower() == expected.lower(),
    "stringlike": matches_glob,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": lambda value, expected: value.lower() == expected.lower(),
    "binaryequals": lambda value, expected: value == expected,
    "ipaddress": _within,
    **{f"numeric{name}": _ordered(_number, compare) for name, compare in COMPARISONS.items()},
    **{f"date{name}": _ordered(_moment, compare) for name, compare in COMPARISONS.items()},
}
NEGATIONS = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}


def holds(block: Mapping[str, Mapping[str, Any]] | None, context: Context) -> bool:
    """Whether every line of a Condition block is satisfied."""
    return all(
        _line_holds(operator.lower(), key, expected, context)
        for operator, lines in (block or {}).items()
        for key, expected in lines.items()
    )


def keys_of(block: Mapping[str, Mapping[str, Any]] | None) -> set[str]:
    return {key for lines in (block or {}).values() for key in lines}


def _line_holds(operator: str, key: str, expected: Any, context: Context) -> bool:
    quantifier, _, operator = operator.rpartition(":")
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    values = context.get(key)
    wanted = [substitute(text, context) for item in as_list(expected) for text in _texts(item)]
    if operator == "null":
        return (values is None) == (wanted[0].lower() == "true")
    negated = operator in NEGATIONS
    test = OPERATORS.get(NEGATIONS.get(operator, operator))
    if test is None:
        raise ValueError(f"Unknown condition operator {operator}.")
    if values is None:
        return if_exists or quantifier == "forallvalues" or (negated and quantifier != "foranyvalue")
    hits = [any(test(value, item) for item in wanted) != negated for value in values]
    every = quantifier == "forallvalues" or (negated and not quantifier)
    return all(hits) if every else any(hits)
