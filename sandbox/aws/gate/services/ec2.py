"""EC2: each resource that a call touches is checked by itself, as AWS does."""

from collections.abc import Iterator

from sandbox.aws.gate.call import Call, Plan, requested_tags
from sandbox.aws.gate.conditions import Context
from sandbox.aws.gate.services.ec2_launch import plan_launch
from sandbox.aws.gate.services.ec2_resources import (
    CREATED,
    check_tagging,
    identifiers,
    resource_arn,
    resource_context,
    tag_specifications,
)
from sandbox.aws.wire import AwsError, Reply

READS = ("Describe", "Get", "List", "Search")
TAGGING = ("CreateTags", "DeleteTags")


def plan(call: Call) -> Plan:
    operation = call.request.operation
    made = plan_launch(call) if operation == "RunInstances" else _plan(call, operation)
    if call.request.parameters.get("DryRun", "").lower() == "true":
        made.answer = _dry_run
    return made


def _dry_run() -> Reply:
    raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")


def _plan(call: Call, operation: str) -> Plan:
    plan = Plan(f"ec2:{operation}")
    context = call.context.plus({"ec2:Region": call.region})
    if operation.startswith(READS):
        plan.check("*", context)
        return plan
    wanted = tag_specifications(call)
    common = requested_tags(call.request.pairs("Tag") if operation in TAGGING else {})
    for kind, identifier in identifiers(call):
        _check_existing(plan, call, kind, identifier, context.plus(common))
    for kind in _created_kinds(operation, wanted):
        plan.check(resource_arn(call, kind, "*"), context.plus(requested_tags(wanted.get(kind, {}))))
    check_tagging(plan, call, wanted, context)
    if not plan.checks:
        plan.check("*", context)
    return plan


def _check_existing(plan: Plan, call: Call, kind: str, identifier: str, context: Context) -> None:
    plan.check(resource_arn(call, kind, identifier), context.plus(resource_context(call, kind, identifier)))


def _created_kinds(operation: str, wanted: dict[str, dict[str, str]]) -> Iterator[str]:
    yield from dict.fromkeys((*CREATED.get(operation, ()), *wanted))
