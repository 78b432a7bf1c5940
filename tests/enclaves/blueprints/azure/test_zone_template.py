import ipaddress
import json
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from enclaves.blueprints import TEMPLATE_VERSION, TemplateWaits, blueprint
from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.names import HOST, PROVISIONER, role_id, zone_group
from enclaves.blueprints.azure.zone import default_network, network_ipv6
from enclaves.providers.base import Place
from tests.enclaves.blueprints.azure.examples import (
    ACCOUNT,
    BINDING,
    OTHER_PLACE,
    PLACE,
    account_template,
    of_type,
    one,
    resources,
    texts,
    zone_template,
)

# The service of Azure takes a template only up to this size.
TEMPLATE_LIMIT = 4 * 1024 * 1024
GROUP = f"/subscriptions/{ACCOUNT}/resourceGroups/enclave-prod-azure-eastus-az1"
WITHOUT_TAGS = {
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Resources/deployments",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Microsoft.Storage/storageAccounts/managementPolicies",
}


@pytest.fixture
def template():
    return zone_template()


@pytest.fixture
def rules(template):
    """The rules of the wall around hosts, in one direction, in the order in which they are asked."""
    every = [
        each["properties"]
        for each in one(template, "Network/networkSecurityGroups")["properties"]["securityRules"]
    ]

    def of(direction):
        own = [rule for rule in every if rule["direction"] == direction]
        return sorted(own, key=lambda rule: rule["priority"])

    return of


@pytest.fixture
def subnet(template):
    (made,) = one(template, "Network/virtualNetworks")["properties"]["subnets"]
    return made


def test_all_that_can_carry_tags_carries_ours(template):
    untagged = [each for each in resources(template) if each["type"] not in WITHOUT_TAGS]

    wanted = {
        "enclave:registration": "reg-1",
        "enclave:template-version": str(TEMPLATE_VERSION),
        "enclave:zone": "prod.azure-eastus-az1",
    }
    assert [each["type"] for each in untagged if not wanted.items() <= each["tags"].items()] == []
    assert [each["type"] for each in untagged if "enclave:service" not in each["tags"]] == []


def test_everything_lies_in_one_group_of_the_zones_region(template):
    placed = [each["location"] for each in resources(template) if "location" in each]

    assert set(placed) == {"eastus"}
    assert one(template, "Resources/resourceGroups")["name"] == "enclave-prod-azure-eastus-az1"


def test_the_template_waits_for_the_proof_that_tells_the_zones_number():
    with pytest.raises(TemplateWaits, match="only its proof tells which one eastus-az1 is"):
        blueprint("azure").zone_template(replace(BINDING, facts={}), PLACE)


def test_zones_are_numbered_as_this_subscription_does(template):
    zonal = [each["zones"] for each in resources(template) if "zones" in each]

    assert template["parameters"]["logicalZone"]["defaultValue"] == "3"
    assert zonal == [["[parameters('logicalZone')]"]] * 2


def test_nothing_is_let_in_but_hosts_to_hosts(rules, subnet):
    *allowed, last = rules("Inbound")

    own = subnet["properties"]["addressPrefixes"]
    assert [(rule["sourceAddressPrefix"], rule["destinationAddressPrefix"]) for rule in allowed] == [
        (prefix, prefix) for prefix in own
    ]
    assert (last["access"], last["protocol"]) == ("Deny", "*")
    assert (last["sourceAddressPrefix"], last["destinationPortRange"]) == ("*", "*")


def test_hosts_get_out_by_https_only(rules):
    outside = [rule for rule in rules("Outbound") if rule["destinationAddressPrefix"] in ("Internet", "*")]

    assert [
        (rule["access"], rule["protocol"], rule["destinationAddressPrefix"], rule["destinationPortRange"])
        for rule in outside
    ] == [("Allow", "Tcp", "Internet", "443"), ("Deny", "*", "*", "*")]


def test_the_subnet_is_behind_the_wall_and_leaves_by_the_nat_gateway_only(subnet):
    properties = subnet["properties"]

    assert properties["networkSecurityGroup"]["id"].endswith("/networkSecurityGroups/enclave-hosts")
    assert properties["natGateway"]["id"].endswith("/natGateways/enclave-out")
    assert properties["defaultOutboundAccess"] is False


