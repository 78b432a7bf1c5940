"""The interfaces of a machine: those it finds, and those that Azure makes and unmakes with it."""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.azure import engine
from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import Write
from sandbox.azure.store import Resource
from sandbox.azure.types.network import interfaces, public_addresses
from sandbox.azure.world import World


def check(write: Write) -> None:
    """Refuse interfaces that Azure could not make or attach; a machine keeps those it has."""
    profile = write.properties["networkProfile"]
    if write.old:
        _keep(profile, write.old["properties"]["networkProfile"], write.id)
        return
    inline, existing = _inline(profile), profile.get("networkInterfaces") or []
    if bool(inline) == bool(existing):
        text = "A virtual machine needs either networkInterfaces or networkInterfaceConfigurations."
        raise refused("InvalidParameter", text, "networkProfile")
    for reference in existing:
        interfaces.check_free(write.exists(reference.get("id") or ""), write.id.text)
    if inline:
        _check_inline(write, profile, inline)
    _check_primary([*inline, *existing])


def _keep(profile: dict[str, Any], before: dict[str, Any], machine: ResourceId) -> None:
    """Take the old profile again, unless the new one would change it."""
    had = {item["id"].lower() for item in before["networkInterfaces"]}
    wanted = {item["id"].lower() for item in profile.get("networkInterfaces") or []}
    wanted |= {_interface_id(machine, item["name"]).lower() for item in _inline(profile)}
    if wanted != had:
        text = "Changing property 'networkProfile.networkInterfaces' is not modelled by the sandbox."
        raise ArmError(409, "PropertyChangeNotAllowed", text, target="networkProfile.networkInterfaces")
    profile.clear()
    profile |= copy.deepcopy(before)


def _inline(profile: dict[str, Any]) -> list[dict[str, Any]]:
    return profile.get("networkInterfaceConfigurations") or []


def _interface_id(machine: ResourceId, name: str) -> str:
    return f"{machine.group_id}/providers/{interfaces.NAME}/{name}"


def _address_id(machine: ResourceId, name: str) -> str:
    return f"{machine.group_id}/providers/{public_addresses.NAME}/{name}"


def _check_primary(all_of_them: Sequence[dict[str, Any]]) -> None:
    primary = [item for item in all_of_them if (item.get("properties") or {}).get("primary")]
    if len(all_of_them) > 1 and len(primary) != 1:
        raise refused(
            "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary",
            "A virtual machine with several network interfaces must have exactly one primary one.",
        )


def _check_inline(write: Write, profile: dict[str, Any], inline: Sequence[dict[str, Any]]) -> None:
    if not profile.get("networkApiVersion"):
        text = "Required parameter 'networkApiVersion' is missing (null)."
        raise refused("InvalidParameter", text, "networkProfile.networkApiVersion")
    for item in inline:
        properties = item.get("properties") or {}
        interfaces.check_configurations(properties.get("ipConfigurations") or [])
        if group := properties.get("networkSecurityGroup"):
            write.exists(group["id"])
        _check_new(write, _interface_id(write.id, item.get("name") or ""))
        for configuration in properties["ipConfigurations"]:
            _check_room(write, configuration)
            _check_public(write, configuration)


def _check_new(write: Write, resource_id: str) -> None:
    if write.world.get(resource_id):
        text = f"Resource {resource_id} exists already; what a machine brings along must have a new name."
        raise ArmError(409, "ResourceAlreadyExists", text)


def _check_room(write: Write, configuration: dict[str, Any]) -> None:
    subnet = write.exists(configuration["properties"]["subnet"]["id"])
    interfaces.book_of(write.world, subnet["id"]).next_free(subnet, interfaces.version_of(configuration))


def _check_public(write: Write, configuration: dict[str, Any]) -> None:
    public = configuration["properties"].get("publicIPAddressConfiguration")
    if not public:
        return
    _check_new(write, _address_id(write.id, public.get("name") or ""))
    inner = public.get("properties") or {}
    if (public.get("sku") or {}).get("name", "Basic") == "Basic":
        raise refused(
            "BasicSkuPublicIPAddressNotAllowed",
            "Creating Basic SKU public IP addresses is no longer possible. Use the Standard SKU.",
        )
    if inner.get("publicIPAllocationMethod", "Dynamic") != "Static":
        raise refused(
            "StandardSkuPublicIPAddressesMustUseStaticAllocation",
            f"Standard sku publicIp {public['name']} must use the Static allocation method.",
        )
    if inner.get("publicIPAddressVersion", "IPv4") != interfaces.version_of(configuration):
        raise refused(
            "PublicIPAndPrivateIPVersionMismatch",
            f"IP configuration {configuration['name']} and its public IP address have different versions.",
        )


def make(write: Write) -> None:
    """Make what the profile describes inline, and tell every interface whose it is."""
    profile = write.properties["networkProfile"]
    references = profile.setdefault("networkInterfaces", [])
    references.extend(
        _make_interface(write, item) for item in profile.pop("networkInterfaceConfigurations", ())
    )
    profile.pop("networkApiVersion", None)
    for reference in references:
        reference["properties"] = {
            "primary": True,
            "deleteOption": "Detach",
            **(reference.get("properties") or {}),
        }
        interface = write.world.need(reference["id"])
        interface["properties"]["virtualMachine"] = {"id": write.id.text}
        interface["properties"]["primary"] = reference["properties"]["primary"]


def _make_interface(write: Write, item: dict[str, Any]) -> dict[str, Any]:
    properties = dict(item["properties"])
    primary, option = properties.pop("primary", True), properties.pop("deleteOption", "Detach")
    for configuration in properties["ipConfigurations"]:
        _make_address(write, configuration["properties"])
    place = _interface_id(write.id, item["name"])
    body = {"location": write.body["location"], "tags": item.get("tags") or {}, "properties": properties}
    made = write.create(place, body)
    return {"id": made["id"], "properties": {"primary": primary, "deleteOption": option}}


def _make_address(write: Write, configuration: dict[str, Any]) -> None:
    public = configuration.pop("publicIPAddressConfiguration", None)
    if public is None:
        return
    body = {
        "location": write.body["location"],
        "tags": public.get("tags") or {},
        "sku": public["sku"],
        "zones": write.body.get("zones") or [],
        "properties": public["properties"],
    }
    made = write.create(_address_id(write.id, public["name"]), body)
    configuration["publicIPAddress"] = {"id": made["id"]}


def unmake(world: World, machine: Resource) -> None:
    """Delete or detach the interfaces of a machine that is gone, as it was told to."""
    for reference in machine["properties"]["networkProfile"].get("networkInterfaces") or []:
        interface = world.get(reference["id"])
        if interface is None:
            continue
        interface["properties"].pop("virtualMachine", None)
        world.put(interface)
        if reference["properties"].get("deleteOption") == "Delete":
            addresses = list(_addresses_to_delete(world, interface))
            engine.forget(world, interface["id"])
            for address in addresses:
                engine.forget(world, address)


def _addresses_to_delete(world: World, interface: Resource) -> Iterable[str]:
    for configuration in interface["properties"]["ipConfigurations"]:
        reference = configuration["properties"].get("publicIPAddress")
        address = world.get(reference["id"]) if reference else None
        if address and address["properties"].get("deleteOption") == "Delete":
            yield address["id"]
