"""The body of a launch, by itself and against Microsoft's own types."""

import base64

import pytest

from enclaves.blueprints.azure.names import identity_id
from enclaves.providers.azure.launch import machine_request
from enclaves.providers.azure.versions import MACHINE, VERSIONS
from enclaves.providers.base import Claim, HostOrder, ProviderError, Trouble
from tests.enclaves.azure_types import FILE, MISSING, AzureTypes
from tests.enclaves.providers.tenant_subscription import PLACE

ACCOUNT = "aaaabbbb-0000-4000-8000-ccccdddd0001"
GROUP = f"/subscriptions/{ACCOUNT}/resourceGroups/enclave-prod-azure-eastus-az1"
RESOURCES = {
    "subnet_id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/enclave/subnets/hosts",
    "security_group_id": f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/enclave-hosts",
    "disk_encryption_set_id": f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/enclave-disks",
    "host_identity_id": identity_id(ACCOUNT, "enclave-host"),
    "logical_zones": {"eastus-az1": "2"},
}
CLAIM = Claim(ACCOUNT, "registration-1", "", "", 1)
HOST_ID = "5a1d7c1e-0000-4000-8000-000000000001"


def request(confidential="none", zone="eastus-az1"):
    order = HostOrder(
        host_id=HOST_ID,
        name="query-1",
        token="token",
        machine="Standard_D4ps_v5",
        image_id="/CommunityGalleries/vendor/Images/enclave-host-x86_64/Versions/1.0.0",
        disk_gib=300,
        availability_zone_id=zone,
        confidential=confidential,
        tags={"enclave:tenant": "acme"},
    )
    return machine_request(CLAIM, PLACE, RESOURCES, order)


def properties(**changes):
    return request(**changes)["properties"]


@pytest.mark.parametrize("confidential", ["none", "vm", "enclave"])
@pytest.mark.skipif(not FILE.exists(), reason=MISSING)
def test_microsofts_own_types_have_nothing_against_a_launch(confidential):
    remarks = AzureTypes.read().remarks(MACHINE, VERSIONS[MACHINE], request(confidential))

    # The list of sizes is open: it ends where Microsoft stopped writing them down.
    assert [str(each) for each in remarks if "vmSize" not in each.path] == []


def test_a_host_stands_in_the_zone_by_the_number_that_its_subscription_gives_it():
    assert (request()["location"], request()["zones"]) == ("eastus", ["2"])


def test_a_zone_that_the_enclave_does_not_have_is_refused():
    with pytest.raises(ProviderError, match="no zone eastus-az3") as refusal:
        request(zone="eastus-az3")

    assert refusal.value.trouble == Trouble.INVALID


def test_a_host_its_interface_and_its_address_carry_our_tags():
    wanted = {
        "Name": "query-1",
        "enclave:host": HOST_ID,
        "enclave:registration": "registration-1",
        "enclave:tenant": "acme",
        "enclave:zone": PLACE.zone,
    }
    interface = properties()["networkProfile"]["networkInterfaceConfigurations"][0]
    address = interface["properties"]["ipConfigurations"][1]["properties"]["publicIPAddressConfiguration"]

    assert (request()["tags"], interface["tags"], address["tags"]) == (wanted, wanted, wanted)


def test_nothing_of_a_host_is_left_behind():
    interface = properties()["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    address = interface["ipConfigurations"][1]["properties"]["publicIPAddressConfiguration"]["properties"]
    disk = properties()["storageProfile"]["osDisk"]

    assert {each["deleteOption"] for each in (interface, address, disk)} == {"Delete"}


def test_a_host_has_no_public_ipv4_and_stands_behind_the_wall():
    interface = properties()["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    four, six = (each["properties"] for each in interface["ipConfigurations"])

    assert "publicIPAddressConfiguration" not in four
    assert six["publicIPAddressConfiguration"]["properties"]["publicIPAddressVersion"] == "IPv6"
    assert interface["networkSecurityGroup"] == {"id": RESOURCES["security_group_id"]}


def test_a_plain_disk_is_encrypted_with_the_tenants_key_and_on_its_host():
    disk = properties()["storageProfile"]["osDisk"]

    assert disk["managedDisk"]["diskEncryptionSet"] == {"id": RESOURCES["disk_encryption_set_id"]}
    assert properties()["securityProfile"] == {"encryptionAtHost": True}


def test_a_confidential_machine_encrypts_its_own_disk_and_starts_from_its_own_image():
    asked = properties(confidential="vm")

    assert asked["securityProfile"] == {
        "securityType": "ConfidentialVM",
        "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
    }
    assert asked["storageProfile"]["osDisk"]["managedDisk"]["securityProfile"] == {
        "securityEncryptionType": "DiskWithVMGuestState"
    }
    assert asked["storageProfile"]["imageReference"]["communityGalleryImageId"] == (
        "/CommunityGalleries/vendor/Images/enclave-host-x86_64-cvm/Versions/1.0.0"
    )


def test_a_machine_with_enclaves_is_a_plain_one_to_azure():
    assert properties(confidential="enclave") == properties()


def test_nobody_can_log_in_with_the_key_that_azure_insists_on():
    linux = properties()["osProfile"]["linuxConfiguration"]
    kind, blob, _ = linux["ssh"]["publicKeys"][0]["keyData"].split()

    assert (linux["disablePasswordAuthentication"], kind) == (True, "ssh-ed25519")
    assert base64.b64decode(blob)[:15] == b"\x00\x00\x00\x0bssh-ed25519"
    assert len(base64.b64decode(blob)) == 51


def test_the_same_order_asks_for_the_same_thing():
    assert request() == request()
