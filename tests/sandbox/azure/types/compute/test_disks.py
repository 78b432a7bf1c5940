import pytest

from tests.sandbox.azure.types.bodies import DISK, DISK_SET, id_of, spoiled

EMPTY = {
    "location": "eastus",
    "sku": {"name": "Premium_LRS"},
    "zones": ["1"],
    "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64},
}
SIZE = "properties.diskSizeGB"


def test_an_empty_disk_is_encrypted_with_azures_own_key(cloud):
    made = cloud.put(f"{DISK}/d", EMPTY)["properties"]

    assert (made["diskState"], made["encryption"]) == (
        "Unattached",
        {"type": "EncryptionAtRestWithPlatformKey"},
    )


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (SIZE, None, "InvalidParameter"),
        (SIZE, 0, "InvalidParameter"),
        ("properties.creationData.createOption", "Copy", "InvalidParameter"),
        ("properties.creationData", None, "InvalidParameter"),
        ("properties.encryption", {"type": "EncryptionAtRestWithCustomerKey"}, "InvalidParameter"),
        (
            "properties.encryption",
            {"diskEncryptionSetId": id_of(f"{DISK_SET}/none")},
            "InvalidResourceReference",
        ),
        ("zones", ["1", "2"], "InvalidAvailabilityZone"),
        ("sku.name", "Floppy", "InvalidParameter"),
    ],
)
def test_a_disk_has_a_size_and_a_source(cloud, path, value, code):
    assert cloud.refusal(f"{DISK}/d", spoiled(EMPTY, path, value)) == code


def test_a_disk_grows_and_never_shrinks(cloud):
    cloud.put(f"{DISK}/d", EMPTY)

    assert cloud.put(f"{DISK}/d", spoiled(EMPTY, SIZE, 128))["properties"]["diskSizeGB"] == 128
    assert cloud.refusal(f"{DISK}/d", EMPTY) == "InvalidParameter"


def test_a_disk_of_nobody_can_be_deleted(cloud):
    cloud.put(f"{DISK}/d", EMPTY)

    cloud.delete(f"{DISK}/d")

    assert cloud.get(f"{DISK}/d") is None
