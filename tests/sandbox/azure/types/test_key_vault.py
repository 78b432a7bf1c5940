import pytest

from tests.sandbox.azure.types.bodies import GROUP, SCOPE, VAULT, key, spoiled, vault

V = f"{VAULT}/vault-g"
K = f"{V}/keys/disk"


def test_a_vault_keeps_deleted_keys_and_trusts_azures_network(cloud):
    made = cloud.put(V, vault())["properties"]

    assert made["vaultUri"] == "https://vault-g.vault.azure.net/"
    assert (made["enableSoftDelete"], made["softDeleteRetentionInDays"]) == (True, 90)
    assert (made["publicNetworkAccess"], made["provisioningState"]) == ("Enabled", "Succeeded")


@pytest.mark.parametrize("name", ["ab", "1vault", "vault-", "va--ult", "v" * 25])
def test_a_vault_has_a_name_of_its_kind(cloud, name):
    assert cloud.refusal(f"{VAULT}/{name}", vault()) == "VaultNameNotValid"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("properties.tenantId", None, "InvalidParameter"),
        ("properties.tenantId", "dddd1111-0000-4000-8000-00000000000f", "BadRequest"),
        ("properties.sku.name", "gold", "InvalidParameter"),
        ("properties.sku.family", None, "InvalidParameter"),
        ("properties.enablePurgeProtection", False, "BadRequest"),
        ("properties.enableSoftDelete", False, "BadRequest"),
        ("properties.softDeleteRetentionInDays", 6, "BadRequest"),
        ("properties.softDeleteRetentionInDays", 91, "BadRequest"),
        ("properties.accessPolicies", [{"objectId": "x"}], "InvalidRequestContent"),
        ("properties.createMode", "recover", "DeletedVaultNotFound"),
        ("properties.networkAcls", {"bypass": "Friends"}, "InvalidParameter"),
    ],
)
def test_a_vault_is_protected(cloud, path, value, code):
    assert cloud.refusal(V, spoiled(vault(), path, value)) == code


def test_purge_protection_is_for_ever(cloud):
    cloud.put(V, vault())

    made = cloud.put(V, spoiled(vault(), "properties.enablePurgeProtection"))

    assert made["properties"]["enablePurgeProtection"] is True


def test_retention_is_for_ever(cloud):
    cloud.put(V, vault(softDeleteRetentionInDays=7))

    assert cloud.refusal(V, vault(softDeleteRetentionInDays=8)) == "BadRequest"


def test_a_vaults_name_is_taken_in_all_of_azure(cloud):
    cloud.put(V, vault())
    cloud.put(f"{SCOPE}/resourceGroups/other", {"location": "eastus"})
    other = f"{SCOPE}/resourceGroups/other/providers/{VAULT}/VAULT-G"

    assert cloud.refusal(other, vault()) == "VaultAlreadyExists"


def test_a_deleted_vault_keeps_its_name_until_it_is_recovered(cloud):
    cloud.put(V, vault())
    cloud.delete(V)

    assert cloud.refusal(V, vault()) == "ConflictError"
    made = cloud.put(V, vault(createMode="recover"))
    assert "createMode" not in made["properties"]
    assert cloud.put(V, vault())["properties"] == made["properties"]


def test_a_vault_is_recovered_only_where_it_was(cloud):
    cloud.put(V, vault())
    cloud.delete(V)
    cloud.put(f"{SCOPE}/resourceGroups/other", {"location": "eastus"})
    other = f"{SCOPE}/resourceGroups/other/providers/{VAULT}/vault-g"

    assert cloud.refusal(other, vault(createMode="recover")) == "DeletedVaultNotFound"


def test_the_name_outlives_the_resource_group(cloud):
    cloud.put(V, vault())
    cloud.delete(GROUP)
    cloud.put(GROUP, {"location": "eastus"})

    assert cloud.refusal(V, vault()) == "ConflictError"


def test_a_key_has_a_version(cloud):
    cloud.put(V, vault())

    made = cloud.put(K, key())["properties"]

    assert made["keyUri"] == "https://vault-g.vault.azure.net/keys/disk"
    assert made["keyUriWithVersion"].startswith(f"{made['keyUri']}/")
    assert made["attributes"]["enabled"] is True


def test_a_key_that_is_there_is_the_answer(cloud):
    cloud.put(V, vault())
    made = cloud.put(K, key())

    assert cloud.put(K, key(keySize=4096))["properties"] == made["properties"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"kty": None}, "InvalidParameter"),
        ({"kty": "AES"}, "InvalidParameter"),
        ({"keySize": 1024}, "BadParameter"),
        ({"curveName": "P-256"}, "BadParameter"),
        ({"keyOps": ["guess"]}, "InvalidParameter"),
        ({"attributes": {"exportable": True}}, "BadParameter"),
        ({"rotationPolicy": {"attributes": {"expiryTime": "P1D"}}}, "BadParameter"),
    ],
)
def test_a_key_is_of_a_kind_that_vaults_hold(cloud, facts, code):
    cloud.put(V, vault())

    assert cloud.refusal(K, key(**facts)) == code


def test_hardware_keys_need_the_premium_sku(cloud):
    cloud.put(V, spoiled(vault(), "properties.sku.name", "standard"))

    assert cloud.refusal(K, key()) == "BadParameter"
    assert cloud.put(K, key(kty="RSA")) is not None


def test_a_key_has_a_vault(cloud):
    assert cloud.refusal(K, key()) == "ParentResourceNotFound"


def test_resource_manager_deletes_no_key(cloud):
    cloud.put(V, vault())
    cloud.put(K, key())

    assert cloud.stays(K) == "MethodNotAllowed"
