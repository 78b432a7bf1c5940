import pytest

from enclaves.providers.aws import machines
from enclaves.providers.base import CloudHostState, Place, ProviderError, Trouble
from tests.enclaves.providers.tenant_account import PLACE


def test_a_host_is_launched_as_the_architecture_promises(enclave, resources, launch):
    launch()

    machine = enclave.instances()[0]
    disk = enclave.root("ec2").describe_volumes()["Volumes"][0]
    assert "PublicIpAddress" not in machine
    assert machine["SubnetId"] == resources["subnets"]["use1-az6"]
    assert [group["GroupId"] for group in machine["SecurityGroups"]] == [resources["security_group_id"]]
    assert len(machine["NetworkInterfaces"][0]["Ipv6Addresses"]) == 1
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert machine["IamInstanceProfile"]["Arn"].endswith("instance-profile/enclave-host")
    assert (disk["Encrypted"], disk["KmsKeyId"]) == (True, resources["disk_key_arn"])
    assert (disk["VolumeType"], disk["Size"]) == ("gp3", 50)


def test_a_host_and_its_disk_carry_our_tags(enclave, resources):
    order = enclave.order()
    enclave.provider().launch(PLACE, resources, order)

    wanted = {
        "Name": "query-1",
        "enclave:host": order.host_id,
        "enclave:registration": enclave.registration,
        "enclave:tenant": "acme",
        "enclave:zone": PLACE.zone,
    }
    disk = enclave.root("ec2").describe_volumes()["Volumes"][0]
    assert {tag["Key"]: tag["Value"] for tag in enclave.instances()[0]["Tags"]} == wanted
    assert {tag["Key"]: tag["Value"] for tag in disk["Tags"]} == wanted


def test_a_launched_host_is_listed_with_what_the_cloud_gave_it(enclave, launch):
    launched = launch()

    listed = enclave.provider().list_hosts(PLACE)

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
    enclave, launch, confidential, machine, option, shown
):
    image = enclave.image_for("x86_64" if confidential == "vm" else "arm64")

    launch(confidential=confidential, machine=machine, image_id=image)

    told = enclave.instances()[0][option]
    assert {name: told.get(name) for name in shown} == shown


def test_the_same_order_twice_is_one_machine(enclave, resources):
    order = enclave.order()

    first = enclave.provider().launch(PLACE, resources, order)
    second = enclave.provider().launch(PLACE, resources, order)

    assert first.instance_id == second.instance_id
    assert len(enclave.instances()) == 1


def test_an_answer_lost_on_the_way_makes_no_second_machine(enclave, launch, no_waiting):
    enclave.aws.faults.add(account=enclave.number, action="ec2:RunInstances", cut=True, times=1)

    launched = launch()

    assert [machine["InstanceId"] for machine in enclave.instances()] == [launched.instance_id]


def test_an_order_whose_answers_are_all_lost_finds_its_machine_later(enclave, resources, no_waiting):
    order = enclave.order()
    enclave.aws.faults.add(account=enclave.number, action="ec2:RunInstances", cut=True, times=3)
    with pytest.raises(ProviderError) as lost:
        enclave.provider().launch(PLACE, resources, order)

    launched = enclave.provider().launch(PLACE, resources, order)

    assert (lost.value.trouble, lost.value.permanent) == (Trouble.UNAVAILABLE, False)
    assert [machine["InstanceId"] for machine in enclave.instances()] == [launched.instance_id]


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
def test_a_launch_that_fails_says_what_kind_of_trouble_it_is(enclave, launch, no_waiting, error, trouble):
    enclave.aws.faults.add(account=enclave.number, action="ec2:RunInstances", error=error, times=None)

    with pytest.raises(ProviderError) as refusal:
        launch()

    assert (refusal.value.trouble, refusal.value.code) == (trouble, error)
    assert refusal.value.action == "ec2:RunInstances"
    assert enclave.instances() == []


def test_a_zone_that_the_enclave_has_no_subnet_in_is_refused_before_any_call(enclave, launch):
    with pytest.raises(ProviderError, match="no subnet in use1-az1"):
        launch(availability_zone_id="use1-az1")

    assert "ec2:RunInstances" not in enclave.calls()


def test_an_image_that_does_not_exist_is_named(launch):
    with pytest.raises(ProviderError) as refusal:
        launch(image_id="ami-0123456789abcdef0")

    assert refusal.value.trouble == Trouble.INVALID


