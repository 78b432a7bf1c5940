import pytest

from tests.sandbox.azure.types.bodies import DISK, DISK_SET, VAULT, disk_set, ref, spoiled, vault

SET = f"{DISK_SET}/set"
URL = "properties.activeKey.keyUrl"


@pytest.fixture
def good(key):
    return disk_set(key["properties"]["keyUriWithVersion"])


def encrypted(set_id):
    return {
        "location": "eastus",
        "properties": {
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": 4,
            "encryption": {"diskEncryptionSetId": set_id},
        },
    }


def test_a_set_has_an_identity_of_its_own(cloud, good):
    made = cloud.put(SET, good)

    assert cloud.world.principals.get(made["identity"]["principalId"]).resource == made["id"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (URL, None, "InvalidParameter"),
        (URL, "https://vault-g.vault.azure.net/keys/disk", "InvalidParameter"),
        (URL, "http://vault-g.vault.azure.net/keys/disk/" + "0" * 32, "InvalidParameter"),
        (URL, "https://vault-g.vault.azure.net/keys/none/" + "0" * 32, "KeyVaultKeyNotFound"),
        ("properties.activeKey.sourceVault", ref(f"{VAULT}/other"), "InvalidParameter"),
        ("identity", None, "InvalidParameter"),
        ("location", "westeurope", "InvalidParameter"),
        ("properties.encryptionType", "ConfidentialVmEncryptedWithCustomerKey", "InvalidParameter"),
    ],
)
def test_a_set_names_a_version_of_a_key(cloud, good, path, value, code):
    assert cloud.refusal(SET, spoiled(good, path, value)) == code


def test_a_set_needs_a_vault_that_keeps_what_is_deleted(cloud, good):
    cloud.get(f"{VAULT}/vault-g")["properties"].pop("enablePurgeProtection")

    assert cloud.refusal(SET, good) == "KeyVaultPurgeProtectionNotEnabled"


def test_a_disk_waits_until_the_set_may_use_its_key(cloud, good, grant):
    made = cloud.put(SET, good)

    assert cloud.refusal(f"{DISK}/d", encrypted(made["id"])) == "KeyVaultAccessForbidden"
    grant(made["identity"]["principalId"], where=f"{VAULT}/vault-g/keys/disk")
    assert cloud.put(f"{DISK}/d", encrypted(made["id"])) is not None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, "KeyVaultAccessForbidden"),
        ({"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None"}}, "KeyVaultAccessForbidden"),
        ({"enableRbacAuthorization": False}, "KeyVaultAccessForbidden"),
    ],
)
def test_a_vault_may_keep_azures_services_out(cloud, disk_set, facts, code):
    cloud.put(f"{VAULT}/vault-g", vault(**facts))

    assert cloud.refusal(f"{DISK}/d", encrypted(disk_set["id"])) == code


def test_a_vault_may_let_azures_services_by(cloud, disk_set):
    rules = {"defaultAction": "Deny", "bypass": "AzureServices"}
    cloud.put(f"{VAULT}/vault-g", vault(publicNetworkAccess="Disabled", networkAcls=rules))

    assert cloud.put(f"{DISK}/d", encrypted(disk_set["id"])) is not None


def test_a_set_in_use_stays(cloud, disk_set):
    cloud.put(f"{DISK}/d", encrypted(disk_set["id"]))

    assert cloud.stays(SET) == "OperationNotAllowed"
