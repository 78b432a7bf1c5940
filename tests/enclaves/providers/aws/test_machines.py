import pytest

from enclaves.providers.aws import machines
from enclaves.providers.base import CloudHostState, Place, ProviderError, Trouble
from tests.enclaves.providers.tenant_account import PLACE


def test_a_host_is_launched_as_the_architecture_promises(hosting, resources, launch):
    launch()

    machine = hosting.instances()[0]
    disk = hosting.root("ec2").describe_volumes()["Volumes"][0]
    assert "PublicIpAddress" not in machine
    assert machine["SubnetId"] == resources["subnets"]["use1-az6"]
    assert [group["GroupId"] for group in machine["SecurityGroups"]] == [resources["security_group_id"]]
    assert len(machine["NetworkInterfaces"][0]["Ipv6Addresses"]) == 1
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert machine["IamInstanceProfile"]["Arn"].endswith("instance-profile/enclave-host")
    assert (disk["Encrypted"], disk["KmsKeyId"]) == (True, resources["disk_key_arn"])
    assert (disk["VolumeType"], disk["Size"]) == ("gp3", 50)


def test_a_host_and_its_disk_carry_our_tags(hosting, resources):
    order = hosting.order()
    hosting.provider().launch(PLACE, resources, order)

    wanted = {
        "Name": "query-1",
        "enclave:host": order.host_id,
        "enclave:registration": hosting.registration,
        "enclave:tenant": "acme",
        "enclave:zone": PLACE.zone,
    }
    disk = hosting.root("ec2").describe_volumes()["Volumes"][0]
    assert {tag["Key"]: tag["Value"] for tag in hosting.instances()[0]["Tags"]} == wanted
    assert {tag["Key"]: tag["Value"] for tag in disk["Tags"]} == wanted


def test_a_launched_host_is_listed_with_what_the_cloud_gave_it(hosting, launch):
    launched = launch()

    listed = hosting.provider().list_hosts(PLACE)

    assert [(each.instance_id, each.host_id) for each in listed] == [(launched.instance_id, launched.host_id)]
    assert listed[0].state == CloudHostState.RUNNING
    assert listed[0].availability_zone_id == "use1-az6"
    assert listed[0].public_ipv4 == ""
    assert listed[0].ipv6.startswith("2")
    assert listed[0].private_ipv4.startswith("10.")


@pytest.mark.parametrize(
    ("confidential", "machine", "option", "shown"),
    [
        ("vm", "m6a.large", "CpuOptions", {"AmdSevSnp": "enabled"}),
        ("enclave", "m6g.large", "EnclaveOptions", {"Enabled": True}),
    ],
)
def test_confidential_computing_is_switched_on_at_launch(
    hosting, launch, confidential, machine, option, shown
):
    image = hosting.image_for("x86_64" if confidential == "vm" else "arm64")

    launch(confidential=confidential, machine=machine, image_id=image)

    told = hosting.instances()[0][option]
    assert {name: told.get(name) for name in shown} == shown


def test_the_same_order_twice_is_one_machine(hosting, resources):
    order = hosting.order()

    first = hosting.provider().launch(PLACE, resources, order)
    second = hosting.provider().launch(PLACE, resources, order)

    assert first.instance_id == second.instance_id
    assert len(hosting.instances()) == 1


def test_an_answer_lost_on_the_way_makes_no_second_machine(hosting, launch, no_waiting):
    hosting.aws.faults.add(account=hosting.number, action="ec2:RunInstances", cut=True, times=1)

    launched = launch()

    assert [machine["InstanceId"] for machine in hosting.instances()] == [launched.instance_id]


def test_an_order_whose_answers_are_all_lost_finds_its_machine_later(hosting, resources, no_waiting):
    order = hosting.order()
    hosting.aws.faults.add(account=hosting.number, action="ec2:RunInstances", cut=True, times=3)
    with pytest.raises(ProviderError) as lost:
        hosting.provider().launch(PLACE, resources, order)

    launched = hosting.provider().launch(PLACE, resources, order)

    assert (lost.value.trouble, lost.value.permanent) == (Trouble.UNAVAILABLE, False)
    assert [machine["InstanceId"] for machine in hosting.instances()] == [launched.instance_id]


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        ("RequestLimitExceeded", Trouble.THROTTLED),
        ("InsufficientInstanceCapacity", Trouble.NO_CAPACITY),
        ("VcpuLimitExceeded", Trouble.QUOTA),
        ("Unsupported", Trouble.INVALID),
        ("InternalError", Trouble.UNAVAILABLE),
    ],
)
def test_a_launch_that_fails_says_what_kind_of_trouble_it_is(hosting, launch, no_waiting, error, trouble):
    hosting.aws.faults.add(account=hosting.number, action="ec2:RunInstances", error=error, times=None)

    with pytest.raises(ProviderError) as refusal:
        launch()

    assert (refusal.value.trouble, refusal.value.code) == (trouble, error)
    assert refusal.value.action == "ec2:RunInstances"
    assert hosting.instances() == []


