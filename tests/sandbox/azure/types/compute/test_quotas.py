import pytest

from sandbox.azure.types.compute.quotas import vcpus_in_use
from tests.sandbox.azure.types.bodies import MACHINE, SUBSCRIPTION, machine, spoiled

pytestmark = pytest.mark.usefixtures("network")

SIZE = "properties.hardwareProfile.vmSize"
FAMILY = "StandardDpsv6Family"


def used(cloud, family=""):
    return vcpus_in_use(cloud.world, SUBSCRIPTION, "eastus", family)


def test_machines_count_by_family_and_in_all(cloud):
    cloud.put(f"{MACHINE}/m", machine())
    cloud.put(f"{MACHINE}/n", machine("n", "Standard_D4ps_v5"))

    assert (used(cloud), used(cloud, FAMILY), used(cloud, "standardDSv5Family")) == (6, 2, 0)


@pytest.mark.parametrize("family", [FAMILY, ""])
def test_a_machine_beyond_the_quota_is_refused(cloud, family):
    cloud.world.behaviour.limit_quota(3, SUBSCRIPTION, "eastus", family)
    cloud.put(f"{MACHINE}/m", machine())

    assert cloud.refusal(f"{MACHINE}/n", machine("n")) == "OperationNotAllowed"
    assert used(cloud) == 2


def test_a_machine_does_not_count_against_itself(cloud):
    cloud.world.behaviour.limit_quota(4, SUBSCRIPTION, "eastus")
    cloud.put(f"{MACHINE}/m", machine())

    made = cloud.put(f"{MACHINE}/m", spoiled(machine(), SIZE, "Standard_D4ps_v6"))

    assert (made["properties"]["hardwareProfile"], used(cloud)) == ({"vmSize": "Standard_D4ps_v6"}, 4)


def test_a_machine_that_is_gone_gives_its_quota_back(cloud):
    cloud.put(f"{MACHINE}/m", machine())
    cloud.delete(f"{MACHINE}/m")

    assert used(cloud) == 0
