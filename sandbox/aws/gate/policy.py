"""The policy language: what a set of policy documents says about one action on one resource."""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.aws.gate.conditions import Context, as_list, holds, keys_of, matches_glob, substitute

type Document = str | dict[str, Any]
type Statement = dict[str, Any]


class Decision(StrEnum):
    """The words are those of IAM's policy simulator."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class Caller(Protocol):
    """Who asks, as far as the Principal element of a policy can tell."""

    @property
    def account(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def role_arn(self) -> str | None: ...


@dataclass(frozen=True)
class Question:
    """May this be done? With `caller`, Principal elements count, as in a resource's own policy."""

    action: str
    resource: str
    context: Context
    caller: Caller | None = None
    # A policy that names a whole account only delegates to that account's own policies.
    by_name_only: bool = False


def decide(documents: Iterable[Document], question: Question) -> Decision:
    """A deny wins over any allow; silence is an implicit deny."""
    decision = Decision.IMPLICIT_DENY
    for statement in _statements(documents):
        if not _matches(statement, question):
            continue
        if statement.get("Effect") == "Deny":
            return Decision.EXPLICIT_DENY
        decision = Decision.ALLOWED
    return decision


def missing_keys(documents: Iterable[Document], question: Question) -> set[str]:
    """The context keys on which a statement about this action depends and which nobody gave."""
    relevant = [s for s in _statements(documents) if _names_action(s, question.action)]
    keys = {key for statement in relevant for key in keys_of(statement.get("Condition"))}
    return {key for key in keys if question.context.get(key) is None}


def _statements(documents: Iterable[Document]) -> Iterable[Statement]:
    for document in documents:
        parsed = _parsed(document) if isinstance(document, str) else document
        yield from as_list(parsed.get("Statement"))


@functools.lru_cache(2048)
def _parsed(text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _matches(statement: Statement, question: Question) -> bool:
    return (
        _names_action(statement, question.action)
        and _names_resource(statement, question)
        and _names_caller(statement, question)
        and _conditions_hold(statement, question.context)
    )


def _names_action(statement: Statement, action: str) -> bool:
    def named(key: str) -> bool:
        return any(matches_glob(action, item, ignore_case=True) for item in as_list(statement[key]))

    if "Action" in statement:
        return named("Action")
    return "NotAction" in statement and not named("NotAction")


def _names_resource(statement: Statement, question: Question) -> bool:
    def named(key: str) -> bool:
        patterns = (substitute(item, question.context) for item in as_list(statement[key]))
        return any(matches_glob(question.resource, pattern) for pattern in patterns)

    if "Resource" in statement:
        return named("Resource")
    return not ("NotResource" in statement and named("NotResource"))


def _names_caller(statement: Statement, question: Question) -> bool:
    if question.caller is None:
        return True
    if "Principal" in statement:
        return _is_named(statement["Principal"], question.caller, question.by_name_only)
    return "NotPrincipal" in statement and not _is_named(statement["NotPrincipal"], question.caller, False)


def _is_named(principal: Any, caller: Caller, by_name_only: bool) -> bool:
    if principal == "*":
        return True
    whole_account = {caller.account, f"arn:aws:iam::{caller.account}:root"}
    names = {"*", caller.arn, caller.role_arn} | (set() if by_name_only else whole_account)
    return any(item in names for item in as_list(principal.get("AWS")))


def _conditions_hold(statement: Statement, context: Context) -> bool:
    try:
        return holds(statement.get("Condition"), context)
    except ValueError:
        # An operator that we do not know must open nothing, neither by an Allow nor by a lost Deny.
        return statement.get("Effect") == "Deny"
