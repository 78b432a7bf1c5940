import pytest

from tests.sandbox.azure.types.bodies import (
    DISK,
    DISK_SET,
    MACHINE,
    confidential_machine,
    machine,
    ref,
    spoiled,
)

pytestmark = pytest.mark.usefixtures("network")

VM = f"{MACHINE}/m"
SECURITY = "properties.securityProfile"
OS_DISK = "properties.storageProfile.osDisk.managedDisk"
ENCRYPTION = f"{OS_DISK}.securityProfile.securityEncryptionType"


@pytest.mark.parametrize(
    ("size", "encryption"),
    [
        ("Standard_DC2as_v5", "DiskWithVMGuestState"),
        ("Standard_EC2as_v5", "VMGuestStateOnly"),
        ("Standard_DC2es_v6", "NonPersistedTPM"),
    ],
)
def test_a_confidential_machine_seals_its_disk(cloud, size, encryption):
    physical = cloud.world.zones("aaaabbbb-0000-4000-8000-ccccdddd0001", "eastus")
    first = next(logical for logical, zone in physical.items() if zone == "eastus-az1")
    body = {**spoiled(confidential_machine(size=size), ENCRYPTION, encryption), "zones": [first]}

    made = cloud.put(VM, body)

    disk = cloud.get(f"{DISK}/{made['properties']['storageProfile']['osDisk']['name']}")
    assert disk["properties"]["securityProfile"]["securityType"].startswith("ConfidentialVM_")


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("properties.hardwareProfile.vmSize", "Standard_D2s_v5", "BadRequest"),
        ("properties.hardwareProfile.vmSize", "Standard_DC2s_v3", "BadRequest"),
        (f"{SECURITY}.uefiSettings.vTpmEnabled", False, "InvalidParameter"),
        (f"{SECURITY}.uefiSettings.secureBootEnabled", False, "InvalidParameter"),
        (f"{SECURITY}.encryptionAtHost", True, "InvalidParameter"),
        (f"{SECURITY}.securityType", "TrustedLaunch", "InvalidParameter"),
        (f"{OS_DISK}.securityProfile", None, "InvalidParameter"),
        (ENCRYPTION, "NonPersistedTPM", "InvalidParameter"),
        (ENCRYPTION, "Everything", "InvalidParameter"),
        (f"{OS_DISK}.securityProfile.diskEncryptionSet", ref(f"{DISK_SET}/x"), "BadRequest"),
    ],
)
@pytest.mark.usefixtures("feature")
def test_a_confidential_machine_is_confidential_throughout(cloud, path, value, code):
    zones = cloud.world.zones("aaaabbbb-0000-4000-8000-ccccdddd0001", "eastus")
    away = next(logical for logical, zone in zones.items() if zone == "eastus-az2")
    body = {**confidential_machine(), "zones": [away]}

    assert cloud.refusal(VM, spoiled(body, path, value)) == code


@pytest.mark.usefixtures("feature", "disk_set")
def test_a_sealed_disk_has_no_set_outside_its_seal(cloud):
    body = spoiled(confidential_machine(), f"{OS_DISK}.diskEncryptionSet", ref(f"{DISK_SET}/set"))

    assert cloud.refusal(VM, body) == "InvalidParameter"


@pytest.mark.usefixtures("feature")
def test_guest_state_alone_goes_with_encryption_at_host(cloud):
    body = spoiled(confidential_machine(), ENCRYPTION, "VMGuestStateOnly")

    made = cloud.put(VM, spoiled(body, f"{SECURITY}.encryptionAtHost", True))

    assert made["properties"]["securityProfile"]["encryptionAtHost"] is True


@pytest.mark.parametrize(
    ("size", "image", "code"),
    [
        ("Standard_DC2as_v5", "enclave-host-x86_64", "BadRequest"),
        ("Standard_D2s_v5", "enclave-host-x86_64-cvm", "BadRequest"),
    ],
)
def test_a_plain_machine_has_nothing_confidential(cloud, size, image, code):
    assert cloud.refusal(VM, machine(size=size, image=image)) == code


def test_an_sgx_size_is_a_plain_machine(cloud):
    zones = cloud.world.zones("aaaabbbb-0000-4000-8000-ccccdddd0001", "eastus")
    body = {**machine(size="Standard_DC2s_v3", image="enclave-host-x86_64")}
    body["zones"] = [next(logical for logical, zone in zones.items() if zone == "eastus-az2")]

    assert cloud.put(VM, body)["properties"]["hardwareProfile"] == {"vmSize": "Standard_DC2s_v3"}
