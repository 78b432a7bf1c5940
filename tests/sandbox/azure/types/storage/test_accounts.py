import pytest

from tests.sandbox.azure.types.bodies import (
    ACCOUNT,
    IDENTITY,
    NETWORK,
    SCOPE,
    VAULT,
    account,
    id_of,
    network,
    spoiled,
    subnet,
    vault,
)

A = f"{ACCOUNT}/archive1"
KEYS = "properties.encryption.keyvaultproperties"


@pytest.fixture
def locked(cloud, key, grant):
    """An account whose blobs are encrypted with a key of the vault, through an identity."""
    who = cloud.put(f"{IDENTITY}/archive", {"location": "eastus"})
    grant(who["properties"]["principalId"])
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "identity": {"userAssignedIdentity": who["id"]},
        "keyvaultproperties": {"keyvaulturi": "https://vault-g.vault.azure.net", "keyname": key["name"]},
    }
    given = {"type": "UserAssigned", "userAssignedIdentities": {who["id"]: {}}}
    return {**account(encryption=encryption), "identity": given}


def test_an_account_comes_with_its_blob_service(cloud):
    made = cloud.put(A, account())["properties"]

    assert made["primaryEndpoints"]["blob"] == "https://archive1.blob.core.windows.net/"
    assert made["encryption"] == {"keySource": "Microsoft.Storage"}
    assert cloud.get(f"{A}/blobServices/default")["properties"] == {"provisioningState": "Succeeded"}


@pytest.mark.parametrize("name", ["ab", "Archive", "ar-chive", "a" * 25])
def test_an_account_has_a_name_of_its_kind(cloud, name):
    assert cloud.refusal(f"{ACCOUNT}/{name}", account()) == "AccountNameInvalid"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("sku", None, "InvalidParameter"),
        ("sku.name", "Golden_LRS", "InvalidParameter"),
        ("kind", None, "InvalidParameter"),
        ("kind", "FileStorage", "InvalidParameter"),
        ("properties.minimumTlsVersion", "SSL3", "InvalidParameter"),
        ("properties.allowSharedKeyAccess", "no", "InvalidRequestContent"),
        ("properties.isNfsV3Enabled", True, "InvalidRequestContent"),
    ],
)
def test_an_account_is_of_a_kind_that_is_known(cloud, path, value, code):
    assert cloud.refusal(A, spoiled(account(), path, value)) == code


def test_an_accounts_name_is_taken_in_all_of_azure_until_it_is_gone(cloud):
    cloud.put(A, account())
    cloud.put(f"{SCOPE}/resourceGroups/other", {"location": "eastus"})
    other = f"{SCOPE}/resourceGroups/other/providers/{A}"

    assert cloud.refusal(other, account()) == "StorageAccountAlreadyTaken"
    cloud.delete(A)
    assert cloud.put(other, account()) is not None


def test_a_refused_account_takes_no_name(cloud):
    assert cloud.refusal(A, spoiled(account(), "kind", "FileStorage")) == "InvalidParameter"
    cloud.put(f"{SCOPE}/resourceGroups/other", {"location": "eastus"})

    assert cloud.put(f"{SCOPE}/resourceGroups/other/providers/{A}", account()) is not None


def test_a_kind_is_for_life(cloud):
    cloud.put(A, account())

    assert cloud.refusal(A, {**account(), "kind": "BlockBlobStorage"}) == "AccountPropertyCannotBeUpdated"


def test_blobs_are_encrypted_with_a_key_of_the_customer(cloud, locked):
    made = cloud.put(A, locked)

    assert made["properties"]["encryption"] == locked["properties"]["encryption"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (f"{KEYS}.keyname", "none", "KeyVaultEncryptionKeyNotFound"),
        (f"{KEYS}.keyvaulturi", "https://none.vault.azure.net", "KeyVaultEncryptionKeyNotFound"),
        (KEYS, None, "KeyVaultEncryptionKeyNotFound"),
        ("properties.encryption.identity", None, "InvalidValuesForRequestParameters"),
        ("identity", {"type": "SystemAssigned"}, "InvalidValuesForRequestParameters"),
    ],
)
def test_a_key_of_the_customer_is_reached_through_an_identity(cloud, locked, path, value, code):
    assert cloud.refusal(A, spoiled(locked, path, value)) == code


def test_an_identity_without_the_role_reaches_no_key(cloud, locked):
    other = cloud.put(f"{IDENTITY}/other", {"location": "eastus"})["id"]
    body = spoiled(locked, "properties.encryption.identity.userAssignedIdentity", other)
    body["identity"]["userAssignedIdentities"] = {other: {}}

    assert cloud.refusal(A, body) == "KeyVaultAuthenticationFailure"


def test_a_vault_that_keeps_services_out_locks_no_account(cloud, locked):
    cloud.put(f"{VAULT}/vault-g", vault(networkAcls={"defaultAction": "Deny", "bypass": "None"}))

    assert cloud.refusal(A, locked) == "KeyVaultAuthenticationFailure"


def test_a_subnet_that_may_come_in_has_the_endpoint(cloud):
    cloud.put(f"{NETWORK}/net", network(subnet(), subnet("open", "10.1.1.0/24")))
    rules = [{"id": id_of(f"{NETWORK}/net/subnets/open"), "action": "Allow"}]
    body = account(networkAcls={"defaultAction": "Deny", "virtualNetworkRules": rules})

    assert cloud.refusal(A, body) == "SubnetsHaveNoServiceEndpointsConfigured"
    opened = subnet("open", "10.1.1.0/24", serviceEndpoints=[{"service": "Microsoft.Storage"}])
    cloud.put(f"{NETWORK}/net", network(subnet(), opened))
    assert cloud.put(A, body) is not None
