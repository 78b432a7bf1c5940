"""SSM: commands and sessions are checked on the instance and on the document."""

from collections.abc import Iterator

from sandbox.aws.gate.call import Call, Plan, requested_tags
from sandbox.aws.gate.conditions import ContextValue
from sandbox.aws.gate.services.ec2_resources import resource_context


def plan(call: Call) -> Plan:
    plan = Plan(f"ssm:{call.request.operation}")
    tags = {tag["Key"]: tag.get("Value", "") for tag in call.request.document.get("Tags") or ()}
    context = call.context.plus(requested_tags(tags))
    for resource, keys in _resources(call):
        plan.check(resource, context.plus(keys))
    if not plan.checks:
        plan.check("*", context)
    return plan


def _resources(call: Call) -> Iterator[tuple[str, dict[str, ContextValue]]]:
    document = call.request.document
    targets = [document["Target"]] if document.get("Target") else []
    for instance in [*targets, *(document.get("InstanceIds") or ())]:
        keys = resource_context(call, "instance", instance)
        tags = {k.replace("aws:ResourceTag", "ssm:resourceTag"): v for k, v in keys.items()}
        yield call.arn("ec2", f"instance/{instance}"), {**keys, **tags}
    if name := document.get("DocumentName"):
        owner = "" if name.startswith("AWS-") else None
        yield call.arn("ssm", f"document/{name}", account=owner), {}
    if "Parameter" in call.request.operation and (name := document.get("Name")):
        yield call.arn("ssm", f"parameter/{name.lstrip('/')}"), {}
