"""The addresses of template deployments."""

from sandbox.azure.arm.call import Call
from sandbox.azure.deployments import api
from sandbox.azure.engine import Answer
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import find
from sandbox.azure.wire import Reply, reply


def list_all(call: Call) -> Reply:
    return call.page(api.listed(call.world, call.caller, call.parts["scope"]))


def single(call: Call) -> Reply:
    """GET, HEAD, PUT and DELETE of one deployment."""
    deployment = ResourceId.parse(call.path)
    find(deployment, call.api_version)
    match call.method:
        case "PUT":
            status, body, operation = api.put(call.world, call.caller, deployment, call.body)
            return call.answered(Answer(status, body, operation))
        case "DELETE":
            return reply(api.delete(call.world, call.caller, deployment))
        case "HEAD":
            call.check("Microsoft.Resources/deployments/read")
            return reply(204 if deployment.key in call.world.deployments else 404)
    return reply(200, api.get(call.world, call.caller, deployment))


def operations(call: Call) -> Reply:
    return call.page(api.operations(call.world, call.caller, _above(call)))


def act(call: Call) -> Reply:
    """Only `validate`; what-if and the rest are not modelled."""
    if call.parts["verb"].lower() != "validate":
        text = f"The sandbox does not model the action '{call.parts['verb']}' of deployments."
        raise ArmError(404, "ActionNotFound", text)
    return reply(200, api.validate(call.world, call.caller, _above(call), call.body))


def _above(call: Call) -> ResourceId:
    return ResourceId.parse(call.path.rsplit("/", 1)[0])
