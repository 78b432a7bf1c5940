"""Virtual machines: whether one can be had as it is asked for, and what comes into being with it."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.azure import engine
from sandbox.azure.demands import dig
from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.resource_types import ResourceType, Right, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.compute import disks, machine_network
from sandbox.azure.types.compute.confidential import check_confidential
from sandbox.azure.types.compute.encryption_sets import check_usable
from sandbox.azure.types.compute.galleries import Image, image_of
from sandbox.azure.types.compute.machine_shape import SHAPE
from sandbox.azure.types.compute.quotas import check_quota
from sandbox.azure.types.compute.sizes import SIZES, Size
from sandbox.azure.types.shapes import fit
from sandbox.azure.types.versions import MACHINES
from sandbox.azure.types.zones import check_zones
from sandbox.azure.world import World

NAME = "Microsoft.Compute/virtualMachines"
LONGEST_HOST_NAME = 64
LONGEST_DATA = 65535  # bytes, decoded
_DISK_SET = "properties.storageProfile.osDisk.managedDisk.diskEncryptionSet.id"
_IMAGE = "storageProfile.imageReference.communityGalleryImageId"
# What a machine has for life.
_CONSTANT = (
    _IMAGE,
    "osProfile.computerName",
    "osProfile.adminUsername",
    "securityProfile.securityType",
    "storageProfile.osDisk.createOption",
)
_DISK_DEFAULTS = {"osType": "Linux", "caching": "None", "deleteOption": "Detach"}
_OF_ATTACHMENT = ("caching", "deleteOption")


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    size, image = _size(write), image_of(dig(write.properties, _IMAGE) or "")
    _check_fit(size, image)
    _check_constants(write)
    _check_place(write, size)
    _check_os(write)
    _check_host_encryption(write)
    check_confidential(write.properties, size, image)
    if set_id := dig(write.body, _DISK_SET):
        check_usable(write, set_id)
    machine_network.check(write)
    check_quota(write, size)


def _size(write: Write) -> Size:
    wanted = write.properties["hardwareProfile"]["vmSize"]
    size = SIZES.get(wanted.lower())
    if size is None:
        text = f"The value {wanted} provided for the VM size is not valid."
        raise refused("InvalidParameter", text, "vmSize")
    write.properties["hardwareProfile"]["vmSize"] = size.name
    return size


def _check_fit(size: Size, image: Image) -> None:
    if size.architecture != image.architecture:
        raise refused(
            "BadRequest",
            f"Cannot create a VM of size '{size.name}' because this VM size only supports a CPU Architecture "
            f"of '{size.architecture}', but an image or disk with CPU Architecture '{image.architecture}' "
            "was given.",
        )


def _check_constants(write: Write) -> None:
    before = write.old["properties"] if write.old else write.properties
    changed = next((path for path in _CONSTANT if dig(before, path) != dig(write.properties, path)), None)
    if changed:
        text = f"Changing property '{changed}' is not allowed."
        raise ArmError(409, "PropertyChangeNotAllowed", text, target=changed)


def _check_place(write: Write, size: Size) -> None:
    logical = check_zones(write, most=1)
    physical = {write.zones[zone] for zone in logical} or set(write.zones.values())
    if not any(size.is_offered(zone) for zone in physical):
        raise ArmError(
            409,
            "SkuNotAvailable",
            f"The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: "
            f"{size.name}' is currently not available in location '{write.body['location']}' zones "
            f"'{','.join(logical)}'. Please try another size or deploy to a different location or zone.",
        )


def _check_os(write: Write) -> None:
    profile = write.properties.get("osProfile")
    if not profile:
        raise refused("InvalidParameter", "Required parameter 'osProfile' is missing (null).", "osProfile")
    for fact in ("computerName", "adminUsername"):
        if not profile.get(fact):
            text = f"Required parameter 'osProfile.{fact}' is missing (null)."
            raise refused("InvalidParameter", text, f"osProfile.{fact}")
    if len(profile["computerName"]) > LONGEST_HOST_NAME:
        text = f"Linux host name cannot exceed {LONGEST_HOST_NAME} characters in length."
        raise refused("InvalidParameter", text, "computerName")
    if not write.old:
        _check_login(profile)
    _check_data("customData", profile.get("customData") or "")
    _check_data("userData", write.properties.get("userData") or "")


def _check_login(profile: dict[str, Any]) -> None:
    linux = profile.get("linuxConfiguration") or {}
    keys = (linux.get("ssh") or {}).get("publicKeys") or []
    by_password = profile.get("adminPassword") and not linux.get("disablePasswordAuthentication")
    if not keys and not by_password:
        text = (
            "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        )
        raise refused("InvalidParameter", text, "linuxConfiguration")
    for key in keys:
        if not (key.get("keyData") or "").startswith(("ssh-rsa ", "ssh-ed25519 ")):
            text = "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid."
            raise refused("InvalidParameter", text, "linuxConfiguration.ssh.publicKeys.keyData")


def _check_data(name: str, text: str) -> None:
    try:
        size = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise refused("InvalidParameter", f"{name} must be in Base64 encoding.", name) from None
    if size > LONGEST_DATA:
        raise refused("InvalidParameter", f"{name} cannot exceed {LONGEST_DATA} bytes.", name)


def _check_host_encryption(write: Write) -> None:
    wanted = bool(dig(write.properties, "securityProfile.encryptionAtHost"))
    enabled = write.world.has_feature(write.id.subscription, "Microsoft.Compute", "EncryptionAtHost")
    if wanted and not enabled:
        raise refused(
            "InvalidParameter",
            "The property 'securityProfile.encryptionAtHost' is not valid because the "
            "'Microsoft.Compute/EncryptionAtHost' feature is not enabled for this subscription.",
            "securityProfile.encryptionAtHost",
        )
    before = bool(dig(write.old, "properties.securityProfile.encryptionAtHost")) if write.old else wanted
    if wanted != before and write.world.facts(write.id.text).get("power") != "deallocated":
        text = "'securityProfile.encryptionAtHost' can be changed only when the VM is in deallocated state."
        raise ArmError(409, "OperationNotAllowed", text, target="securityProfile.encryptionAtHost")


def _fill(write: Write) -> None:
    properties, before = write.properties, write.old["properties"] if write.old else {}
    properties["vmId"] = before.get("vmId") or write.world.new_id()
    properties["timeCreated"] = before.get("timeCreated") or write.world.clock.iso()
    _hide_secrets(write)
    if not write.old:
        machine_network.make(write)
    _give_disk(write)


def _hide_secrets(write: Write) -> None:
    """Take out what goes in and is never told again; what a machine would read is kept for it."""
    profile, facts = write.properties["osProfile"], write.world.facts(write.id.text)
    profile.pop("adminPassword", None)
    for holder, secret in ((profile, "customData"), (write.properties, "userData")):
        if secret in holder:
            facts[secret] = holder.pop(secret)


def _give_disk(write: Write) -> None:
    storage = write.properties["storageProfile"]
    if write.old:
        had = write.old["properties"]["storageProfile"]["osDisk"]
        changes = {fact: storage["osDisk"][fact] for fact in _OF_ATTACHMENT if fact in storage["osDisk"]}
        storage["osDisk"] = {**had, **changes}
        return
    wish = {**_DISK_DEFAULTS, **storage["osDisk"]}
    # A disk's name has room for 80 characters, a machine's for 64.
    wish.setdefault("name", f"{write.id.name[:37]}_OsDisk_1_{write.world.new_id().replace('-', '')}")
    managed = wish["managedDisk"] = {"storageAccountType": "Standard_LRS", **(wish.get("managedDisk") or {})}
    disk = write.create(f"{write.id.group_id}/providers/{disks.NAME}/{wish['name']}", _disk(write, wish))
    disks.attach(disk, write.id.text)
    managed["id"], wish["diskSizeGB"] = disk["id"], disk["properties"]["diskSizeGB"]
    storage["osDisk"] = wish


def _disk(write: Write, wish: dict[str, Any]) -> Resource:
    image = image_of(dig(write.properties, _IMAGE))
    set_id = dig(write.body, _DISK_SET)
    sealed = dig(wish, "managedDisk.securityProfile.securityEncryptionType")
    properties: dict[str, Any] = {
        "creationData": {
            "createOption": "FromImage",
            "imageReference": {"communityGalleryImageId": dig(write.properties, _IMAGE)},
        },
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "diskSizeGB": wish.get("diskSizeGB") or image.disk_gb,
    }
    if set_id:
        properties["encryption"] = {"diskEncryptionSetId": set_id}
    if sealed:
        properties["securityProfile"] = {"securityType": disks.CONFIDENTIAL[sealed]}
    return {
        "location": write.body["location"],
        "zones": write.body.get("zones") or [],
        "tags": dict(write.body.get("tags") or {}),
        "sku": {"name": wish["managedDisk"]["storageAccountType"]},
        "properties": properties,
    }


def _finish(write: Write) -> None:
    facts = write.world.facts(write.id.text)
    if "power" in facts:
        return
    _take_hardware(write)
    facts["power"] = "running"


def _take_hardware(write: Write) -> None:
    """Find a machine in the building; that there is none turns out only now."""
    size, subscription = write.properties["hardwareProfile"]["vmSize"], write.id.subscription
    zones = write.body.get("zones") or []
    place = write.zones[zones[0]] if zones else ""
    behaviour = write.world.behaviour
    free = behaviour.free_capacity(subscription, size, place)
    if free is not None and free < 1:
        code = "ZonalAllocationFailed" if zones else "AllocationFailed"
        where = "zone" if zones else "region"
        text = f"Allocation failed. We do not have sufficient capacity for the VM size in this {where}."
        raise ArmError(409, code, text)
    behaviour.use_capacity(subscription, size, place)


def _also_writes(machine: ResourceId, body: Mapping[str, Any]) -> Iterable[Right]:
    """Whoever brings a disk along has to be allowed to make one there."""
    if not dig(body, "properties.storageProfile.osDisk.managedDisk.id"):
        yield f"{disks.NAME}/write", machine.group_id


def _also_deletes(machine: Resource) -> Iterable[Right]:
    wish = machine["properties"]["storageProfile"]["osDisk"]
    if wish["deleteOption"] == "Delete":
        yield f"{disks.NAME}/delete", wish["managedDisk"]["id"]


def _deleted(world: World, machine: Resource) -> None:
    machine_network.unmake(world, machine)
    wish = machine["properties"]["storageProfile"]["osDisk"]
    disk = world.get(wish["managedDisk"]["id"])
    if disk:
        disks.detach(disk)
        world.put(disk)
        if wish["deleteOption"] == "Delete":
            engine.forget(world, disk["id"])


register(
    ResourceType(
        name=NAME,
        api_versions=MACHINES,
        required=(
            "properties.hardwareProfile.vmSize",
            "properties.storageProfile.osDisk.createOption",
            "properties.networkProfile",
        ),
        name_pattern=r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?",
        create_seconds=45,
        delete_seconds=60,
        check=_check,
        fill=_fill,
        finish=_finish,
        deleted=_deleted,
        also_writes=_also_writes,
        also_deletes=_also_deletes,
    )
)