def test_a_zone_that_the_enclave_has_no_subnet_in_is_refused_before_any_call(hosting, launch):
    with pytest.raises(ProviderError, match="no subnet in use1-az1"):
        launch(availability_zone_id="use1-az1")

    assert "ec2:RunInstances" not in hosting.calls()


def test_an_image_that_does_not_exist_is_named(launch):
    with pytest.raises(ProviderError) as refusal:
        launch(image_id="ami-0123456789abcdef0")

    assert refusal.value.trouble == Trouble.INVALID


def test_ended_hosts_are_gone_and_ending_them_again_is_no_error(hosting, launch):
    launched = launch()

    for _ in range(2):
        hosting.provider().terminate(PLACE, [launched.instance_id, "i-0123456789abcdef0"])

    assert hosting.provider().list_hosts(PLACE) == []


def test_hosts_are_ended_in_batches(hosting, launch, monkeypatch):
    monkeypatch.setattr(machines, "VALUES_PER_FILTER", 2)
    ids = [launch().instance_id for _ in range(3)]
    hosting.aws.record.clear()

    hosting.provider().terminate(PLACE, ids)

    assert hosting.calls().count("ec2:TerminateInstances") == 2
    assert hosting.provider().list_hosts(PLACE) == []


def test_a_machine_that_somebody_else_launched_is_listed_without_a_host(hosting, resources):
    hosting.root("ec2").run_instances(
        ImageId=hosting.image,
        InstanceType="m6g.large",
        MinCount=1,
        MaxCount=1,
        SubnetId=resources["subnets"]["use1-az6"],
    )

    assert [each.host_id for each in hosting.provider().list_hosts(PLACE)] == [None]


def test_a_host_of_another_registration_is_nobody_of_ours(hosting, launch):
    launch()

    listed = hosting.provider(registration="another").list_hosts(PLACE)

    assert [each.host_id for each in listed] == [None]


def test_a_machine_outside_the_zones_network_is_not_listed(hosting, resources):
    ec2 = hosting.root("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    where = {"VpcId": vpc, "CidrBlock": "10.7.0.0/24", "AvailabilityZoneId": PLACE.availability_zone_ids[0]}
    subnet = ec2.create_subnet(**where)["Subnet"]["SubnetId"]
    ec2.run_instances(
        ImageId=hosting.image, InstanceType="m6g.large", MinCount=1, MaxCount=1, SubnetId=subnet
    )

    assert hosting.provider().list_hosts(PLACE) == []


def test_no_network_is_an_error_and_not_an_empty_list(account):
    with pytest.raises(ProviderError) as refusal:
        account.provider().list_hosts(PLACE)

    assert refusal.value.trouble == Trouble.INVALID


def test_pages_are_read_to_the_end(hosting, launch, monkeypatch):
    monkeypatch.setattr(machines, "PAGE", 5)
    ids = {launch().instance_id for _ in range(7)}
    hosting.aws.record.clear()

    listed = {each.instance_id for each in hosting.provider().list_hosts(PLACE)}

    assert listed == ids
    assert hosting.calls().count("ec2:DescribeInstances") == 2


def test_a_look_at_hosts_takes_three_calls(hosting, launch):
    launch()
    hosting.aws.record.clear()

    hosting.provider().list_hosts(PLACE)

    assert hosting.calls() == ["sts:AssumeRole", "ec2:DescribeSubnets", "ec2:DescribeInstances"]


def test_only_hosts_that_pass_the_clouds_checks_are_healthy(hosting, launch):
    well, ill = launch().instance_id, launch().instance_id
    hosting.aws.behaviour.impaired_instances.add(ill)

    assert hosting.provider().healthy_hosts(PLACE, [well, ill]) == {well}


def test_a_host_that_the_cloud_does_not_know_yet_does_not_hide_the_others(hosting, launch):
    well = launch().instance_id

    assert hosting.provider().healthy_hosts(PLACE, [well, "i-0123456789abcdef0"]) == {well}


def test_the_health_of_many_is_read_in_pages(hosting, launch, monkeypatch):
    monkeypatch.setattr(machines, "IDS_PER_STATUS_CALL", 1)
    ids = {launch().instance_id for _ in range(3)}
    hosting.aws.record.clear()

    assert hosting.provider().healthy_hosts(PLACE, sorted(ids)) == ids
    assert hosting.calls() == ["sts:AssumeRole", "ec2:DescribeInstanceStatus"]


def test_nobodys_health_is_no_call(hosting):
    assert hosting.provider().healthy_hosts(PLACE, []) == set()
    assert hosting.calls() == []


def test_a_place_elsewhere_is_asked_in_its_own_region(account):
    place = Place("prod.aws-euw1-az1", "eu-west-1", ("euw1-az1",), 1)
    account.apply_zone(place)

    assert account.provider().list_hosts(place) == []
    assert account.aws.record.calls(
        account=account.number, region="eu-west-1", action="ec2:DescribeInstances"
    )
