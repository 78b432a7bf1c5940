"""STS, answered by the gate itself: it alone knows who everybody is."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.aws.gate.authorization import Check
from sandbox.aws.gate.call import Call, Plan, requested_tags
from sandbox.aws.gate.conditions import Context
from sandbox.aws.gate.identities import ROLE_ARN, Session, expiry, find_role
from sandbox.aws.wire import AwsError, Reply, query_reply

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
POLICY_ARN = re.compile(r"PolicyArns\.member\.\d+\.arn")
SHORTEST_DURATION = 900
DEFAULT_DURATION = 3600


def plan(call: Call) -> Plan:
    operations: dict[str, Callable[[Call], Plan]] = {
        "AssumeRole": _assume_role,
        "GetCallerIdentity": _get_caller_identity,
    }
    operation = operations.get(call.request.operation)
    if operation is None:
        raise AwsError("InvalidAction", f"The sandbox has no sts:{call.request.operation}.")
    return operation(call)


def _get_caller_identity(call: Call) -> Plan:
    who = call.principal
    result = f"<Arn>{who.arn}</Arn><UserId>{who.user_id}</UserId><Account>{who.account}</Account>"
    reply = query_reply("GetCallerIdentity", NAMESPACE, result)
    # AWS answers this one to anybody with a valid key, whatever the policies say.
    return Plan("sts:GetCallerIdentity", answer=lambda: reply)


def _assume_role(call: Call) -> Plan:
    arn = call.request.parameters.get("RoleArn", "")
    found = ROLE_ARN.fullmatch(arn)
    if not found:
        raise AwsError("ValidationError", f"{arn} is invalid")
    tags = call.request.pairs("Tags")
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if tags else [])]
    role = find_role(arn)
    context = _context(call, tags)
    checks = [_trust_check(action, arn, found[1], role, context) for action in actions]
    return Plan("sts:AssumeRole", checks, account=found[1], answer=lambda: _open(call, role, tags))


def _context(call: Call, tags: dict[str, str]) -> Context:
    parameters = call.request.parameters
    name = parameters.get("RoleSessionName", "")
    if not SESSION_NAME.fullmatch(name):
        raise AwsError("ValidationError", "Value at 'roleSessionName' failed to satisfy constraint")
    return call.context.plus(
        {
            **requested_tags(tags),
            "sts:ExternalId": parameters.get("ExternalId"),
            "sts:RoleSessionName": name,
            "sts:SourceIdentity": parameters.get("SourceIdentity"),
        }
    )


def _trust_check(action: str, arn: str, account: str, role: Any, context: Context) -> Check:
    """A role that does not exist is refused like one that does not trust the caller."""
    trust = role.assume_role_policy_document if role else None
    return Check(action, arn, context, owner=account, policy=trust, policy_required=True)


def _open(call: Call, role: Any, tags: dict[str, str]) -> Reply:
    parameters = call.request.parameters
    session = Session(
        role_arn=role.arn,
        role_id=role.id,
        name=parameters["RoleSessionName"],
        expires_at=expiry(_duration(call, role)),
        policy=parameters.get("Policy"),
        policy_arns=tuple(value for path, value in parameters.items() if POLICY_ARN.fullmatch(path)),
        tags=tags,
    )
    credentials = call.identities.open_session(role.account_id, session)
    return query_reply(
        "AssumeRole",
        NAMESPACE,
        f"<AssumedRoleUser><AssumedRoleId>{session.role_id}:{session.name}</AssumedRoleId>"
        f"<Arn>arn:aws:sts::{role.account_id}:assumed-role/{role.name}/{session.name}</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>{credentials.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{credentials.secret_access_key}</SecretAccessKey>"
        f"<SessionToken>{credentials.session_token}</SessionToken>"
        f"<Expiration>{session.expires_at:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
        f"<PackedPolicySize>6</PackedPolicySize>",
    )


def _duration(call: Call, role: Any) -> int:
    seconds = int(call.request.parameters.get("DurationSeconds", DEFAULT_DURATION))
    if not SHORTEST_DURATION <= seconds <= int(role.max_session_duration or DEFAULT_DURATION):
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role, "
            "or is below 900 seconds.",
        )
    return seconds
