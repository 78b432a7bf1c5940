"""Single resources and lists of one type, the same for every type."""

from sandbox.azure import engine
from sandbox.azure.arm.call import Call
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId, within
from sandbox.azure.rbac import ASSIGNMENTS, BUILT_IN, DEFINITIONS, Role
from sandbox.azure.resource_types import find, find_type
from sandbox.azure.store import Resource
from sandbox.azure.wire import Reply, reply


def show(call: Call) -> Reply:
    resource = ResourceId.parse(call.path)
    kind = find(resource, call.api_version)
    call.check(f"{resource.action_type}/read")
    built_in = BUILT_IN.get(resource.name.lower()) if kind.name == DEFINITIONS else None
    if built_in:
        return reply(200, _definition(resource.text, built_in))
    return reply(200, call.world.need(resource.text))


def exists(call: Call) -> Reply:
    resource = ResourceId.parse(call.path)
    find(resource, call.api_version)
    call.check(f"{resource.action_type}/read")
    return reply(204 if call.world.get(resource.text) else 404)


def put(call: Call) -> Reply:
    only_new = call.request.headers.get("if-none-match") == "*"
    resource = ResourceId.parse(call.path)
    return call.answered(
        engine.put(call.world, call.caller, resource, call.body, call.api_version, only_new=only_new)
    )


def patch(call: Call) -> Reply:
    resource = ResourceId.parse(call.path)
    return call.answered(engine.patch(call.world, call.caller, resource, call.body, call.api_version))


def delete(call: Call) -> Reply:
    resource = ResourceId.parse(call.path)
    return call.answered(engine.delete(call.world, call.caller, resource, call.api_version))


def list_type(call: Call) -> Reply:
    """All of a type below a subscription, a group or a parent."""
    kind = find_type(collection_type(call), call.api_version)
    is_child = kind.name.count("/") > 1
    scope = call.path.rsplit("/", 1)[0] if is_child else call.parts["scope"]
    call.check(f"{kind.name}/read")
    target = ResourceId.parse(scope)
    if target.scope:
        call.world.need(scope)
    if kind.name == ASSIGNMENTS:
        return call.page(_assignments(call, scope))
    call.filters()
    return call.page(call.world.under(scope, kind.name))


def operation(call: Call) -> Reply:
    """An operation, for who started it; it is nobody else's business."""
    found = call.world.operations.get(call.parts["operation"])
    if found is None or found.starter != call.caller.object_id:
        text = f"The operation '{call.parts['operation']}' was not found."
        raise ArmError(404, "OperationNotFound", text)
    call.world.operations.settle(found)
    return call.outcome(found) if call.parts["page"].lower() == "operationresults" else call.standing(found)


def collection_type(call: Call) -> str:
    """The type that a list's address names."""
    words = call.parts["rest"].split("/")
    return "/".join((words[0], *words[1::2]))


def _assignments(call: Call, scope: str) -> list[Resource]:
    """Those at the scope and above it; below it too, unless `atScope()` asks for less."""
    wanted = call.filters("principalId", "atScope")
    found = []
    for item in call.world.of_type(ASSIGNMENTS):
        facts = item["properties"]
        above = within(facts["scope"], scope)
        below = "atScope" not in wanted and within(scope, facts["scope"])
        if (above or below) and wanted.get("principalId", facts["principalId"]) == facts["principalId"]:
            found.append(item)
    return found


def _definition(path: str, built_in: Role) -> Resource:
    return {
        "id": path,
        "name": path.rsplit("/", 1)[-1],
        "type": DEFINITIONS,
        "properties": {
            "roleName": built_in.name,
            "type": "BuiltInRole",
            "permissions": list(built_in.permissions),
            "assignableScopes": list(built_in.scopes),
        },
    }
