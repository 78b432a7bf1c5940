"""The life of a resource: Resource Manager's own checks, then its type's, then the time it takes."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.azure import demands, rbac
from sandbox.azure.errors import ArmError, group_not_found
from sandbox.azure.ids import ResourceId
from sandbox.azure.operations import Operation, Result
from sandbox.azure.principals import Principal
from sandbox.azure.resource_types import TYPES, ResourceType, Right, Write, find
from sandbox.azure.store import Resource
from sandbox.azure.world import World

# What Azure writes itself; a body may bring it along, as read before, and it is ignored.
READ_ONLY = ("id", "name", "type", "apiVersion", "systemData", "etag", "dependsOn", "scope")


@dataclass(frozen=True)
class Answer:
    """What a caller gets: a status, the resource, and the operation that goes on if it takes time."""

    status: int
    body: Resource | None
    operation: Operation | None = None


def put(
    world: World,
    caller: Principal,
    resource: ResourceId,
    body: Mapping[str, Any],
    api_version: str,
    *,
    only_new: bool = False,
) -> Answer:
    """Create or replace a resource; raises ArmError. `only_new` is the header `If-None-Match: *`."""
    kind = find(resource, api_version)
    _admit(world, caller, resource, kind, body)
    old = world.get(resource.text)
    if old and only_new:
        text = f"The resource '{resource}' exists already, which the If-None-Match condition forbids."
        raise ArmError(412, "PreconditionFailed", text)
    return _write(world, caller, resource, kind, _own(body), takes_time=True)


def patch(
    world: World, caller: Principal, resource: ResourceId, body: Mapping[str, Any], api_version: str
) -> Answer:
    """Merge into what is there; tags are replaced as a whole."""
    kind = find(resource, api_version)
    _admit(world, caller, resource, kind, body)
    merged = _merged(_own(world.need(resource.text)), {k: v for k, v in body.items() if k != "tags"})
    if "tags" in body:
        merged["tags"] = body["tags"]
    return _write(world, caller, resource, kind, merged, takes_time=False)


def make(world: World, caller: Principal, resource: ResourceId, body: Mapping[str, Any]) -> Resource:
    """Create at once, without asking what the caller may: for what Azure makes on its own."""
    kind = TYPES[resource.type.lower()]
    made = _write(world, caller, resource, kind, _own(body), takes_time=False).body
    assert made is not None  # noqa: S101 -- only deletions answer without a body
    return made


def delete(world: World, caller: Principal, resource: ResourceId, api_version: str) -> Answer:
    """Remove a resource and what lies below it; 204 if it is gone already."""
    kind = find(resource, api_version)
    rbac.check(world, caller, f"{resource.action_type}/delete", resource.text)
    found = world.get(resource.text)
    if found is None:
        if resource.group and world.get(resource.group_id) is None:
            raise group_not_found(resource.group)
        return Answer(204, None)
    if kind.also_deletes:
        _check_rights(world, caller, kind.also_deletes(found))
    if kind.forbids_deletion:
        kind.forbids_deletion(world, found)
    if not kind.delete_seconds:
        forget(world, resource.text)
        return Answer(200, None)
    found["properties"]["provisioningState"] = "Deleting"
    seconds = world.seconds(kind.delete_seconds)
    operation = world.operations.start(
        resource, caller.object_id, lambda: _end(world, found, kind), seconds=seconds, style="both"
    )
    return Answer(202, None, operation)


def forget(world: World, resource_id: str) -> None:
    """Remove a resource with what lies below it and what its type cleans up; no error if it is gone."""
    resource = world.get(resource_id)
    if resource is None:
        return
    for below in world.under(resource_id):
        forget(world, below["id"])
    world.drop(resource_id)
    kind = TYPES.get(resource["type"].lower())
    if kind and kind.deleted:
        kind.deleted(world, resource)


def _admit(
    world: World, caller: Principal, resource: ResourceId, kind: ResourceType, body: Mapping[str, Any]
) -> None:
    """What Resource Manager asks before it hands a write to a provider."""
    demands.form(body)
    rbac.check(world, caller, f"{resource.action_type}/write", resource.text)
    demands.containers(world, resource, kind)
    demands.registered(world, resource)
    rbac.check_links(world, caller, resource, body)
    if kind.also_writes:
        _check_rights(world, caller, kind.also_writes(resource, body))


def _check_rights(world: World, caller: Principal, rights: Iterable[Right]) -> None:
    for action, scope in rights:
        rbac.check(world, caller, action, scope, "LinkedAuthorizationFailed")


def _write(
    world: World,
    caller: Principal,
    resource: ResourceId,
    kind: ResourceType,
    body: dict[str, Any],
    *,
    takes_time: bool,
) -> Answer:
    old = world.get(resource.text)
    demands.idle(old)
    body["properties"] = body.get("properties") or {}
    demands.shape(resource, kind, body, old)
    body = {"id": resource.text, "name": resource.name, "type": kind.name, **body}
    write = Write(world, resource, body, caller, old)
    demands.zones(write)
    if kind.check:
        kind.check(write)
    body["systemData"] = _stamp(world, caller, old)
    _identify(write)
    world.put(body)
    if kind.fill:
        kind.fill(write)
        world.put(body)
    operation = _start(write, kind) if takes_time and kind.create_seconds else None
    if operation is None:
        _finish(write, kind)
    return Answer(201 if old is None else 200, body, operation)


def _start(write: Write, kind: ResourceType) -> Operation:
    write.properties["provisioningState"] = "Updating" if write.old else "Creating"

    def finish() -> Result:
        is_ending = write.properties["provisioningState"] == "Deleting"
        if is_ending or write.world.get(write.id.text) is not write.body:
            raise ArmError(409, "OperationPreempted", "A later operation took the place of this one.")
        fault = write.world.faults.take(write.id.subscription, f"{kind.name}/write", late=True)
        try:
            if error := fault and fault.as_error():
                raise error
            return _finish(write, kind)
        except ArmError as error:
            write.world.facts(write.id.text)["failure"] = error.error()
            write.properties["provisioningState"] = "Failed"
            raise

    seconds = write.world.seconds(kind.create_seconds)
    return write.world.operations.start(
        write.id, write.caller.object_id, finish, seconds=seconds, style=kind.style
    )


def _finish(write: Write, kind: ResourceType) -> Resource:
    if kind.finish:
        kind.finish(write)
    write.world.facts(write.id.text).pop("failure", None)
    write.properties["provisioningState"] = "Succeeded"
    return write.body


def _end(world: World, resource: Resource, kind: ResourceType) -> Result:
    subscription = ResourceId.parse(resource["id"]).subscription
    fault = world.faults.take(subscription, f"{kind.name}/delete", late=True)
    if error := fault and fault.as_error():
        resource["properties"]["provisioningState"] = "Failed"
        raise error
    forget(world, resource["id"])
    return None


def _identify(write: Write) -> None:
    """Give the resource the managed identities that its body asks for; its own one stays the same."""
    identity = write.body.get("identity") or {}
    own = ((write.old or {}).get("identity") or {}).get("principalId")
    if "SystemAssigned" in identity.get("type", ""):
        object_id = own or _new_identity(write)
        identity |= {"principalId": object_id, "tenantId": write.directory}
    elif own:
        write.world.principals.drop_those_of(write.id.text)
    for user in identity.get("userAssignedIdentities") or {}:
        facts = write.exists(user)["properties"]
        identity["userAssignedIdentities"][user] = {k: facts[k] for k in ("principalId", "clientId")}


def _new_identity(write: Write) -> str:
    object_id, client_id = write.world.new_id(), write.world.new_id()
    made = Principal(object_id, client_id, write.directory, write.id.name, write.id.text)
    write.world.principals.add(made)
    return object_id


def _stamp(world: World, caller: Principal, old: Resource | None) -> dict[str, str]:
    now = {"By": caller.client_id, "ByType": "Application", "At": world.clock.iso()}
    created = {f"created{key}": value for key, value in now.items()}
    if old:
        created = {key: old["systemData"][key] for key in created if key in old.get("systemData", {})}
    return {**created, **{f"lastModified{key}": value for key, value in now.items()}}


def _own(body: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's part of a body, as a copy."""
    own = {key: copy.deepcopy(value) for key, value in body.items() if key not in READ_ONLY}
    if isinstance(own.get("properties"), dict):
        own["properties"].pop("provisioningState", None)
    return own


def _merged(old: dict[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, Mapping):
            old[key] = _merged(before, value)
        else:
            old[key] = copy.deepcopy(value)
    return old
