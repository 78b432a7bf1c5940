"""iam:SimulatePrincipalPolicy, with the evaluator that also decides the real calls."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from sandbox.aws import engine
from sandbox.aws.gate.call import Call
from sandbox.aws.gate.conditions import Context
from sandbox.aws.gate.identities import Kind, Policies, Principal, find_role, policies_of, policies_of_role
from sandbox.aws.gate.policy import Decision, Question, decide, missing_keys
from sandbox.aws.wire import AwsError, Reply, query_reply

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
ENTRY = re.compile(r"ContextEntries\.member\.(\d+)\.ContextKeyName")


def simulate(call: Call) -> Reply:
    """One result for each pair of action and resource; only context that the caller gives is known."""
    policies = _policies(call, call.request.parameters.get("PolicySourceArn", ""))
    context = Context(dict(_entries(call)))
    resources = call.request.members("ResourceArns") or ["*"]
    results = "".join(
        _result(policies, Question(action, resource, context))
        for action in call.request.members("ActionNames")
        for resource in resources
    )
    body = f"<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"
    return query_reply("SimulatePrincipalPolicy", NAMESPACE, body)


def _policies(call: Call, arn: str) -> Policies:
    extra = call.request.members("PolicyInputList")
    found = _policies_of_arn(call, arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"The entity {arn} cannot be found.", 404)
    return Policies([*found.granted, *extra], found.limits)


def _policies_of_arn(call: Call, arn: str) -> Policies | None:
    role = find_role(arn)
    if role is not None:
        return policies_of_role(role)
    users = list(engine.iam(call.account).users.values())
    user = next((user for user in users if user.arn == arn), None)
    if user is None:
        return None
    return policies_of(Principal(call.account, Kind.USER, user.arn, user.name, user.id))


def _entries(call: Call) -> Iterator[tuple[str, list[str]]]:
    for path, name in call.request.parameters.items():
        if found := ENTRY.fullmatch(path):
            yield name, call.request.members(f"ContextEntries.member.{found[1]}.ContextKeyValues")


def _result(policies: Policies, question: Question) -> str:
    missing = "".join(
        f"<member>{escape(key)}</member>" for key in sorted(missing_keys(policies.granted, question))
    )
    return (
        f"<member><EvalActionName>{escape(question.action)}</EvalActionName>"
        f"<EvalResourceName>{escape(question.resource)}</EvalResourceName>"
        f"<EvalDecision>{_decision(policies, question)}</EvalDecision>"
        f"<MatchedStatements/><MissingContextValues>{missing}</MissingContextValues></member>"
    )


def _decision(policies: Policies, question: Question) -> Decision:
    decisions = [decide(policies.granted, question), *(decide(limit, question) for limit in policies.limits)]
    if Decision.EXPLICIT_DENY in decisions:
        return Decision.EXPLICIT_DENY
    allowed = all(decision is Decision.ALLOWED for decision in decisions)
    return Decision.ALLOWED if allowed else Decision.IMPLICIT_DENY
