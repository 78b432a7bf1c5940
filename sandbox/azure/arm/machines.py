"""Microsoft.Compute beyond single resources: sizes, usage, galleries, and how machines are doing."""

from collections.abc import Iterator
from typing import Any

from sandbox.azure import locations
from sandbox.azure.arm.call import Call
from sandbox.azure.engine import Answer
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.operations import Result
from sandbox.azure.resource_types import find
from sandbox.azure.store import Resource
from sandbox.azure.types.compute import galleries
from sandbox.azure.types.compute.sizes import FAMILIES, SIZES, Size
from sandbox.azure.wire import Reply, reply

MACHINES = "Microsoft.Compute/virtualMachines"
# What an action leads to, what the machine is meanwhile, and the seconds it takes.
ACTIONS = {
    "start": ("running", "starting", 20),
    "poweroff": ("stopped", "stopping", 15),
    "restart": ("running", "starting", 25),
    "deallocate": ("deallocated", "deallocating", 30),
}


def list_skus(call: Call) -> Reply:
    call.check("Microsoft.Compute/skus/read")
    wanted = call.filters("location").get("location")
    places = [locations.normal(wanted)] if wanted else list(locations.REGIONS)
    return call.page([_sku(call, size, place) for place in places for size in SIZES.values()])


def list_usages(call: Call) -> Reply:
    """vCPUs in use and allowed, of the region and of each family."""
    call.check("Microsoft.Compute/locations/usages/read")
    location = locations.normal(call.parts["location"])
    used = dict.fromkeys(("", *FAMILIES), 0)
    for size in _running(call, location):
        used[""] += size.vcpus
        used[size.family] += size.vcpus
    return call.page([_usage(call, location, family, count) for family, count in used.items()])


def show_gallery(call: Call) -> Reply:
    words = call.parts["rest"].strip("/").split("/")
    kinds = "/".join(("communityGalleries", *words[1::2]))
    call.check(f"Microsoft.Compute/locations/{kinds}/read")
    return reply(200, galleries.read(locations.normal(call.parts["location"]), tuple(words)))


def list_machines(call: Call) -> Reply:
    """With `statusOnly=true` it tells how all machines of a subscription are doing."""
    call.check(f"{MACHINES}/read")
    call.filters()
    found = call.world.under(call.subscription.path, MACHINES)
    if call.request.query.get("statusonly", "").lower() == "true":
        return call.page([_with_status(call, machine) for machine in found])
    return call.page(found)


def show_machine(call: Call) -> Reply:
    find(ResourceId.parse(call.path), call.api_version)
    call.check(f"{MACHINES}/read")
    machine = call.world.need(call.path)
    wanted = call.request.query.get("$expand", "").lower() == "instanceview"
    return reply(200, _with_status(call, machine) if wanted else machine)


def show_instance(call: Call) -> Reply:
    call.check(f"{MACHINES}/instanceView/read")
    return reply(200, _instance(call, call.world.need(call.parts["machine"])))


def act(call: Call) -> Reply:
    """Start, power off, restart, deallocate."""
    verb, machine = call.parts["verb"].lower(), ResourceId.parse(call.parts["machine"])
    find(machine, call.api_version)
    call.check(f"{MACHINES}/{call.parts['verb']}/action")
    if verb not in ACTIONS:
        raise ArmError(404, "ActionNotFound", f"The sandbox does not model the action '{verb}'.")
    found = call.world.need(machine.text)
    if found["properties"]["provisioningState"] in ("Creating", "Deleting"):
        raise ArmError(409, "OperationNotAllowed", "The machine is being created or deleted.")
    after, meanwhile, nominal = ACTIONS[verb]
    facts = call.world.facts(machine.text)
    facts["power"] = meanwhile

    def finish() -> Result:
        facts["power"] = after
        return None

    seconds = call.world.seconds(nominal)
    operation = call.world.operations.start(
        machine, call.caller.object_id, finish, seconds=seconds, style="both"
    )
    return call.answered(Answer(202, None, operation))


def _sku(call: Call, size: Size, location: str) -> dict[str, Any]:
    zones = call.world.zones(call.subscription.id, location)
    offered = [logical for logical, physical in zones.items() if size.is_offered(physical)]
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [location],
        "locationInfo": [{"location": location, "zones": offered, "zoneDetails": []}],
        "capabilities": size.capabilities,
        "restrictions": [],
    }


def _running(call: Call, location: str) -> Iterator[Size]:
    for machine in call.world.under(call.subscription.path, MACHINES):
        if machine["location"] == location:
            yield SIZES[machine["properties"]["hardwareProfile"]["vmSize"].lower()]


def _usage(call: Call, location: str, family: str, used: int) -> dict[str, Any]:
    name = family or "cores"
    return {
        "name": {"value": name, "localizedValue": f"{family} vCPUs" if family else "Total Regional vCPUs"},
        "unit": "Count",
        "currentValue": used,
        "limit": call.world.behaviour.quota_of(call.subscription.id, location, family),
    }


def _with_status(call: Call, machine: Resource) -> Resource:
    properties = {**machine["properties"], "instanceView": _instance(call, machine)}
    return {**machine, "properties": properties}


def _instance(call: Call, machine: Resource) -> dict[str, Any]:
    facts = call.world.facts(machine["id"])
    state = machine["properties"]["provisioningState"].lower()
    statuses: list[dict[str, str]] = []
    if state == "failed" and (failure := facts.get("failure")):
        told = _status("ProvisioningState", f"failed/{failure['code']}", "Provisioning failed")
        statuses.append({**told, "level": "Error", "message": failure["message"]})
    else:
        statuses.append(_status("ProvisioningState", state, f"Provisioning {state}"))
    if power := facts.get("power"):
        statuses.append(_status("PowerState", power, f"VM {power}"))
    return {"hyperVGeneration": "V2", "statuses": statuses}


def _status(kind: str, value: str, words: str) -> dict[str, str]:
    return {"code": f"{kind}/{value}", "level": "Info", "displayStatus": words}
