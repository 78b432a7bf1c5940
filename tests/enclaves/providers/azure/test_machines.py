import pytest

from enclaves.blueprints.azure.names import HOST, identity_id
from enclaves.providers.azure.versions import (
    INTERFACE,
    MACHINE,
    NAT_GATEWAY,
    PUBLIC_ADDRESS,
    VERSIONS,
)
from enclaves.providers.base import CloudHostState, ProgressState, ProviderError, Trouble
from tests.enclaves.providers.tenant_subscription import PLACE

LAUNCH = f"{MACHINE}/write"
DISK = "Microsoft.Compute/disks"
DISKS_VERSION = "2025-01-02"


@pytest.fixture
def slowly(azure):
    """Let things take Azure's own time, until the clock is told to advance."""
    azure.behaviour.pace = 1.0
    return azure.world.clock


def listed(enclave):
    return enclave.provider().list_hosts(PLACE)


def left(enclave, kind, version):
    return enclave.owner("GET", kind, version=version)["value"]


def test_a_launched_host_is_listed_with_what_the_cloud_gave_it(enclave, launch):
    launched = launch()

    [host] = listed(enclave)

    assert (host.instance_id, host.host_id) == (launched.instance_id, launched.host_id)
    assert (host.state, host.machine) == (CloudHostState.RUNNING, "Standard_D4ps_v5")
    assert (host.availability_zone_id, host.public_ipv4) == ("eastus-az1", "")
    assert (host.private_ipv4[:3], host.ipv6[:1]) == ("10.", "2")
    assert host.launched_at is not None


def test_a_host_runs_under_the_hosts_identity_on_a_disk_of_the_tenants_key(enclave, resources, launch):
    launch()

    [machine], [disk] = enclave.machines(), left(enclave, DISK, DISKS_VERSION)

    assert [each.lower() for each in machine["identity"]["userAssignedIdentities"]] == [
        identity_id(enclave.number, HOST).lower()
    ]
    assert disk["properties"]["encryption"]["diskEncryptionSetId"] == resources["disk_encryption_set_id"]
    assert (disk["properties"]["diskSizeGB"], machine["properties"]["securityProfile"]) == (
        50,
        {"encryptionAtHost": True},
    )


def test_a_launch_is_one_call_that_does_not_wait(enclave, launch, slowly):
    launched = launch()

    assert (launched.state, launched.operation[:28]) == (
        CloudHostState.STARTING,
        "https://management.azure.com",
    )
    assert enclave.calls()[-1] == LAUNCH
    assert [each.state for each in listed(enclave)] == [CloudHostState.STARTING]


def test_a_launch_is_followed_to_its_end(enclave, launch, slowly):
    launched = launch()
    provider = enclave.provider()

    before = provider.follow(PLACE, launched.operation)
    slowly.advance(60)
    after = provider.follow(PLACE, launched.operation)

    assert (before.state, before.retry_after) == (ProgressState.RUNNING, 10.0)
    assert (after.state, after.retry_after, after.error) == (ProgressState.DONE, None, None)
    assert [each.state for each in listed(enclave)] == [CloudHostState.RUNNING]


def test_a_launch_that_finds_no_capacity_fails_late_and_says_so(enclave, launch, azure):
    azure.behaviour.limit_capacity(0, subscription=enclave.number)
    launched = launch()

    progress = enclave.provider().follow(PLACE, launched.operation)

    assert (progress.state, progress.error.trouble) == (ProgressState.FAILED, Trouble.NO_CAPACITY)
    assert (progress.error.code, progress.error.action) == ("ZonalAllocationFailed", LAUNCH)
    assert [each.state for each in listed(enclave)] == [CloudHostState.FAILED]


def test_what_is_left_of_a_failed_launch_can_be_ended_and_launched_again(enclave, resources, azure):
    azure.behaviour.limit_capacity(0, subscription=enclave.number)
    order = enclave.order()
    provider = enclave.provider()
    first = provider.launch(PLACE, resources, order)
    provider.follow(PLACE, first.operation)
    azure.behaviour.capacity.clear()

    provider.terminate(PLACE, [first.instance_id])
    second = provider.launch(PLACE, resources, order)

    assert provider.follow(PLACE, second.operation).state == ProgressState.DONE
    assert [each.state for each in listed(enclave)] == [CloudHostState.RUNNING]


def test_an_operation_that_azure_forgot_is_an_error_for_good(enclave, launch):
    operation = launch().operation

    with pytest.raises(ProviderError) as refusal:
        enclave.provider().follow(PLACE, operation.replace(operation.split("/")[-1][:36], enclave.other))

    assert (refusal.value.trouble, refusal.value.permanent) == (Trouble.INVALID, True)


