import json

import pytest

from enclaves.blueprints.azure.names import (
    DISK_ENCRYPTION,
    NETWORK_NAME,
    PROVISIONER,
    REGISTRATION_TAG,
    VERSION_TAG,
    WALLS_NAME,
    WAY_OUT_NAME,
    global_name,
    identity_id,
)
from enclaves.providers.azure.versions import (
    CONTAINER,
    GROUP,
    KEY,
    LIFECYCLE,
    NAT_GATEWAY,
    ROLE_ASSIGNMENT,
    SECURITY_GROUP,
    STORAGE,
    VAULT,
    VERSIONS,
    VIRTUAL_NETWORK,
)
from enclaves.providers.azure.versions import (
    DISK_ENCRYPTION as DISK_ENCRYPTION_SET,
)
from enclaves.providers.base import Outcome, Place
from tests.enclaves.providers.tenant_account import outcomes, wrong
from tests.enclaves.providers.tenant_subscription import PLACE

WALLS = f"{SECURITY_GROUP}/{WALLS_NAME}"
NETWORK = f"{VIRTUAL_NETWORK}/{NETWORK_NAME}"
WAY_OUT = f"{NAT_GATEWAY}/{WAY_OUT_NAME}"
DISKS = f"{DISK_ENCRYPTION_SET}/{DISK_ENCRYPTION}"
KINDS = [VIRTUAL_NETWORK, SECURITY_GROUP, NAT_GATEWAY, VAULT, DISK_ENCRYPTION_SET, STORAGE]


def prove(enclave, place=PLACE, **changes):
    return enclave.provider(**changes).prove_zone(place)


def found(enclave, code):
    return next(each for each in prove(enclave).findings if each.code == code)


@pytest.fixture
def id_of(enclave):
    """Write the id of something in the zone's group: ``id_of(WALLS)``."""
    return lambda path: f"{enclave.group}/providers/{path}"


@pytest.fixture
def of_archive(enclave, id_of):
    """Write the id of the vault or storage account, or what is in it: ``of_archive(VAULT, "keys/disk")``."""

    def make(kind, below=""):
        name = global_name(enclave.registration, PLACE.zone)
        return id_of("/".join(part for part in (kind, name, below) if part))

    return make


@pytest.fixture
def rule(enclave, id_of):
    """Put a rule into the zone's security group as its owner: ``rule("ssh", 200, source="*")``."""

    def make(name, priority, access="Allow", source="*"):
        properties = {
            "priority": priority,
            "direction": "Inbound",
            "access": access,
            "protocol": "*",
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
        }
        rules = enclave.owner("GET", id_of(WALLS), version=VERSIONS[SECURITY_GROUP])["properties"][
            "securityRules"
        ]
        kept = [each for each in rules if each["name"] != name]
        changed = [*kept, {"name": name, "properties": properties}]
        enclave.change(SECURITY_GROUP, id_of(WALLS), securityRules=changed)

    return make


def test_a_zone_with_its_template_passes_every_check(enclave):
    proof = prove(enclave)

    assert wrong(proof.findings) == {}
    assert [each.code for each in proof.findings] == [each.code for each in enclave.provider().zone_checks()]
    assert list(proof.resources["logical_zones"]) == ["eastus-az1"]


def test_what_was_found_can_be_stored_as_json(enclave):
    proof = prove(enclave)

    assert json.loads(json.dumps(proof.resources)) == proof.resources
    assert json.loads(json.dumps(proof.quota)) == proof.quota


def test_a_proof_asks_for_each_kind_of_thing_once(enclave):
    prove(enclave)

    calls = enclave.calls()
    assert [calls.count(f"{kind}/read") for kind in KINDS] == [1] * len(KINDS)


def test_two_zones_of_a_region_stand_side_by_side(enclave):
    enclave.apply_zone(Place("test.azure-eastus-az1", "eastus", ("eastus-az1",), 1))

    assert wrong(prove(enclave).findings) == {}


def test_a_zone_without_its_template_misses_everything_by_name(subscription):
    proof = prove(subscription)

    assert (proof.resources, proof.findings[0].title) == (
        {},
        "There is no resource group",
    )
    assert wrong(proof.findings)["network"] == "There is no VNet"
    assert outcomes(proof.findings)["network-security-group"] == "skipped"


def test_the_quota_is_what_is_left_of_each_family(enclave, launch):
    launch(machine="Standard_D4ps_v5")

    quota = prove(enclave).quota

    assert (quota[""], quota["standarddpsv5family"], quota["standarddsv5family"]) == (346, 346, 350)


def test_a_zone_that_the_subscription_does_not_have_is_named(enclave, azure, monkeypatch):
    others = {"1": "eastus-az2", "2": "eastus-az3"}
    monkeypatch.setattr(azure.world, "zones", lambda subscription, location: others)

    assert found(enclave, "zone-number").title == "This subscription has no zone eastus-az1"


