from dataclasses import replace

import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.principals import Principal
from tests.sandbox.azure.types.bodies import (
    ADDRESS,
    ASSIGNMENT,
    DIRECTORY,
    DISK,
    DISK_SET,
    GALLERY,
    GROUP,
    IDENTITY,
    INTERFACE,
    MACHINE,
    ROLE,
    SCOPE,
    SUBSCRIPTION,
    assignment,
    id_of,
    machine,
    ref,
    role,
    spoiled,
)

pytestmark = pytest.mark.usefixtures("network")

VM = f"{MACHINE}/m"
SIZE = "properties.hardwareProfile.vmSize"
IMAGE = "properties.storageProfile.imageReference.communityGalleryImageId"
OS_DISK = "properties.storageProfile.osDisk"
SET = f"{OS_DISK}.managedDisk.diskEncryptionSet"
KEYS = "properties.osProfile.linuxConfiguration.ssh.publicKeys"


def test_a_machine_runs_with_what_came_into_being_with_it(cloud):
    made = cloud.put(VM, machine())

    disk = cloud.get(f"{DISK}/{made['properties']['storageProfile']['osDisk']['name']}")
    assert cloud.world.facts(id_of(VM))["power"] == "running"
    assert (disk["managedBy"], disk["zones"], disk["tags"]) == (id_of(VM), ["1"], {"enclave:host": "m"})
    assert disk["properties"]["diskSizeGB"] == 30
    assert cloud.get(f"{INTERFACE}/m-nic")["properties"]["virtualMachine"] == {"id": id_of(VM)}
    assert cloud.get(f"{ADDRESS}/m-ip")["properties"]["publicIPAddressVersion"] == "IPv6"


def test_what_a_machine_brings_is_there_while_it_is_being_made(cloud):
    answer = cloud.start(VM, machine())

    assert (answer.status, answer.body["properties"]["provisioningState"]) == (201, "Creating")
    assert cloud.get(f"{INTERFACE}/m-nic") is not None
    assert "power" not in cloud.world.facts(id_of(VM))


def test_secrets_go_in_and_never_come_out(cloud):
    wish = spoiled(machine(), "properties.osProfile.customData", "c2VjcmV0")
    made = cloud.put(VM, spoiled(wish, "properties.userData", "c2VjcmV0"))

    assert ("customData" in made["properties"]["osProfile"], "userData" in made["properties"]) == (
        False,
        False,
    )


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (SIZE, "Standard_Z1", "InvalidParameter"),
        (SIZE, None, "InvalidParameter"),
        (SIZE, "Standard_D2s_v5", "BadRequest"),
        (IMAGE, f"{GALLERY}/none/versions/2026.11.0", "GalleryImageNotFound"),
        (IMAGE, f"{GALLERY}/enclave-host-arm64/versions/1.0.0", "GalleryImageNotFound"),
        (IMAGE, "/communityGalleries/other/images/enclave-host-arm64", "GalleryImageNotFound"),
        (IMAGE, "enclave-host-arm64", "InvalidParameter"),
        ("properties.storageProfile.imageReference", {"publisher": "Canonical"}, "InvalidRequestContent"),
        ("zones", ["1", "2"], "InvalidAvailabilityZone"),
        ("zones", ["4"], "InvalidAvailabilityZone"),
        ("properties.osProfile", None, "InvalidParameter"),
        ("properties.osProfile.computerName", "m" * 65, "InvalidParameter"),
        ("properties.osProfile.adminUsername", None, "InvalidParameter"),
        ("properties.osProfile.linuxConfiguration", None, "InvalidParameter"),
        (KEYS, [], "InvalidParameter"),
        (KEYS, [{"keyData": "ssh"}], "InvalidParameter"),
        ("properties.osProfile.customData", "not base64", "InvalidParameter"),
        ("properties.userData", "eHh4" * 21846, "InvalidParameter"),  # 64 KiB and more
        ("properties.securityProfile", {"encryptionAtHost": True}, "InvalidParameter"),
        ("properties.priority", "Spot", "InvalidParameter"),
        (f"{OS_DISK}.createOption", "Attach", "InvalidParameter"),
        (SET, ref(f"{DISK_SET}/none"), "InvalidResourceReference"),
        ("properties.availabilitySet", {"id": "x"}, "InvalidRequestContent"),
    ],
)
def test_a_machine_has_to_be_one_that_azure_can_make(cloud, path, value, code):
    assert cloud.refusal(VM, spoiled(machine(), path, value)) == code


@pytest.mark.usefixtures("feature")
def test_encryption_at_host_needs_the_feature(cloud):
    made = cloud.put(VM, spoiled(machine(), "properties.securityProfile", {"encryptionAtHost": True}))

    assert made["properties"]["securityProfile"] == {"encryptionAtHost": True}


def test_a_machine_gets_the_identity_it_is_given(cloud):
    cloud.put(f"{IDENTITY}/host", {"location": "eastus"})
    host = id_of(f"{IDENTITY}/host")
    wish = {"type": "UserAssigned", "userAssignedIdentities": {host: {}}}

    made = cloud.put(VM, spoiled(machine(), "identity", wish))

    facts = cloud.get(f"{IDENTITY}/host")["properties"]
    assert made["identity"]["userAssignedIdentities"][host] == {
        "principalId": facts["principalId"],
        "clientId": facts["clientId"],
    }


def test_a_size_is_not_in_every_building(cloud):
    zones = cloud.world.zones(SUBSCRIPTION, "westeurope")
    without = next(logical for logical, physical in zones.items() if physical == "westeurope-az3")
    body = {**machine(), "location": "westeurope", "zones": [without]}

    assert cloud.refusal(VM, body) == "SkuNotAvailable"