def test_a_launch_that_is_repeated_while_the_first_goes_on_returns_its_machine(enclave, resources, slowly):
    order = enclave.order()
    first = enclave.provider().launch(PLACE, resources, order)

    second = enclave.provider().launch(PLACE, resources, order)

    assert (second.instance_id, second.host_id) == (first.instance_id, first.host_id)
    assert second.state == CloudHostState.STARTING
    assert len(enclave.machines()) == 1


def test_a_repeated_launch_changes_nothing_of_what_is_there(enclave, resources):
    order = enclave.order()
    enclave.provider().launch(PLACE, resources, order)
    before = enclave.machines()

    enclave.provider().launch(PLACE, resources, enclave.order(host_id=order.host_id, disk_gib=999))

    assert enclave.machines() == before


def test_a_machine_on_its_way_out_is_no_answer_to_a_launch(enclave, resources, azure, slowly):
    order = enclave.order()
    provider = enclave.provider()
    host = provider.launch(PLACE, resources, order)
    slowly.advance(60)
    provider.terminate(PLACE, [host.instance_id])

    with pytest.raises(ProviderError) as refusal:
        provider.launch(PLACE, resources, order)

    assert (refusal.value.trouble, [each.state for each in listed(enclave)]) == (
        Trouble.UNAVAILABLE,
        [CloudHostState.ENDING],
    )


def test_a_machine_that_was_switched_off_is_stopped_and_not_healthy(enclave, launch, azure):
    name = launch().instance_id
    azure.world.facts(enclave.machines()[0]["id"])["power"] = "deallocated"

    assert [each.state for each in listed(enclave)] == [CloudHostState.STOPPED]
    assert enclave.provider().healthy_hosts(PLACE, [name]) == set()


def test_a_running_machine_whose_change_failed_has_not_failed(enclave, launch):
    launch()
    enclave.spoil(enclave.machines()[0]["id"], provisioningState="Failed")

    assert [each.state for each in listed(enclave)] == [CloudHostState.RUNNING]


def test_an_ended_host_leaves_nothing_behind(enclave, launch):
    addresses = left(enclave, PUBLIC_ADDRESS, VERSIONS[PUBLIC_ADDRESS])
    host = launch()

    enclave.provider().terminate(PLACE, [host.instance_id])

    assert enclave.machines() == []
    assert left(enclave, INTERFACE, VERSIONS[INTERFACE]) == []
    assert left(enclave, DISK, DISKS_VERSION) == []
    assert left(enclave, PUBLIC_ADDRESS, VERSIONS[PUBLIC_ADDRESS]) == addresses


def test_one_host_that_will_not_end_keeps_no_other_from_it(enclave, launch, azure):
    first, second = launch(), launch()
    azure.faults.add(action=f"{MACHINE}/delete", error="AnotherOperationInProgress", status=409)

    with pytest.raises(ProviderError) as refusal:
        enclave.provider().terminate(PLACE, [first.instance_id, second.instance_id])

    assert refusal.value.trouble == Trouble.UNAVAILABLE
    assert [each.instance_id for each in listed(enclave)] == [first.instance_id]


def test_a_confidential_machine_starts_from_its_own_image(enclave, launch):
    launched = launch(confidential="vm", machine="Standard_DC4as_v5", image_id=enclave.image_for("x86_64"))

    assert enclave.provider().follow(PLACE, launched.operation).state == ProgressState.DONE
    assert enclave.machines()[0]["properties"]["securityProfile"]["securityType"] == "ConfidentialVM"


def test_a_public_ipv4_that_somebody_added_is_told(enclave, launch, azure):
    launch()
    address = enclave.owner("GET", NAT_GATEWAY, version=VERSIONS[NAT_GATEWAY])["value"][0]["properties"][
        "publicIpAddresses"
    ][0]
    interface = left(enclave, INTERFACE, VERSIONS[INTERFACE])[0]
    azure.world.need(interface["id"])["properties"]["ipConfigurations"][0]["properties"][
        "publicIPAddress"
    ] = address

    [host] = listed(enclave)

    assert host.public_ipv4 == azure.world.need(address["id"])["properties"]["ipAddress"]


def test_an_empty_zone_is_one_call(enclave):
    assert listed(enclave) == []
    assert enclave.calls().count(f"{MACHINE}/read") == 1


def test_a_host_of_another_registration_is_nobody_of_ours(enclave, launch, azure):
    launch()
    azure.world.need(enclave.machines()[0]["id"])["tags"]["enclave:registration"] = "another"

    assert [each.host_id for each in listed(enclave)] == [None]