def test_the_only_public_address_is_the_one_of_the_way_out(template):
    address = one(template, "Network/publicIPAddresses")

    assert address["name"] == "enclave-out"
    assert [
        each["id"] for each in one(template, "Network/natGateways")["properties"]["publicIpAddresses"]
    ] == [f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/enclave-out"]


def test_the_vault_cannot_be_purged_and_is_opened_by_roles_alone(template):
    vault = one(template, "KeyVault/vaults")["properties"]

    assert vault["sku"] == {"family": "A", "name": "premium"}
    assert (vault["enableSoftDelete"], vault["enablePurgeProtection"]) == (True, True)
    assert (vault["enableRbacAuthorization"], vault["softDeleteRetentionInDays"]) == (True, 90)
    assert (vault["publicNetworkAccess"], vault["networkAcls"]["defaultAction"]) == ("Disabled", "Deny")


def test_both_keys_rotate_and_only_wrap(template):
    keys = of_type(template, "KeyVault/vaults/keys")

    actions = [
        [each["action"]["type"] for each in key["properties"]["rotationPolicy"]["lifetimeActions"]]
        for key in keys
    ]
    assert actions == [["rotate", "notify"]] * 2
    assert [key["properties"]["keyOps"] for key in keys] == [["wrapKey", "unwrapKey"]] * 2


def test_disks_follow_the_key_when_it_rotates(template):
    disks = one(template, "Compute/diskEncryptionSets")

    assert disks["name"] == "enclave-disks"
    assert disks["properties"]["rotationToLatestKeyVersionEnabled"] is True
    assert disks["properties"]["activeKey"]["keyUrl"].endswith(".keyUriWithVersion]")


def test_the_archive_is_closed(template):
    archive = one(template, "Storage/storageAccounts")["properties"]

    assert {
        name: archive[name]
        for name in (
            "minimumTlsVersion",
            "supportsHttpsTrafficOnly",
            "allowBlobPublicAccess",
            "allowSharedKeyAccess",
            "allowCrossTenantReplication",
        )
    } == {
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "allowCrossTenantReplication": False,
    }


def test_the_archive_is_reached_from_the_hosts_subnet_only(template, subnet):
    doors = one(template, "Storage/storageAccounts")["properties"]["networkAcls"]

    assert doors["defaultAction"] == "Deny"
    assert [rule["id"] for rule in doors["virtualNetworkRules"]] == [
        f"{GROUP}/providers/Microsoft.Network/virtualNetworks/enclave/subnets/{subnet['name']}"
    ]
    assert template["parameters"]["archiveReaders"]["defaultValue"] == []


def test_the_archive_is_encrypted_with_the_tenants_key_by_an_identity_of_its_own(template):
    archive = one(template, "Storage/storageAccounts")
    encryption = archive["properties"]["encryption"]

    assert (encryption["keySource"], encryption["keyvaultproperties"]["keyname"]) == (
        "Microsoft.Keyvault",
        "archive",
    )
    assert list(archive["identity"]["userAssignedIdentities"]) == [
        encryption["identity"]["userAssignedIdentity"]
    ]


def test_logs_are_private_and_expire(template):
    containers = of_type(template, "Storage/storageAccounts/blobServices/containers")
    (rule,) = one(template, "Storage/storageAccounts/managementPolicies")["properties"]["policy"]["rules"]

    assert [each["name"].rsplit("/", 1)[1] for each in containers] == ["logs", "access"]
    assert {each["properties"]["publicAccess"] for each in containers} == {"None"}
    assert rule["definition"]["actions"] == {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 31}}}


def test_our_roles_are_assigned_where_the_manifest_says(template):
    ours = {role_id(ACCOUNT, each.title): each for each in manifest.DEFINITIONS}
    assigned = [
        (ours[each["properties"]["roleDefinitionId"]], each.get("scope", GROUP), each["properties"])
        for each in of_type(template, "Authorization/roleAssignments")
        if each["properties"]["roleDefinitionId"] in ours
    ]

    assert [definition for definition, _, _ in assigned] == [manifest.HOSTING, manifest.PROVISIONING]
    for definition, scope, properties in assigned:
        assert fnmatchcase(scope, definition.place.replace("${Subscription}", ACCOUNT))
        assert f"/{definition.role}'" in properties["principalId"]


def test_between_them_the_templates_assign_every_role(template):
    assigned = {
        each["properties"]["roleDefinitionId"]
        for made in (template, account_template())
        for each in of_type(made, "Authorization/roleAssignments")
    }

    assert {role_id(ACCOUNT, each.title) for each in manifest.DEFINITIONS} <= assigned


def test_the_keys_are_for_disks_and_archive_each_for_its_own(template):
    wrapping = {
        (each["scope"].rsplit("/", 1)[1], each["properties"]["principalId"].split("'")[1].rsplit("/", 1)[1])
        for each in of_type(template, "Authorization/roleAssignments")
        if "/vaults/" in each.get("scope", "")
    }

    assert wrapping == {("disk", "enclave-disks"), ("archive", "enclave-archive")}


