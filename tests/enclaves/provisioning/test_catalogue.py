import pytest

from enclaves.models import MachineType, Zone
from enclaves.providers.base import ImageOffer, MachineOffer, Offers
from enclaves.provisioning import catalogue

pytestmark = pytest.mark.django_db

EASTUS = Zone(cloud="azure", region="eastus")


class Region:
    """A region that offers two machines, and counts how often it is asked."""

    asked = 0

    def offers(self, place):
        self.asked += 1
        machines = [
            MachineOffer("Standard_D8ps_v6", 8, 32768, "arm64", (), ("eastus-az1",), "standarddpsv6family"),
            MachineOffer("Standard_D8as_v6", 8, 32768, "x86_64", (), ("eastus-az1",), "standarddasv6family"),
        ]
        return Offers(tuple(machines), (ImageOffer("image", "enclave-host", "arm64"),))


def test_what_a_region_offers_is_kept_with_the_families_that_quota_is_counted_by():
    catalogue.refresh(EASTUS, Region(), None)

    assert list(MachineType.objects.order_by("name").values_list("name", "family")) == [
        ("Standard_D8as_v6", "standarddasv6family"),
        ("Standard_D8ps_v6", "standarddpsv6family"),
    ]


def test_a_region_is_not_asked_again_while_the_answer_is_fresh():
    region = Region()
    catalogue.refresh(EASTUS, region, None)
    catalogue.refresh(EASTUS, region, None)

    assert region.asked == 1


@pytest.mark.parametrize(
    ("cloud", "better", "worse"),
    [
        ("aws", "m7g.2xlarge", "m6g.2xlarge"),
        ("aws", "m6g.2xlarge", "t4g.2xlarge"),
        ("azure", "Standard_D8ps_v6", "Standard_D8ps_v5"),
        ("azure", "Standard_D8ps_v5", "Standard_D8pds_v6"),
        ("azure", "Standard_D8as_v5", "Standard_DC8as_v5"),
        ("azure", "Standard_D8as_v5", "Standard_B8as_v2"),
        ("azure", "Standard_D4s_v3", "Something else"),
    ],
)
def test_of_two_machines_of_one_size_the_better_one_comes_first(cloud, better, worse):
    best, other = (catalogue.rank(MachineType(cloud=cloud, name=name)) for name in (better, worse))

    assert best < other
