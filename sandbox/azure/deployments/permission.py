"""Whether the caller may do all that a template asks for, asked before the first resource is made."""

from collections.abc import Iterator

from sandbox.azure import rbac
from sandbox.azure.deployments.order import Order, nested_orders
from sandbox.azure.deployments.plan import Step
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.principals import Principal
from sandbox.azure.world import World


def check_permissions(world: World, caller: Principal, order: Order) -> None:
    """Raises ArmError that tells every write which the caller may not do."""
    orders = [order, *nested_orders(world, order)]
    refusals = [text for one in orders for text in _refusals(world, caller, one)]
    if len(refusals) == 1:
        raise _refused(f"The template deployment failed with error: '{refusals[0]}'.")
    if refusals:
        raise _refused(f"The template deployment failed with multiple errors: '{':'.join(refusals)}'.")


def _refused(message: str) -> ArmError:
    return ArmError(403, "InvalidTemplateDeployment", message)


def _refusals(world: World, caller: Principal, order: Order) -> Iterator[str]:
    for step in order.plan.steps.values():
        action = f"{ResourceId.parse(step.id).action_type}/write"
        if not rbac.allows(world, caller.object_id, action, step.id):
            yield _refusal(caller, step, action)


def _refusal(caller: Principal, step: Step, action: str) -> str:
    return (
        f"Authorization failed for template resource '{step.name}' of type '{step.kind}'. The client "
        f"'{caller.client_id}' with object id '{caller.object_id}' does not have permission to perform "
        f"action '{action}' at scope '{step.id}'."
    )


def register_namespaces(world: World, caller: Principal, order: Order) -> None:
    """Azure registers the providers of a template by itself, if the caller may; if not, the making fails."""
    subscription = world.subscription(order.id.subscription)
    for one in [order, *nested_orders(world, order)]:
        for step in one.plan.steps.values():
            namespace = ResourceId.parse(step.id).namespace
            if rbac.allows(world, caller.object_id, f"{namespace}/register/action", subscription.path):
                subscription.providers[namespace.lower()] = "Registered"
