import pytest

from enclaves.providers.base import Place
from tests.enclaves.providers.tenant_subscription import PLACE, PUBLIC_NAME


@pytest.fixture
def offers(subscription):
    return subscription.provider().offers(PLACE)


@pytest.fixture
def machine(offers):
    """Find a machine by its name: ``machine("Standard_D4ps_v5")``."""
    return {each.name: each for each in offers.machines}.get


def test_a_machine_tells_its_size_where_it_is_offered_and_what_its_quota_is_counted_by(machine):
    found = machine("Standard_D8ps_v5")

    assert (found.vcpu, found.memory_mib, found.architecture) == (8, 32768, "arm64")
    assert (found.availability_zone_ids, found.family) == (("eastus-az1",), "standarddpsv5family")


def test_machines_tell_which_confidential_computing_they_can(subscription):
    place = Place("prod.azure-eastus-az2", "eastus", ("eastus-az2",), 1)
    found = {each.name: each.confidential for each in subscription.provider().offers(place).machines}

    assert found["Standard_DC4as_v5"] == ("vm",)
    assert found["Standard_DC4s_v3"] == ("enclave",)
    assert found["Standard_D4s_v5"] == ()


def test_a_machine_that_the_zone_lacks_is_not_offered(machine):
    assert (machine("Standard_DC4es_v6").confidential, machine("Standard_DC4s_v3")) == (("vm",), None)


def test_zones_are_told_by_their_physical_names_whatever_the_subscription_calls_them(
    subscription, azure, monkeypatch
):
    shuffled = {"1": "eastus-az3", "2": "eastus-az1", "3": "eastus-az2"}
    monkeypatch.setattr(azure.world, "zones", lambda subscription, location: shuffled)
    place = Place("prod.azure-eastus", "eastus", ("eastus-az1", "eastus-az3"), 1)

    found = {each.name: each for each in subscription.provider().offers(place).machines}

    assert found["Standard_D4ps_v5"].availability_zone_ids == ("eastus-az1", "eastus-az3")
    assert found["Standard_DC4es_v6"].availability_zone_ids == ("eastus-az1",)


def test_there_is_one_image_for_each_architecture_and_it_is_the_newest(offers):
    assert [(each.architecture, each.name, each.image_id) for each in offers.images] == [
        (
            architecture,
            f"enclave-host-{architecture} 2026.11.0",
            f"/CommunityGalleries/{PUBLIC_NAME}/Images/enclave-host-{architecture}/Versions/2026.11.0",
        )
        for architecture in ("arm64", "x86_64")
    ]
