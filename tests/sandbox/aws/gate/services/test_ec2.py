import pytest

MINE = {"StringEquals": {"aws:ResourceTag/enclave:host": "h"}}
TERMINATE_MINE = {
    "Action": "ec2:TerminateInstances",
    "Resource": "arn:aws:ec2:*:*:instance/*",
    "Condition": MINE,
}


@pytest.mark.parametrize(("tag", "answer"), [("h", "ok"), ("other", "UnauthorizedOperation")])
def test_only_instances_with_the_right_tag_can_be_ended(acting, network, code, tag, answer):
    instance = network.launch()[0]["InstanceId"]
    network.ec2.create_tags(Resources=[instance], Tags=[{"Key": "enclave:host", "Value": tag}])

    assert code(acting("ec2", TERMINATE_MINE).terminate_instances, InstanceIds=[instance]) == answer


def test_one_foreign_instance_saves_them_all(acting, network, code):
    mine, foreign = (one["InstanceId"] for one in network.launch(2))
    network.ec2.delete_tags(Resources=[foreign], Tags=[{"Key": "enclave:host"}])

    answer = code(acting("ec2", TERMINATE_MINE).terminate_instances, InstanceIds=[mine, foreign])

    states = [s["InstanceState"]["Name"] for s in network.ec2.describe_instance_status()["InstanceStatuses"]]
    assert (answer, states) == ("UnauthorizedOperation", ["running", "running"])


def test_a_dry_run_of_an_end_ends_nothing(acting, network, code):
    instance = network.launch()[0]["InstanceId"]

    answer = code(acting("ec2", TERMINATE_MINE).terminate_instances, InstanceIds=[instance], DryRun=True)

    assert answer == "DryRunOperation"
    assert len(network.ec2.describe_instance_status()["InstanceStatuses"]) == 1


def test_tags_can_be_given_at_creation_and_never_later(acting, network, code):
    at_launch = {"StringEquals": {"ec2:CreateAction": "CreateVolume"}}
    ec2 = acting("ec2", {"Action": "ec2:CreateVolume"}, {"Action": "ec2:CreateTags", "Condition": at_launch})
    tags = [{"Key": "a", "Value": "b"}]
    where = {"AvailabilityZone": "us-east-1a", "Size": 1}

    made = ec2.create_volume(**where, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}])
    later = code(ec2.create_tags, Resources=[made["VolumeId"]], Tags=tags)

    assert (made["Tags"], later) == (tags, "UnauthorizedOperation")


def test_an_id_in_a_tags_value_is_no_resource(acting, network, code):
    ec2 = acting("ec2", {"Action": "ec2:CreateTags", "Resource": f"arn:aws:ec2:*:*:subnet/{network.subnet}"})

    tags = [{"Key": "vpc", "Value": network.vpc}]

    assert code(ec2.create_tags, Resources=[network.subnet], Tags=tags) == "ok"


@pytest.mark.parametrize(
    "call",
    [
        ("delete_subnet", "SubnetId", "subnet"),
        ("delete_vpc", "VpcId", "vpc"),
        ("delete_security_group", "GroupId", "group"),
    ],
    ids=lambda call: call[0],
)
def test_networks_need_rights_of_their_own(acting, network, code, call):
    name, argument, attribute = call
    ec2 = acting("ec2", TERMINATE_MINE, {"Action": "ec2:Describe*"})

    assert code(getattr(ec2, name), **{argument: getattr(network, attribute)}) == "UnauthorizedOperation"
