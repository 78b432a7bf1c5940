"""The choices that the zone template leaves to the tenant, made in a pretend subscription."""

import pytest

from sandbox.azure.client import SandboxError
from tests.enclaves.blueprints.azure.examples import OTHER_PLACE, PLACE


def test_two_zones_live_side_by_side(subscription):
    zones = [subscription.apply_zone(), subscription.apply_zone(OTHER_PLACE)]

    assert [zone.state for zone in zones] == ["Succeeded", "Succeeded"]
    assert set(zones[0].outputs.values()) & set(zones[1].outputs.values()) == set()


def test_each_zone_is_made_in_the_place_that_it_names(subscription):
    zone = subscription.apply_zone(OTHER_PLACE)

    logical = subscription.binding.facts["logical_zones"]["eastus"]["eastus-az2"]
    way_out = zone.outputs["network"].replace("virtualNetworks/enclave", "natGateways/enclave-out")
    assert subscription.need(way_out)["zones"] == [logical]


def test_the_network_is_where_the_tenant_wants_it(subscription):
    zone = subscription.apply_zone(network=7)

    network = subscription.need(zone.outputs["network"])["properties"]
    assert network["addressSpace"]["addressPrefixes"][0] == "10.7.0.0/16"
    assert network["subnets"][0]["properties"]["addressPrefixes"][0] == "10.7.0.0/17"


@pytest.mark.parametrize("wrong", [{"network": 256}, {"logicalZone": "4"}, {"vaultCreateMode": "purge"}])
def test_a_choice_that_cannot_be_is_refused_before_anything_is_made(subscription, wrong):
    with pytest.raises(SandboxError) as refusal:
        subscription.apply_zone(**wrong)

    groups = subscription.azure.world.of_type("Microsoft.Resources/resourceGroups")
    own = [each["name"] for each in groups if subscription.binding.account in each["id"]]
    assert (refusal.value.code, own) == ("InvalidTemplate", ["enclave"])


def test_a_zone_whose_vault_was_deleted_is_made_again_with_its_keys(subscription):
    subscription.apply_zone()
    subscription.remove(PLACE)

    with pytest.raises(SandboxError) as refusal:
        subscription.apply_zone()
    zone = subscription.apply_zone(vaultCreateMode="recover")

    assert (refusal.value.code, zone.state) == ("DeploymentFailed", "Succeeded")


def test_the_tenant_may_let_its_own_people_reach_the_archive(subscription):
    zone = subscription.apply_zone(archiveReaders=[{"value": "203.0.113.7", "action": "Allow"}])

    doors = subscription.need(zone.outputs["archive"])["properties"]["networkAcls"]
    assert (doors["defaultAction"], [rule["value"] for rule in doors["ipRules"]]) == ("Deny", ["203.0.113.7"])
