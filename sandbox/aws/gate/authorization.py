"""Whether a principal may do what a call asks: its own policies, its limits, and the resource's policy."""

from dataclasses import dataclass, replace

from sandbox.aws.gate.conditions import Context
from sandbox.aws.gate.identities import Kind, Principal, policies_of
from sandbox.aws.gate.policy import Decision, Document, Question, decide
from sandbox.aws.wire import AwsError

# The owner of what does not exist, such as a bucket of which there is only the name.
NOBODY = ""


@dataclass(frozen=True)
class Check:
    """One action on one resource. `owner` is the resource's account, the caller's own if None."""

    action: str
    resource: str
    context: Context
    owner: str | None = None
    policy: Document | None = None
    # A KMS key and a role's trust open nothing on the word of the caller's own policies alone.
    policy_required: bool = False


def authorize(principal: Principal, check: Check) -> None:
    """Raises AwsError AccessDenied with AWS's wording of the reason."""
    reason = _objection(principal, check)
    if reason:
        raise AwsError(
            "AccessDenied",
            f"User: {principal.arn} is not authorized to perform: {check.action} "
            f"on resource: {check.resource} {reason}",
        )


def _objection(principal: Principal, asked: Check) -> str | None:
    check = replace(asked, context=_with_owner(principal, asked))
    own = Question(check.action, check.resource, check.context)
    policies = policies_of(principal)
    granted = decide(policies.granted, own)
    limits = [decide(limit, own) for limit in policies.limits]
    theirs = _resource_decision(principal, check)
    if Decision.EXPLICIT_DENY in (granted, theirs, *limits):
        return "with an explicit deny"
    if any(limit is not Decision.ALLOWED for limit in limits):
        return "because no permissions boundary or session policy allows the action"
    if _is_granted(principal, check, granted, theirs):
        return None
    return f"because no identity-based policy allows the {check.action} action"


def _with_owner(principal: Principal, check: Check) -> Context:
    """The account of the resource, where it is the resource of an account at all."""
    known = check.context.get("aws:ResourceAccount") is not None
    if known or check.resource == "*" or check.owner == NOBODY:
        return check.context
    return check.context.plus({"aws:ResourceAccount": check.owner or principal.account})


def _is_granted(principal: Principal, check: Check, granted: Decision, theirs: Decision) -> bool:
    own_side, their_side = granted is Decision.ALLOWED, theirs is Decision.ALLOWED
    if check.owner not in (None, NOBODY, principal.account):
        return own_side and their_side
    if principal.kind is not Kind.ROOT and _is_named(principal, check):
        return True
    return own_side and (their_side or not check.policy_required)


def _resource_decision(principal: Principal, check: Check) -> Decision:
    if check.policy is None:
        return Decision.IMPLICIT_DENY
    return decide([check.policy], Question(check.action, check.resource, check.context, principal))


def _is_named(principal: Principal, check: Check) -> bool:
    if check.policy is None:
        return False
    question = Question(check.action, check.resource, check.context, principal, by_name_only=True)
    return decide([check.policy], question) is Decision.ALLOWED
