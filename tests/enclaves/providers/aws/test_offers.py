import pytest

from tests.enclaves.providers.tenant_account import PLACE


@pytest.fixture(scope="module")
def offers(standing_enclave):
    return standing_enclave.provider().offers(PLACE)


@pytest.fixture
def machine(offers):
    """Find a machine by its name: ``machine("m7g.large")``."""
    return {each.name: each for each in offers.machines}.get


def test_a_machine_tells_its_size_and_where_it_is_offered(machine):
    found = machine("m6g.2xlarge")

    assert (found.vcpu, found.memory_mib, found.architecture) == (8, 32768, "arm64")
    assert found.availability_zone_ids == ("use1-az6",)


def test_machines_tell_which_confidential_computing_they_can(machine):
    assert "vm" in machine("m6a.2xlarge").confidential
    assert "vm" not in machine("m6g.2xlarge").confidential
    assert "enclave" in machine("m6g.2xlarge").confidential


def test_there_is_one_image_for_each_architecture(offers):
    assert [(each.architecture, each.name) for each in offers.images] == [
        ("arm64", "enclave-host-2026.11-arm64"),
        ("x86_64", "enclave-host-2026.11-x86_64"),
    ]


def test_bare_metal_is_not_offered(offers):
    assert [each.name for each in offers.machines if "metal" in each.name] == []