def test_ended_hosts_are_gone_and_ending_them_again_is_no_error(enclave, launch):
    launched = launch()

    for _ in range(2):
        enclave.provider().terminate(PLACE, [launched.instance_id, "i-0123456789abcdef0"])

    assert enclave.provider().list_hosts(PLACE) == []


def test_hosts_are_ended_in_batches(enclave, launch, monkeypatch):
    monkeypatch.setattr(machines, "VALUES_PER_FILTER", 2)
    ids = [launch().instance_id for _ in range(3)]
    enclave.aws.record.clear()

    enclave.provider().terminate(PLACE, ids)

    assert enclave.calls().count("ec2:TerminateInstances") == 2
    assert enclave.provider().list_hosts(PLACE) == []


def test_a_machine_that_somebody_else_launched_is_listed_without_a_host(enclave, resources):
    enclave.root("ec2").run_instances(
        ImageId=enclave.image,
        InstanceType="m6g.large",
        MinCount=1,
        MaxCount=1,
        SubnetId=resources["subnets"]["use1-az6"],
    )

    assert [each.host_id for each in enclave.provider().list_hosts(PLACE)] == [None]


def test_a_host_of_another_registration_is_nobody_of_ours(enclave, launch):
    launch()

    listed = enclave.provider(registration="another").list_hosts(PLACE)

    assert [each.host_id for each in listed] == [None]


def test_a_machine_outside_the_zones_network_is_not_listed(enclave, resources):
    ec2 = enclave.root("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    where = {"VpcId": vpc, "CidrBlock": "10.7.0.0/24", "AvailabilityZoneId": PLACE.availability_zone_ids[0]}
    subnet = ec2.create_subnet(**where)["Subnet"]["SubnetId"]
    ec2.run_instances(
        ImageId=enclave.image, InstanceType="m6g.large", MinCount=1, MaxCount=1, SubnetId=subnet
    )

    assert enclave.provider().list_hosts(PLACE) == []


def test_no_network_is_an_error_and_not_an_empty_list(account):
    with pytest.raises(ProviderError) as refusal:
        account.provider().list_hosts(PLACE)

    assert refusal.value.trouble == Trouble.INVALID


def test_pages_are_read_to_the_end(enclave, launch, monkeypatch):
    monkeypatch.setattr(machines, "PAGE", 5)
    ids = {launch().instance_id for _ in range(7)}
    enclave.aws.record.clear()

    listed = {each.instance_id for each in enclave.provider().list_hosts(PLACE)}

    assert listed == ids
    assert enclave.calls().count("ec2:DescribeInstances") == 2


def test_a_look_at_hosts_takes_three_calls(enclave, launch):
    launch()
    enclave.aws.record.clear()

    enclave.provider().list_hosts(PLACE)

    assert enclave.calls() == ["sts:AssumeRole", "ec2:DescribeSubnets", "ec2:DescribeInstances"]


def test_only_hosts_that_pass_the_clouds_checks_are_healthy(enclave, launch):
    well, ill = launch().instance_id, launch().instance_id
    enclave.aws.behaviour.impaired_instances.add(ill)

    assert enclave.provider().healthy_hosts(PLACE, [well, ill]) == {well}


def test_a_host_that_the_cloud_does_not_know_yet_does_not_hide_the_others(enclave, launch):
    well = launch().instance_id

    assert enclave.provider().healthy_hosts(PLACE, [well, "i-0123456789abcdef0"]) == {well}


def test_the_health_of_many_is_read_in_pages(enclave, launch, monkeypatch):
    monkeypatch.setattr(machines, "IDS_PER_STATUS_CALL", 1)
    ids = {launch().instance_id for _ in range(3)}
    enclave.aws.record.clear()

    assert enclave.provider().healthy_hosts(PLACE, sorted(ids)) == ids
    assert enclave.calls() == ["sts:AssumeRole", "ec2:DescribeInstanceStatus"]


def test_nobodys_health_is_no_call(enclave):
    assert enclave.provider().healthy_hosts(PLACE, []) == set()
    assert enclave.calls() == []


def test_a_place_elsewhere_is_asked_in_its_own_region(account):
    place = Place("prod.aws-euw1-az1", "eu-west-1", ("euw1-az1",), 1)
    account.apply_zone(place)

    assert account.provider().list_hosts(place) == []
    assert account.aws.record.calls(
        account=account.number, region="eu-west-1", action="ec2:DescribeInstances"
    )
