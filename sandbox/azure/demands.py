"""What Resource Manager demands of every write, whatever the type."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.azure import locations
from sandbox.azure.errors import ArmError, group_not_found, refused
from sandbox.azure.ids import GROUP_TYPE, ResourceId
from sandbox.azure.resource_types import UNFINISHED, ResourceType, Write
from sandbox.azure.store import Resource
from sandbox.azure.world import World

MOST_TAGS = 50
# What every body is made of; null stands for what is not there.
FORMS: Mapping[str, type] = {
    "location": str,
    "tags": dict,
    "zones": list,
    "properties": dict,
    "identity": dict,
    "sku": dict,
    "kind": str,
}


def form(body: Mapping[str, Any]) -> None:
    """The parts that all types share are what they should be; types look at their properties themselves."""
    wrong = [name for name, kind in FORMS.items() if not isinstance(body.get(name), kind | None)]
    identity = body.get("identity")
    if isinstance(identity, dict):
        users = identity.get("userAssignedIdentities")
        wrong += ["identity"] * (not isinstance(identity.get("type"), str))
        wrong += ["identity.userAssignedIdentities"] * (not isinstance(users, dict | None))
    wrong += [name for name in ("tags", "zones") if not wrong and not _all_text(body.get(name))]
    if wrong:
        text = f"The request content was invalid: '{wrong[0]}' has the wrong form."
        raise refused("InvalidRequestContent", text, wrong[0])


def containers(world: World, resource: ResourceId, kind: ResourceType) -> None:
    """The subscription, the group and the parent are there, and stay."""
    world.subscription(resource.subscription)
    if resource.group and resource.type.lower() != GROUP_TYPE.lower():
        group = world.get(resource.group_id)
        if group is None:
            raise group_not_found(resource.group)
        if group["properties"]["provisioningState"] == "Deleting":
            text = f"The resource group '{resource.group}' is in deprovisioning state."
            raise ArmError(409, "ResourceGroupBeingDeleted", text)
    if kind.needs_parent and resource.parent:
        _parent(world, resource, resource.parent)


def registered(world: World, resource: ResourceId) -> None:
    """The subscription uses the provider."""
    subscription = world.subscription(resource.subscription)
    if subscription.providers.get(resource.namespace.lower()) != "Registered":
        text = f"The subscription is not registered to use namespace '{resource.namespace}'."
        raise ArmError(409, "MissingSubscriptionRegistration", text)


def idle(old: Resource | None) -> None:
    """Nothing else goes on with the resource."""
    state = old["properties"].get("provisioningState") if old else None
    if state in (*UNFINISHED, "Deleting"):
        text = "Another operation on this or dependent resource is in progress."
        raise ArmError(409, "AnotherOperationInProgress", text)


def shape(resource: ResourceId, kind: ResourceType, body: dict[str, Any], old: Resource | None) -> None:
    """Name, location, tags and required properties; writes the location as Azure spells it."""
    if not re.fullmatch(kind.name_pattern, resource.name):
        raise refused("InvalidResourceName", f"Resource name {resource.name} is invalid.")
    _location(resource, kind, body, old)
    if len(body.get("tags") or {}) > MOST_TAGS:
        raise refused("TagCountExceedsLimit", f"A resource has at most {MOST_TAGS} tags.")
    for path in kind.required:
        if dig(body, path) is None:
            name = path.removeprefix("properties.")
            raise refused("InvalidParameter", f"Required parameter '{name}' is missing (null).", name)
    unknown = set(body["properties"]) - kind.allowed if kind.allowed is not None else set()
    if unknown:
        name = sorted(unknown)[0]
        raise refused(
            "InvalidParameter", f"Could not find member '{name}' on object of type '{kind.name}'.", name
        )


def zones(write: Write) -> None:
    """The zones asked for are zones of the location."""
    for zone in write.body.get("zones") or ():
        if zone not in write.zones:
            text = f"The zone(s) '{zone}' for resource '{write.id}' is not supported."
            raise refused("InvalidAvailabilityZone", text, "zones")


def dig(body: object, path: str) -> Any:
    """The value at a dotted path, None if anything on the way is missing."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _all_text(values: object) -> bool:
    held = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    return all(isinstance(value, str) for value in held)


def _parent(world: World, resource: ResourceId, parent: ResourceId) -> None:
    found = world.get(parent.text)
    if found is None:
        text = (
            f"Failed to perform 'write' on {resource}, because parent resource '{parent}' could not be found."
        )
        raise ArmError(404, "ParentResourceNotFound", text)
    idle(found)


def _location(resource: ResourceId, kind: ResourceType, body: dict[str, Any], old: Resource | None) -> None:
    if not body.get("location"):
        if kind.needs_location:
            raise refused("LocationRequired", "The location property is required for this definition.")
        return
    location = body["location"] = locations.normal(body["location"])
    if location not in locations.REGIONS:
        text = f"The provided location '{location}' is not available for resource type '{kind.name}'."
        raise refused("LocationNotAvailableForResourceType", text)
    if old and old.get("location") != location:
        text = f"The resource '{resource.name}' already exists in location '{old['location']}'."
        raise ArmError(409, "InvalidResourceLocation", text)