@pytest.mark.parametrize("role", [PROVISIONER, HOST])
def test_the_portal_and_its_hosts_get_no_key(template, role):
    scopes = [
        each.get("scope", "")
        for each in of_type(template, "Authorization/roleAssignments")
        if f"/{role}'" in each["properties"]["principalId"]
    ]

    assert [scope for scope in scopes if "Microsoft.KeyVault" in scope] == []


def test_two_zones_of_a_region_do_not_share_a_name(template):
    other = zone_template(OTHER_PLACE)

    def names(made):
        kinds = {"KeyVault/vaults", "Storage/storageAccounts", "Resources/resourceGroups"}
        return {one(made, kind)["name"] for kind in kinds}

    assert names(template) & names(other) == set()


def test_another_registration_gets_another_vault_because_the_old_name_stays_taken(template):
    again = zone_template(binding=replace(BINDING, registration="reg-2"))

    assert one(template, "KeyVault/vaults")["name"] != one(again, "KeyVault/vaults")["name"]


def test_names_that_the_world_shares_are_short_enough(template):
    names = [one(template, kind)["name"] for kind in ("KeyVault/vaults", "Storage/storageAccounts")]

    assert [name for name in names if len(name) > 24 or not name.isalnum() or not name.islower()] == []


def test_the_chosen_network_lies_in_ten_slash_eight_and_stays():
    zones = [f"prod.azure-eastus-az{number}" for number in range(50)]

    networks = [default_network(ACCOUNT, zone) for zone in zones]

    assert [number for number in networks if not 16 <= number <= 255] == []
    assert networks == [default_network(ACCOUNT, zone) for zone in zones]
    assert len(set(networks)) > 30


def test_the_ipv6_network_is_the_zones_alone_and_holds_the_subnet(template, subnet):
    own, other = network_ipv6(ACCOUNT, PLACE.zone), network_ipv6(ACCOUNT, OTHER_PLACE.zone)
    six = ipaddress.IPv6Network(subnet["properties"]["addressPrefixes"][1])

    assert (own.prefixlen, six.prefixlen) == (56, 64)
    assert six.subnet_of(own)
    assert not own.overlaps(other)
    assert own.subnet_of(ipaddress.IPv6Network("fd00::/8"))


def test_a_zone_too_long_for_a_deployment_is_refused():
    with pytest.raises(ValueError, match="cannot be part of a deployment's name"):
        zone_group("prod." + "x" * 60)


def test_every_dependency_is_made_by_the_same_template(template):
    for made in (template, account_template()):
        ids = set(_ids(made, f"/subscriptions/{ACCOUNT}"))
        waits = {each for resource in resources(made) for each in resource.get("dependsOn", [])}
        assert waits - ids == set()


def _ids(template, scope):
    for each in template["resources"]:
        yield _id(each, each.get("scope", scope))
        if each["type"] == "Microsoft.Resources/deployments":
            inside = f"{scope}/resourceGroups/{each['resourceGroup']}"
            yield f"{inside}/providers/{each['type']}/{each['name']}"
            yield from _ids(each["properties"]["template"], inside)


def _id(resource, scope):
    namespace, *types = resource["type"].split("/")
    if types == ["resourceGroups"]:
        return f"{scope}/resourceGroups/{resource['name']}"
    path = "/".join(part for pair in zip(types, resource["name"].split("/"), strict=False) for part in pair)
    return f"{scope}/providers/{namespace}/{path}"


def test_only_what_is_unknown_before_is_an_expression(template):
    expressions = {text.split("(")[0] for text in texts(template) if text.startswith("[") and "(" in text}

    assert expressions == {"[subscription", "[parameters", "[reference", "[format"} | {
        text for text in texts(template) if text.startswith('[{"value"')
    }


def test_the_template_is_small_enough_for_azure():
    assert len(blueprint("azure").zone_template(BINDING, PLACE).encode()) < TEMPLATE_LIMIT


def test_the_zone_template_holds_no_external_id(template):
    assert BINDING.external_id not in json.dumps(template)


def test_skipped_lint_checks_say_why(template):
    metadata = [each["metadata"] for each in resources(template) if "metadata" in each]

    skips = [skip for each in metadata for skip in each["checkov"]]
    assert [skip for skip in skips if not skip.endswith(".")] == []
    assert [skip.split(":")[1] for skip in skips] == ["skip=CKV_AZURE_206"]


def test_the_same_binding_gives_the_same_text():
    assert blueprint("azure").zone_template(BINDING, PLACE) == blueprint("azure").zone_template(
        BINDING, PLACE
    )


def test_a_place_of_several_zones_takes_the_first():
    several = Place("prod.azure-eastus", "eastus", ("eastus-az2", "eastus-az1"), 1)

    assert zone_template(several)["parameters"]["logicalZone"]["defaultValue"] == "1"