def test_a_resource_provider_that_was_given_up_is_named(enclave, azure):
    azure.world.subscription(enclave.number).providers["microsoft.storage"] = "Unregistered"

    line = found(enclave, "resource-providers")

    assert (line.title, line.evidence) == (
        "Not registered: Microsoft.Storage",
        "Microsoft.Storage is Unregistered",
    )


@pytest.mark.parametrize(
    ("tag", "title"),
    [
        (REGISTRATION_TAG, "The resource group carries another registration"),
        (VERSION_TAG, "The zone template is not at version 1"),
    ],
)
def test_a_group_of_another_registration_or_version_is_named(enclave, azure, tag, title):
    azure.world.need(enclave.group)["tags"][tag] = "another"

    assert found(enclave, "group").title == title


def test_a_second_group_of_the_zone_is_named(enclave, azure):
    tags = azure.world.need(enclave.group)["tags"]
    path = f"/subscriptions/{enclave.number}/resourceGroups/own"
    enclave.owner("PUT", path, {"location": "westeurope", "tags": tags}, VERSIONS[GROUP])

    assert found(enclave, "group").title == (
        "There are 2 of what must be one resource group: enclave-prod-azure-eastus-az1, own"
    )


def test_a_thing_outside_the_zones_group_is_named(enclave, azure, id_of):
    enclave.owner(
        "PUT", f"/subscriptions/{enclave.number}/resourceGroups/own", {"location": "eastus"}, VERSIONS[GROUP]
    )
    path = f"/subscriptions/{enclave.number}/resourceGroups/own/providers/{SECURITY_GROUP}/moved"
    walls = azure.world.need(id_of(WALLS))
    moved = {"location": "eastus", "tags": walls.pop("tags"), "properties": {"securityRules": []}}
    enclave.owner("PUT", path, moved, VERSIONS[SECURITY_GROUP])

    assert found(enclave, "network-security-group").title == (
        "The network security group lies outside the resource group enclave-prod-azure-eastus-az1"
    )


def test_a_thing_of_another_registration_is_named(enclave, azure, id_of):
    azure.world.need(id_of(WALLS))["tags"][REGISTRATION_TAG] = "another"

    assert found(enclave, "network-security-group").title == (
        "The network security group carries another registration"
    )


def test_a_doubled_thing_is_named_wherever_it_is(enclave, id_of):
    enclave.owner(
        "PUT", f"/subscriptions/{enclave.number}/resourceGroups/own", {"location": "eastus"}, VERSIONS[GROUP]
    )
    original = enclave.owner("GET", id_of(WALLS), version=VERSIONS[SECURITY_GROUP])
    copy = {"location": "eastus", "tags": original["tags"], "properties": {"securityRules": []}}
    path = f"/subscriptions/{enclave.number}/resourceGroups/own/providers/{SECURITY_GROUP}/second"
    enclave.owner("PUT", path, copy, VERSIONS[SECURITY_GROUP])

    assert found(enclave, "network-security-group").title == (
        "There are 2 of what must be one network security group: enclave-hosts, second"
    )


def test_a_subnet_without_its_wall_is_named(enclave, azure, id_of):
    subnet = azure.world.need(id_of(NETWORK))["properties"]["subnets"][0]
    subnet["properties"].pop("networkSecurityGroup")

    assert found(enclave, "network-security-group").title == (
        "The network security group enclave-hosts does not guard the subnet “hosts”"
    )


@pytest.mark.parametrize(
    "source", ["*", "Internet", "203.0.113.0/24", "VirtualNetwork", "10.0.0.0/8", "::/0"]
)
def test_a_rule_that_lets_somebody_in_is_named(enclave, rule, source):
    rule("ssh", 200, source=source)

    line = found(enclave, "network-security-group")

    assert (line.title, line.evidence) == (
        "The network security group enclave-hosts lets somebody in",
        "ssh",
    )


def test_a_rule_after_the_wall_lets_nobody_in(enclave, rule, azure, id_of):
    for each in azure.world.need(id_of(WALLS))["properties"]["securityRules"]:
        if each["name"] == "nothing-else-in":
            each["properties"]["priority"] = 300
    rule("ssh", 400)

    assert wrong(prove(enclave).findings) == {}


def test_a_wall_that_was_taken_down_is_named(enclave, rule):
    rule("nothing-else-in", 4096, access="Allow")

    assert found(enclave, "network-security-group").title == (
        "The network security group enclave-hosts has no rule that denies everything inbound"
    )


def test_a_subnet_without_its_way_out_is_named(enclave, azure, id_of):
    subnet = azure.world.need(id_of(NETWORK))["properties"]["subnets"][0]
    subnet["properties"].pop("natGateway")

    assert found(enclave, "way-out").title == "The NAT gateway enclave-out is not that of the subnet “hosts”"


