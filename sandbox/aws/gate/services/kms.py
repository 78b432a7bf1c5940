"""KMS: a key's own policy must agree, whoever asks."""

from typing import Any

from sandbox.aws import engine
from sandbox.aws.gate.authorization import Check
from sandbox.aws.gate.call import Call, Plan, requested_tags, resource_tags
from sandbox.aws.gate.conditions import Context

WITHOUT_KEY = "*"


def plan(call: Call) -> Plan:
    document = call.request.document
    plan = Plan(f"kms:{call.request.operation}")
    tags = {tag["TagKey"]: tag.get("TagValue", "") for tag in document.get("Tags") or ()}
    context = call.context.plus(requested_tags(tags))
    named = document.get("KeyId") or document.get("TargetKeyId")
    if named:
        plan.checks.append(key_check(call, plan.action, named, context))
        plan.account = plan.checks[0].owner
    if alias := document.get("AliasName"):
        plan.check(call.arn("kms", alias), context)
    if not plan.checks:
        plan.check(WITHOUT_KEY, context)
    return plan


def key_check(call: Call, action: str, named: str, context: Context) -> Check:
    """The check for a key named by id, ARN or alias, in whichever account it is."""
    owner = named.split(":")[4] if named.startswith("arn:") else call.account
    region = named.split(":")[3] if named.startswith("arn:") else call.region
    key = find_key(owner, region, named)
    keys = {"kms:CallerAccount": call.account}
    if key is None:
        arn = f"arn:aws:kms:{region}:{owner}:key/{named.rsplit('/', 1)[-1]}"
        return Check(action, arn, context.plus(keys), owner=owner)
    return Check(
        action,
        key.arn,
        context.plus({**keys, "kms:ResourceAliases": aliases_of(key) or None, **resource_tags(_tags(key))}),
        owner=owner,
        policy=key.policy,
        policy_required=True,
    )


def find_key(account: str, region: str, named: str) -> Any | None:
    if not engine.knows(account):
        return None
    keys = engine.kms(account, region).keys
    if "alias/" in named:
        alias = "alias/" + named.split("alias/", 1)[1]
        return next((key for key in list(keys.values()) if alias in aliases_of(key)), None)
    return keys.get(named.rsplit("/", 1)[-1])


def aliases_of(key: Any) -> list[str]:
    return list(getattr(key, "aliases", ()) or ())


def _tags(key: Any) -> dict[str, str]:
    tags: dict[str, str] = engine.kms(key.account_id, key.region).tagger.get_tag_dict_for_resource(key.id)
    return tags
