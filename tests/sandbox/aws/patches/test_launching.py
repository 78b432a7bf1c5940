import uuid

import pytest

from tests.sandbox.aws.conftest import new_network


def test_as_many_start_as_are_wanted(network):
    assert len(network.ec2.run_instances(**network.wish(MinCount=1, MaxCount=3))["Instances"]) == 3


def test_the_same_token_starts_nothing_twice(network):
    wish = network.wish(MinCount=2, MaxCount=2)

    first, again = (network.ec2.run_instances(**wish)["Instances"] for _ in range(2))

    assert [one["InstanceId"] for one in again] == [one["InstanceId"] for one in first]
    assert len(instances(network)) == 2


@pytest.mark.parametrize("change", [{"MaxCount": 2}, {"InstanceType": "m7g.xlarge"}, {"UserData": "x"}])
def test_one_token_for_two_wishes_is_refused(network, code, change):
    wish = network.wish()
    network.ec2.run_instances(**wish)

    assert code(network.ec2.run_instances, **{**wish, **change}) == "IdempotentParameterMismatch"
    assert len(instances(network)) == 1


def test_a_token_remembers_an_instance_that_ended(network):
    wish = network.wish()
    first = network.ec2.run_instances(**wish)["Instances"][0]["InstanceId"]
    network.ec2.terminate_instances(InstanceIds=[first])

    again = network.ec2.run_instances(**wish)["Instances"]

    assert [one["InstanceId"] for one in again] == [first]


def test_every_instance_gets_all_that_was_asked_for(network, root):
    iam, key = root("iam"), root("kms").create_key()["KeyMetadata"]["Arn"]
    profile = iam.create_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Arn"]
    root("kms").create_alias(AliasName="alias/enclave-disk", TargetKeyId=key)
    disk = {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": "alias/enclave-disk"}
    mapping = [{"DeviceName": "/dev/xvda", "Ebs": {**disk, "Iops": 4000, "Throughput": 250}}]

    launched = network.launch(2, BlockDeviceMappings=mapping, IamInstanceProfile={"Name": "p"})

    for one in launched:
        assert one["IamInstanceProfile"]["Arn"] == profile
        assert [group["GroupId"] for group in one["SecurityGroups"]] == [network.group]
        assert one["MetadataOptions"]["HttpTokens"] == "required"
        assert (one["SubnetId"], one["VpcId"]) == (network.subnet, network.vpc)
        assert one["Placement"]["AvailabilityZoneId"] == network.zone
        assert one["Tags"] == [{"Key": "enclave:host", "Value": "h"}]
    volumes = network.ec2.describe_volumes()["Volumes"]
    assert [(v["KmsKeyId"], v["Iops"], v["Throughput"]) for v in volumes] == [(key, 4000, 250)] * 2


def test_an_interface_has_tags_an_ipv6_address_and_nothing_public(network):
    interface = network.launch()[0]["NetworkInterfaces"][0]

    described = network.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[interface["NetworkInterfaceId"]]
    )["NetworkInterfaces"][0]

    assert len(interface["Ipv6Addresses"]) == 1
    assert "Association" not in interface
    assert described["TagSet"] == [{"Key": "enclave:host", "Value": "h"}]


def test_no_two_hosts_share_an_address(network):
    launched = network.launch(50)

    for name in ("Ipv6Address", "PrivateIpAddress"):
        assert len({one[name] for one in launched}) == 50


def test_options_of_confidential_machines_are_kept(network, root):
    x86 = root("ec2").describe_images(
        Filters=[
            {"Name": "architecture", "Values": ["x86_64"]},
            {"Name": "name", "Values": ["enclave-host-*"]},
        ]
    )["Images"][0]["ImageId"]

    launched = network.launch(ImageId=x86, InstanceType="m6a.large", CpuOptions={"AmdSevSnp": "enabled"})[0]
    enclave = network.launch(InstanceType="m7g.xlarge", EnclaveOptions={"Enabled": True})[0]

    assert launched["CpuOptions"]["AmdSevSnp"] == "enabled"
    assert enclave["EnclaveOptions"] == {"Enabled": True}


REFUSALS = {
    "no such type": ({"InstanceType": "m99.large"}, "InvalidInstanceType"),
    "no such image": ({"ImageId": "ami-12345678"}, "InvalidAMIID.NotFound"),
    "other architecture": ({"InstanceType": "m6a.large"}, "InvalidParameterValue"),
    "no such profile": ({"IamInstanceProfile": {"Name": "none"}}, "NoSuchEntity"),
    "fewer than one": ({"MinCount": 2, "MaxCount": 1}, "InvalidParameterValue"),
    "too much user data": ({"UserData": "x" * (16 * 1024 + 1)}, "InvalidParameterValue"),
    "no SEV-SNP on arm": ({"CpuOptions": {"AmdSevSnp": "enabled"}}, "InvalidParameterCombination"),
}


@pytest.mark.parametrize(("change", "answer"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_launched_is_refused(network, code, change, answer):
    assert code(network.ec2.run_instances, **network.wish(**change)) == answer
    assert instances(network) == []


def test_a_subnet_that_is_full_takes_no_more(root, code):
    small = new_network(root("ec2"), "10.0.0.0/28")

    launched = small.ec2.run_instances(**small.wish(MinCount=1, MaxCount=100))["Instances"]

    assert len(launched) == 11
    assert code(small.ec2.run_instances, **small.wish()) == "InsufficientFreeAddressesInSubnet"


def test_ended_instances_give_their_addresses_back(root):
    small = new_network(root("ec2"), "10.0.0.0/28")
    ids = [one["InstanceId"] for one in small.launch(11)]

    small.ec2.terminate_instances(InstanceIds=ids)

    assert len(small.launch(11)) == 11


def test_capacity_gives_what_is_free_and_at_least_the_minimum(aws, network, account, code):
    aws.behaviour.limit_capacity(2, account=account)

    answer = code(network.ec2.run_instances, **network.wish(MinCount=3, MaxCount=5))
    launched = network.ec2.run_instances(**network.wish(MinCount=1, MaxCount=5))["Instances"]
    later = code(network.ec2.run_instances, **network.wish())

    assert (answer, len(launched), later) == (
        "InsufficientInstanceCapacity",
        2,
        "InsufficientInstanceCapacity",
    )


def test_capacity_of_one_type_does_not_concern_another(aws, network, account, code):
    aws.behaviour.limit_capacity(0, account=account, instance_type="m7g.large", zone=network.zone)

    answers = [
        code(network.ec2.run_instances, **network.wish(InstanceType=kind))
        for kind in ("m7g.large", "m7g.xlarge")
    ]

    assert answers == ["InsufficientInstanceCapacity", "ok"]


def test_a_launch_with_a_key_that_is_off_ends_by_itself(network, root):
    key = root("kms").create_key()["KeyMetadata"]["KeyId"]
    root("kms").disable_key(KeyId=key)
    disk = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 10, "Encrypted": True, "KmsKeyId": key}}]

    network.launch(BlockDeviceMappings=disk)

    one = instances(network)[0]
    assert (one["State"]["Name"], one["StateReason"]["Code"]) == (
        "terminated",
        "Client.InvalidKMSKey.InvalidState",
    )


def test_tokens_belong_to_an_account(network, new_account, root):
    token, other = uuid.uuid4().hex, new_network(root("ec2", new_account()))

    launched = [place.launch(ClientToken=token)[0]["InstanceId"] for place in (network, other)]

    assert len(set(launched)) == 2


def instances(network):
    return [
        one
        for reservation in network.ec2.describe_instances()["Reservations"]
        for one in reservation["Instances"]
    ]
