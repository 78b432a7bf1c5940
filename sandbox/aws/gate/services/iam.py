"""IAM: checked on the entity that the call names; the policy simulator is answered by the gate."""

from collections.abc import Iterator
from typing import Any

from sandbox.aws import engine
from sandbox.aws.credentials import Credentials
from sandbox.aws.gate.authorization import Check
from sandbox.aws.gate.call import Call, Plan, requested_tags, resource_tags
from sandbox.aws.gate.conditions import ContextValue
from sandbox.aws.gate.identities import find_role
from sandbox.aws.gate.services.iam_simulator import simulate
from sandbox.aws.wire import Reply

# The first that a call names is what it acts on.
ENTITIES = (
    ("RoleName", "role", "roles"),
    ("UserName", "user", "users"),
    ("GroupName", "group", "groups"),
    ("InstanceProfileName", "instance-profile", "instance_profiles"),
)


def plan(call: Call) -> Plan:
    operation = call.request.operation
    plan = Plan(f"iam:{operation}")
    resource, entity = _resource(call)
    plan.check(resource, call.context.plus({**_keys(call), **_tags_of(entity)}))
    plan.checks += _pass_role(call)
    if operation == "SimulatePrincipalPolicy":
        plan.answer = lambda: simulate(call)
    if operation == "CreateAccessKey":
        plan.afterwards = lambda reply: _remember_key(call, reply)
    return plan


def _keys(call: Call) -> dict[str, ContextValue]:
    parameters = call.request.parameters
    return {
        **requested_tags(call.request.pairs("Tags")),
        "iam:AWSServiceName": parameters.get("AWSServiceName"),
        "iam:PolicyARN": parameters.get("PolicyArn"),
        "iam:PermissionsBoundary": parameters.get("PermissionsBoundary"),
    }


def _resource(call: Call) -> tuple[str, Any | None]:
    parameters = call.request.parameters
    if "PolicySourceArn" in parameters:
        arn = parameters["PolicySourceArn"]
        return arn, find_role(arn)
    name_first = call.request.operation == "AddRoleToInstanceProfile"
    for key, kind, collection in reversed(ENTITIES) if name_first else ENTITIES:
        if name := parameters.get(key):
            entities = getattr(engine.iam(call.account), collection).values()
            entity = next((item for item in list(entities) if item.name == name), None)
            path = getattr(entity, "path", None) or parameters.get("Path", "/")
            return f"arn:aws:iam::{call.account}:{kind}{path}{name}", entity
    if policy_arn := parameters.get("PolicyArn"):
        return policy_arn, None
    if policy := parameters.get("PolicyName"):
        return f"arn:aws:iam::{call.account}:policy{parameters.get('Path', '/')}{policy}", None
    return "*", None


def _tags_of(entity: Any | None) -> dict[str, ContextValue]:
    tags = getattr(entity, "tags", None) or ()
    listed = tags.values() if isinstance(tags, dict) else tags
    return resource_tags({tag["Key"]: tag["Value"] for tag in listed}, "iam:ResourceTag/")


def _pass_role(call: Call) -> Iterator[Check]:
    """Who puts a role into an instance profile passes that role."""
    if call.request.operation == "AddRoleToInstanceProfile":
        name = call.request.parameters.get("RoleName", "")
        roles = list(engine.iam(call.account).roles.values())
        arn = next((role.arn for role in roles if role.name == name), None)
        if arn:
            yield Check("iam:PassRole", arn, call.context)


def _remember_key(call: Call, reply: Reply) -> None:
    user = call.request.parameters.get("UserName") or call.principal.name
    holder = engine.iam(call.account).users[user]
    for key in holder.access_keys:
        credentials = Credentials(key.access_key_id, key.secret_access_key)
        call.identities.add_user_key(call.account, user, credentials)
