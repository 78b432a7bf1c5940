"""What a launch needs: each test takes one thing away from a policy that is just enough."""

import copy

import pytest

from tests.sandbox.aws.conftest import new_network, policy

ARN = "arn:aws:ec2:*:*:"
TAGGED = {"StringEquals": {"aws:RequestTag/enclave:host": "h"}}
MINE = {"StringEquals": {"aws:ResourceTag/enclave:service": "hosts"}}
ENOUGH = {
    "instance": {
        "Action": "ec2:RunInstances",
        "Resource": f"{ARN}instance/*",
        "Condition": {"StringEquals": {**TAGGED["StringEquals"], "ec2:MetadataHttpTokens": "required"}},
    },
    "volume": {
        "Action": "ec2:RunInstances",
        "Resource": f"{ARN}volume/*",
        "Condition": {**TAGGED, "Bool": {"ec2:Encrypted": "true"}},
    },
    "network-interface": {
        "Action": "ec2:RunInstances",
        "Resource": f"{ARN}network-interface/*",
        "Condition": {**TAGGED, "Bool": {"ec2:AssociatePublicIpAddress": "false"}},
    },
    "subnet": {"Action": "ec2:RunInstances", "Resource": f"{ARN}subnet/*", "Condition": MINE},
    "security-group": {"Action": "ec2:RunInstances", "Resource": f"{ARN}security-group/*", "Condition": MINE},
    "image": {
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*::image/*",
        "Condition": {"StringEquals": {"ec2:Owner": "999900001111"}},
    },
    "tags": {
        "Action": "ec2:CreateTags",
        "Resource": [f"{ARN}{kind}/*" for kind in ("instance", "volume", "network-interface")],
        "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
    },
}


@pytest.fixture
def place(network):
    network.ec2.create_tags(
        Resources=[network.subnet, network.group], Tags=[{"Key": "enclave:service", "Value": "hosts"}]
    )
    return network


@pytest.fixture
def attempt(acting, place, code):
    """Launch with these statements and these changes of the wish; answers the error code."""

    def make(statements, **changes):
        return code(acting("ec2", *statements).run_instances, **place.wish(**changes))

    return make


def test_a_policy_that_names_every_resource_is_enough(attempt):
    assert attempt(ENOUGH.values()) == "ok"


@pytest.mark.parametrize("missing", ENOUGH)
def test_every_statement_is_needed(attempt, place, missing):
    rest = [statement for name, statement in ENOUGH.items() if name != missing]

    assert attempt(rest) == "UnauthorizedOperation"
    assert place.ec2.describe_instances()["Reservations"] == []


def test_a_condition_on_tags_for_any_resource_is_not_met_by_subnets(attempt):
    everything = {"Action": "ec2:*", "Resource": "*", "Condition": TAGGED}

    assert attempt([everything]) == "UnauthorizedOperation"


CHANGES = {
    "no token for metadata": {"MetadataOptions": {"HttpTokens": "optional"}},
    "no metadata options": {"MetadataOptions": {}},
    "untagged instance": {"TagSpecifications": []},
    "unencrypted disk": {
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 10, "Encrypted": False}}]
    },
    "root disk left as it is in the image": {
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 10, "Encrypted": True}}]
    },
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_launch_that_breaks_a_condition_is_refused(attempt, changes):
    assert attempt(ENOUGH.values(), **changes) == "UnauthorizedOperation"


def test_tagging_one_kind_does_not_tag_the_others(attempt, place):
    only_instances = place.wish()["TagSpecifications"][:1]

    assert attempt(ENOUGH.values(), TagSpecifications=only_instances) == "UnauthorizedOperation"


def test_a_public_address_is_refused(attempt, place):
    public = copy.deepcopy(place.wish()["NetworkInterfaces"])
    public[0]["AssociatePublicIpAddress"] = True

    assert attempt(ENOUGH.values(), NetworkInterfaces=public) == "UnauthorizedOperation"


def test_a_network_of_somebody_else_is_refused(attempt, place):
    other = new_network(place.ec2)

    assert (
        attempt(ENOUGH.values(), NetworkInterfaces=other.wish()["NetworkInterfaces"])
        == "UnauthorizedOperation"
    )


def test_without_a_group_the_default_group_of_the_vpc_is_checked(attempt, place):
    bare = [{**place.wish()["NetworkInterfaces"][0]}]
    del bare[0]["Groups"]

    assert attempt(ENOUGH.values(), NetworkInterfaces=bare) == "UnauthorizedOperation"


@pytest.mark.parametrize("kind", ["subnet", "network-interface", "security-group"])
def test_a_policy_can_hold_launches_to_one_vpc(attempt, place, account, kind):
    def bound_to(vpc):
        arn = f"arn:aws:ec2:us-east-1:{account}:vpc/{vpc}"
        bound = {**ENOUGH[kind], "Condition": {"StringEquals": {"ec2:Vpc": arn}}}
        return {**ENOUGH, kind: bound}.values()

    assert [attempt(bound_to(place.vpc)), attempt(bound_to("vpc-0"))] == ["ok", "UnauthorizedOperation"]


@pytest.fixture
def profile(root, account):
    iam = root("iam")
    trust = policy(
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    iam.create_role(RoleName="enclave-host", AssumeRolePolicyDocument=trust)
    iam.create_instance_profile(InstanceProfileName="enclave-host")
    iam.add_role_to_instance_profile(InstanceProfileName="enclave-host", RoleName="enclave-host")
    return {"IamInstanceProfile": {"Name": "enclave-host"}}


@pytest.mark.parametrize(
    ("service", "answer"), [("ec2.amazonaws.com", "ok"), ("lambda.amazonaws.com", "UnauthorizedOperation")]
)
def test_a_role_must_be_passed_to_ec2(attempt, profile, account, service, answer):
    passing = {
        "Action": "iam:PassRole",
        "Resource": f"arn:aws:iam::{account}:role/enclave-host",
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }

    assert attempt([*ENOUGH.values(), passing], **profile) == answer


def test_a_profile_without_the_right_to_pass_its_role_is_refused(attempt, profile):
    assert attempt(ENOUGH.values(), **profile) == "UnauthorizedOperation"


@pytest.mark.parametrize(
    ("statements", "answer"), [(ENOUGH.values(), "DryRunOperation"), ([], "UnauthorizedOperation")]
)
def test_a_dry_run_answers_whether_it_would_be_allowed(attempt, place, statements, answer):
    assert attempt(statements, DryRun=True) == answer
    assert place.ec2.describe_instances()["Reservations"] == []


KEY_USE = {
    "Action": ["kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"],
    "Condition": {
        "ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/enclave-*"},
        "StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"},
    },
}
GRANT_ONLY_TO_AWS = {
    **KEY_USE,
    "Condition": {**KEY_USE["Condition"], "Bool": {"kms:GrantIsForAWSResource": "true"}},
}
KEY_STATEMENTS = {
    "both": ([KEY_USE], "running"),
    "both, the grant for AWS only": ([GRANT_ONLY_TO_AWS], "running"),
    "no grant": ([{**KEY_USE, "Action": "kms:GenerateDataKeyWithoutPlaintext"}], "terminated"),
    "no data key": ([{**KEY_USE, "Action": "kms:CreateGrant"}], "terminated"),
    "neither": ([], "terminated"),
}


@pytest.mark.parametrize(("statements", "state"), KEY_STATEMENTS.values(), ids=KEY_STATEMENTS)
def test_a_launch_with_a_key_that_the_caller_may_not_use_ends_by_itself(
    acting, place, root, statements, state
):
    key = root("kms").create_key()["KeyMetadata"]["Arn"]
    root("kms").create_alias(AliasName="alias/enclave-disk", TargetKeyId=key)
    disk = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 10, "Encrypted": True, "KmsKeyId": key}}]

    wish = place.wish(BlockDeviceMappings=disk)
    launched = acting("ec2", *ENOUGH.values(), *statements).run_instances(**wish)["Instances"][0]

    found = place.ec2.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][0][
        "Instances"
    ][0]
    assert found["State"]["Name"] == state
