"""Subscriptions, their locations, groups and resources, tags: what Resource Manager answers itself."""

from typing import Any

from sandbox.azure import locations
from sandbox.azure.arm.call import Call
from sandbox.azure.errors import refused
from sandbox.azure.ids import GROUP_TYPE, ResourceId
from sandbox.azure.rbac import ASSIGNMENTS
from sandbox.azure.store import Resource
from sandbox.azure.wire import Reply, reply

READ = "Microsoft.Resources/subscriptions"
LISTED = ("id", "name", "type", "location", "tags", "sku", "kind", "identity", "zones", "managedBy")


def mine(call: Call) -> Reply:
    """The subscriptions in which the caller has any role."""
    scopes = [
        item["properties"]["scope"]
        for item in call.world.of_type(ASSIGNMENTS)
        if item["properties"]["principalId"] == call.caller.object_id
    ]
    own = {ResourceId.parse(scope).subscription.lower() for scope in scopes}
    return call.page([one.body() for key, one in call.world.subscriptions.items() if key in own])


def show(call: Call) -> Reply:
    call.check(f"{READ}/read")
    return reply(200, call.subscription.body())


def list_locations(call: Call) -> Reply:
    call.check(f"{READ}/locations/read")
    subscription = call.subscription
    return reply(200, {"value": [_location(call, subscription.path, name) for name in locations.REGIONS]})


def list_groups(call: Call) -> Reply:
    """Only those that the caller may read, as Azure does it."""
    tags = call.filters("tagName", "tagValue")
    groups = [
        group
        for group in call.world.under(call.subscription.path, GROUP_TYPE)
        if call.may(f"{READ}/resourceGroups/read", group["id"]) and _tagged(group, tags)
    ]
    return call.page(groups)


def list_resources(call: Call) -> Reply:
    """What hangs in groups, without properties and without child resources, as Azure lists it."""
    wanted = call.filters("resourceType", "tagName", "tagValue", "location", "name")
    scope = call.path.rsplit("/", 1)[0]
    if "group" in call.parts:
        call.world.need(scope)
    found = [
        item
        for item in call.world.under(scope)
        if _is_listed(item) and _fits(item, wanted) and call.may(f"{item['type']}/read", item["id"])
    ]
    return call.page([{key: item[key] for key in LISTED if key in item} for item in found])


def tags(call: Call) -> Reply:
    """The tags of a subscription, a group or a resource, by themselves."""
    scope = call.parts["scope"]
    verb = {"GET": "read", "DELETE": "delete"}.get(call.method, "write")
    call.check(f"Microsoft.Resources/tags/{verb}", scope)
    target = ResourceId.parse(scope)
    holder: Any = call.subscription if not target.scope else call.world.need(scope)
    before = holder.tags if not target.scope else holder.get("tags") or {}
    after = before if call.method == "GET" else _changed(call, before)
    if not target.scope:
        holder.tags = after
    else:
        holder["tags"] = after
    own = f"{target}/providers/Microsoft.Resources/tags/default"
    kind = "Microsoft.Resources/tags"
    return reply(200, {"id": own, "name": "default", "type": kind, "properties": {"tags": after}})


def _location(call: Call, path: str, name: str) -> dict[str, Any]:
    zones = call.world.zones(call.subscription.id, name)
    return {
        "id": f"{path}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": locations.REGIONS[name],
        "regionalDisplayName": locations.REGIONS[name],
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        "availabilityZoneMappings": [
            {"logicalZone": logical, "physicalZone": physical} for logical, physical in zones.items()
        ],
    }


def _is_listed(item: Resource) -> bool:
    return "location" in item and item["type"].count("/") == 1 and item["type"] != GROUP_TYPE


def _fits(item: Resource, wanted: dict[str, str]) -> bool:
    kinds = {"resourceType": "type", "location": "location", "name": "name"}
    same = all(item[kinds[name]].lower() == value.lower() for name, value in wanted.items() if name in kinds)
    return same and _tagged(item, wanted)


def _tagged(item: Resource, wanted: dict[str, str]) -> bool:
    own = item.get("tags") or {}
    name = wanted.get("tagName")
    return name is None or (name in own and wanted.get("tagValue", own[name]) == own[name])


def _changed(call: Call, before: dict[str, str]) -> dict[str, str]:
    if call.method == "DELETE":
        return {}
    new: dict[str, str] = (call.body.get("properties") or {}).get("tags") or {}
    match "Replace" if call.method == "PUT" else call.body.get("operation"):
        case "Merge":
            return {**before, **new}
        case "Replace":
            return new
        case "Delete":
            return {key: value for key, value in before.items() if key not in new}
    raise refused("InvalidTagsPatchOperation", "The operation must be Merge, Replace or Delete.")