def test_a_disk_is_encrypted_with_the_set_that_was_named(cloud, disk_set):
    made = cloud.put(VM, spoiled(machine(), SET, {"id": disk_set["id"]}))

    disk = cloud.get(f"{DISK}/{made['properties']['storageProfile']['osDisk']['name']}")
    assert disk["properties"]["encryption"] == {
        "diskEncryptionSetId": disk_set["id"],
        "type": "EncryptionAtRestWithCustomerKey",
    }
    assert cloud.stays(f"{DISK_SET}/set") == "OperationNotAllowed"


def test_everything_marked_so_is_deleted_with_the_machine(cloud):
    disk = cloud.put(VM, machine())["properties"]["storageProfile"]["osDisk"]["name"]

    cloud.delete(VM)

    left = (f"{DISK}/{disk}", f"{INTERFACE}/m-nic", f"{ADDRESS}/m-ip", VM)
    assert [cloud.get(name) for name in left] == [None] * 4


def test_what_is_not_marked_so_stays_behind(cloud):
    inline = "properties.networkProfile.networkInterfaceConfigurations.0.properties.deleteOption"
    body = spoiled(spoiled(machine(), inline), f"{OS_DISK}.deleteOption")
    disk = cloud.put(VM, body)["properties"]["storageProfile"]["osDisk"]["name"]

    cloud.delete(VM)

    left = cloud.get(f"{DISK}/{disk}")
    assert (left["properties"]["diskState"], "managedBy" in left) == ("Unattached", False)
    assert "virtualMachine" not in cloud.get(f"{INTERFACE}/m-nic")["properties"]
    assert cloud.get(f"{ADDRESS}/m-ip") is not None


def test_what_a_machine_has_cannot_be_deleted(cloud):
    made = cloud.put(VM, machine())

    disk = made["properties"]["storageProfile"]["osDisk"]["name"]
    assert cloud.stays(f"{DISK}/{disk}") == "OperationNotAllowed"
    assert cloud.stays(f"{INTERFACE}/m-nic") == "NicInUse"


@pytest.mark.parametrize(("zones", "code"), [(["1"], "ZonalAllocationFailed"), ([], "AllocationFailed")])
def test_that_no_machine_is_free_turns_out_late(cloud, zones, code):
    cloud.world.behaviour.limit_capacity(0)

    with pytest.raises(ArmError) as failed:
        cloud.put(VM, {**machine(), "zones": zones})

    assert failed.value.code == code
    assert cloud.get(VM)["properties"]["provisioningState"] == "Failed"
    cloud.delete(VM)
    assert (cloud.get(VM), cloud.get(f"{INTERFACE}/m-nic")) == (None, None)


def test_capacity_is_used_up(cloud):
    cloud.world.behaviour.limit_capacity(1)
    cloud.put(VM, machine())

    with pytest.raises(ArmError):
        cloud.put(f"{MACHINE}/n", machine("n"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties.osProfile.adminUsername", "other"),
        ("properties.osProfile.computerName", "other"),
        (IMAGE, f"{GALLERY}/enclave-host-arm64/versions/2026.10.0"),
        ("properties.networkProfile.networkInterfaceConfigurations.0.name", "other"),
    ],
)
def test_a_machine_keeps_what_it_was_made_with(cloud, path, value):
    cloud.put(VM, machine())

    assert cloud.refusal(VM, spoiled(machine(), path, value)) == "PropertyChangeNotAllowed"


def test_the_same_order_again_changes_nothing(cloud):
    made = cloud.put(VM, machine())

    again = cloud.put(VM, machine())

    assert again["properties"] == made["properties"]


def test_what_was_read_can_be_written_again(cloud):
    made = cloud.put(VM, machine())

    assert cloud.put(VM, made)["properties"] == made["properties"]


@pytest.mark.usefixtures("feature")
def test_encryption_at_host_changes_while_the_machine_rests(cloud):
    cloud.put(VM, machine())
    wish = spoiled(machine(), "properties.securityProfile", {"encryptionAtHost": True})

    assert cloud.refusal(VM, wish) == "OperationNotAllowed"
    cloud.world.facts(id_of(VM))["power"] = "deallocated"
    assert cloud.put(VM, wish)["properties"]["securityProfile"] == {"encryptionAtHost": True}


@pytest.fixture
def somebody(cloud):
    """Somebody who may do what is named, and no more."""

    def make(*actions):
        number = "00000000-0000-4000-8000-00000000000c"
        who = Principal("an-object", "a-client", DIRECTORY, "somebody")
        cloud.world.principals.add(who)
        cloud.put(f"{SCOPE}/providers/{ROLE}/{number}", role("Somebody", *actions))
        cloud.put(f"{GROUP}/providers/{ASSIGNMENT}/{number}", assignment(who.object_id, number))
        return replace(cloud, owner=who)

    return make


RIGHTS = (f"{MACHINE}/*", "Microsoft.Network/virtualNetworks/subnets/join/action")


def test_who_makes_a_machine_has_to_be_allowed_its_disk(somebody):
    launcher = somebody(*RIGHTS)

    assert launcher.refusal(VM, machine()) == "LinkedAuthorizationFailed"


def test_who_deletes_a_machine_has_to_be_allowed_its_disk_too(somebody):
    launcher = somebody(*RIGHTS, f"{DISK}/write")
    launcher.put(VM, machine())

    assert launcher.stays(VM) == "LinkedAuthorizationFailed"


def test_a_disk_that_stays_behind_needs_no_right_to_delete_it(somebody):
    launcher = somebody(*RIGHTS, f"{DISK}/write")
    launcher.put(VM, spoiled(machine(), f"{OS_DISK}.deleteOption", "Detach"))

    launcher.delete(VM)

    assert launcher.get(VM) is None