def test_a_way_out_in_another_zone_is_named(enclave, azure, id_of):
    number = next(number for number, zone in enclave.zones.items() if zone == "eastus-az1")
    azure.world.need(id_of(WAY_OUT))["zones"] = ["1" if number != "1" else "2"]

    assert found(enclave, "way-out").title == f"The NAT gateway enclave-out is not in zone {number}"


def test_a_subnet_without_ipv6_is_named(enclave, azure, id_of):
    subnet = azure.world.need(id_of(NETWORK))["properties"]["subnets"][0]
    subnet["properties"]["addressPrefixes"] = ["10.7.0.0/17"]

    assert found(enclave, "network").title == "The subnet “hosts” has no IPv6 addresses"


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"sku": {"family": "A", "name": "standard"}}, "not premium"),
        ({"enableRbacAuthorization": False}, "not guarded by roles"),
        ({"enablePurgeProtection": False}, "not protected from being purged"),
    ],
)
def test_a_vault_that_is_less_guarded_is_named(enclave, of_archive, setting, told):
    enclave.spoil(of_archive(VAULT), **setting)

    name = global_name(enclave.registration, PLACE.zone)
    assert found(enclave, "vault").title == f"The key vault {name} is {told}"


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"attributes": {"enabled": False}}, "The key “disk” is disabled"),
        ({"rotationPolicy": {"lifetimeActions": []}}, "The key “disk” is not rotated"),
    ],
)
def test_a_key_that_is_off_or_stays_the_same_is_named(enclave, of_archive, setting, told):
    enclave.spoil(of_archive(VAULT, "keys/disk"), **setting)

    assert found(enclave, "disk-key").title == told


def test_a_missing_key_is_named_and_what_needs_it_is_not_looked_at(enclave, azure, of_archive):
    azure.world.drop(of_archive(VAULT, "keys/archive"))

    findings = prove(enclave).findings

    name = global_name(enclave.registration, PLACE.zone)
    assert wrong(findings)["archive-key"] == f"There is no key “archive” in the vault {name}"
    assert outcomes(findings)["archive"] == "skipped"


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"activeKey": {"keyUrl": "https://other.vault.azure.net/keys/disk/1"}}, "not of your key"),
        ({"rotationToLatestKeyVersionEnabled": False}, "not following the key's rotation"),
    ],
)
def test_disks_that_are_not_encrypted_with_the_tenants_key_are_named(enclave, id_of, setting, told):
    enclave.spoil(id_of(DISKS), **setting)

    assert found(enclave, "disk-encryption").title == f"The disk encryption set enclave-disks is {told}"


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"encryption": {"keySource": "Microsoft.Storage"}}, "not encrypted with your key"),
        ({"allowBlobPublicAccess": True}, "not closed to the public"),
        ({"allowSharedKeyAccess": True}, "open to shared keys"),
        ({"minimumTlsVersion": "TLS1_0"}, "reachable without TLS 1.2"),
        ({"supportsHttpsTrafficOnly": False}, "reachable without TLS 1.2"),
    ],
)
def test_an_archive_that_is_open_is_named(enclave, of_archive, setting, told):
    enclave.spoil(of_archive(STORAGE), **setting)

    name = global_name(enclave.registration, PLACE.zone)
    assert found(enclave, "archive").title == f"The log archive {name} is {told}"


def test_a_missing_container_is_named(enclave, of_archive):
    path = of_archive(STORAGE, "blobServices/default/containers/access")
    enclave.owner("DELETE", path, version=VERSIONS[CONTAINER])

    assert found(enclave, "containers").title == "The log archive has no container access"


def test_logs_that_do_not_expire_are_named(enclave, of_archive):
    path = of_archive(STORAGE, "managementPolicies/default")
    enclave.owner("DELETE", path, version=VERSIONS[LIFECYCLE])

    assert found(enclave, "containers").title.endswith("is not expiring after 31 days")


def test_a_provisioner_without_its_role_here_is_named(enclave, azure):
    principal = azure.world.need(identity_id(enclave.number, PROVISIONER))["properties"]["principalId"]
    for each in azure.world.of_type(ROLE_ASSIGNMENT):
        if each["properties"]["principalId"] == principal and each["properties"]["scope"] == enclave.group:
            azure.world.drop(each["id"])

    assert found(enclave, "assignments").title == (
        "The role of enclave-provisioner is not assigned in enclave-prod-azure-eastus-az1"
    )


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("TooManyRequests", Outcome.UNKNOWN),
        ("InternalServerError", Outcome.UNKNOWN),
        ("AuthorizationFailed", Outcome.FAILED),
    ],
)
def test_only_a_clear_refusal_fails_a_check(enclave, azure, no_waiting, error, outcome):
    azure.faults.add(action=f"{KEY}/read", error=error, retry_after=60, times=None)

    proof = prove(enclave)

    assert outcomes(proof.findings)["disk-key"] == outcome
    assert proof.resources == {}
