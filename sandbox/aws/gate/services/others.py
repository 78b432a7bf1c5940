"""Services that enclaves hardly use: checked on a resource only where the call names its ARN."""

from sandbox.aws.gate.call import Call, Plan, requested_tags

ARN_PARAMETERS = ("LoadBalancerArn", "TargetGroupArn", "ListenerArn", "ResourceArn", "resourceArn")


def plan(call: Call) -> Plan:
    request = call.request
    plan = Plan(f"{request.service}:{request.operation}")
    named = {**request.parameters, **request.document}
    resource = next((named[key] for key in ARN_PARAMETERS if named.get(key)), None) or _log_group(call) or "*"
    plan.check(resource, call.context.plus(requested_tags(request.pairs("Tags"))))
    return plan


def _log_group(call: Call) -> str | None:
    name = call.request.document.get("logGroupName")
    return call.arn("logs", f"log-group:{name}") if name else None
