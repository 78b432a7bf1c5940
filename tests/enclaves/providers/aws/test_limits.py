"""What the roles cannot do, tried with their own credentials; each refusal beside what is allowed."""

import copy
import json

import boto3
import pytest
from botocore.exceptions import ClientError

from enclaves.blueprints.aws.names import (
    HOST,
    OBSERVER,
    PROVISIONER,
    archive_bucket,
    archive_key_alias,
    disk_key_alias,
)
from enclaves.providers.aws.launch import launch_request
from sandbox.aws.gate.identities import Session, expiry, find_role
from tests.enclaves.providers.tenant_account import PLACE

REFUSALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


@pytest.fixture
def acting(enclave):
    """Make a client with a role's own credentials: ``acting(PROVISIONER, "ec2")``."""

    def make(role, service):
        found = find_role(f"arn:aws:iam::{enclave.number}:role/{role}")
        session = Session(found.arn, found.id, "test", expiry(3600))
        key = enclave.aws.gate.identities.open_session(enclave.number, session)
        return boto3.Session().client(
            service,
            region_name=PLACE.region,
            endpoint_url=enclave.aws.url,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            aws_session_token=key.session_token,
        )

    return make


@pytest.fixture
def refused(acting, enclave, resources):
    """Say whether a role is refused a call: ``refused(PROVISIONER, "iam", "create_user", UserName="x")``."""

    def ask(role, service, call, **arguments):
        try:
            getattr(acting(role, service), call)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSALS:
                raise
            return True
        return False

    return ask


@pytest.fixture
def request_of(enclave, resources):
    """Write a launch as the portal does."""

    def make():
        return launch_request(enclave.claim, PLACE, resources, enclave.order(), "/dev/xvda")

    return make


FORBIDDEN = {
    "make a user": ("iam", "create_user", {"UserName": "mallory"}),
    "widen its own policy": (
        "iam",
        "put_role_policy",
        {"RoleName": PROVISIONER, "PolicyName": "more", "PolicyDocument": "{}"},
    ),
    "change whom it trusts": (
        "iam",
        "update_assume_role_policy",
        {"RoleName": PROVISIONER, "PolicyDocument": "{}"},
    ),
    "make a network": ("ec2", "create_vpc", {"CidrBlock": "10.3.0.0/16"}),
    "make an internet gateway": ("ec2", "create_internet_gateway", {}),
    "take an address": ("ec2", "allocate_address", {}),
    "disable a key": ("kms", "disable_key", {"KeyId": disk_key_alias(PLACE.zone)}),
    "read with a key": ("kms", "decrypt", {"CiphertextBlob": b"x", "KeyId": disk_key_alias(PLACE.zone)}),
    "make a data key outside EC2": (
        "kms",
        "generate_data_key_without_plaintext",
        {"KeyId": disk_key_alias(PLACE.zone), "KeySpec": "AES_256"},
    ),
    "list machines": ("ec2", "describe_instances", {}),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_provisioner_cannot(refused, what):
    service, call, arguments = FORBIDDEN[what]

    assert refused(PROVISIONER, service, call, **arguments)


@pytest.mark.parametrize("role", [OBSERVER, PROVISIONER])
def test_nobody_of_the_portal_opens_the_network(refused, resources, role):
    group = {"GroupId": resources["security_group_id"], "IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}

    assert refused(role, "ec2", "authorize_security_group_ingress", **group)
    assert refused(role, "ec2", "delete_subnet", SubnetId=resources["subnets"]["use1-az6"])
    assert refused(role, "ec2", "delete_vpc", VpcId=resources["vpc_id"])


@pytest.mark.parametrize("role", [OBSERVER, PROVISIONER])
def test_nobody_of_the_portal_reads_or_empties_the_archive(refused, enclave, role):
    bucket = archive_bucket(enclave.number, PLACE.zone)
    key = "acme/recommender/prod/h1/logs/app/1.log"
    enclave.root("s3").put_object(Bucket=bucket, Key=key, Body=b"line")

    assert refused(role, "s3", "get_object", Bucket=bucket, Key=key)
    assert refused(role, "s3", "delete_object", Bucket=bucket, Key=key)
    assert refused(role, "s3", "list_objects_v2", Bucket=bucket)
    assert refused(role, "s3", "delete_bucket_policy", Bucket=bucket)


def change(request, path, value):
    """Set one value deep in a launch: ``change(request, "MetadataOptions.HttpTokens", "optional")``."""
    *way, last = path.split(".")
    node = request
    for step in way:
        node = node[int(step)] if step.isdigit() else node[step]
    node[int(last) if last.isdigit() else last] = value


def without_tag(request, key):
    for specification in request["TagSpecifications"]:
        specification["Tags"] = [tag for tag in specification["Tags"] if tag["Key"] != key]


def without_tags_on(request, kind):
    request["TagSpecifications"] = [
        each for each in request["TagSpecifications"] if each["ResourceType"] != kind
    ]


BAD_LAUNCHES = {
    "without the registration": lambda r: without_tag(r, "enclave:registration"),
    "without a host": lambda r: without_tag(r, "enclave:host"),
    "without tags on the disk": lambda r: without_tags_on(r, "volume"),
    "without tags on the network interface": lambda r: without_tags_on(r, "network-interface"),
    "with IMDSv1": lambda r: change(r, "MetadataOptions.HttpTokens", "optional"),
    "with an open disk": lambda r: change(
        r, "BlockDeviceMappings.0.Ebs", {"Encrypted": False, "VolumeSize": 50}
    ),
    "with the image's own disk": lambda r: r.pop("BlockDeviceMappings"),
    "with a public address": lambda r: change(r, "NetworkInterfaces.0.AssociatePublicIpAddress", True),
    "without a word on public addresses": lambda r: r["NetworkInterfaces"][0].pop("AssociatePublicIpAddress"),
    "in the network's default group": lambda r: r["NetworkInterfaces"][0].pop("Groups"),
}


def test_a_launch_as_the_portal_makes_it_is_allowed(acting, request_of):
    made = acting(PROVISIONER, "ec2").run_instances(**request_of())

    assert len(made["Instances"]) == 1


@pytest.mark.parametrize("how", BAD_LAUNCHES)
def test_the_provisioner_cannot_launch(refused, enclave, request_of, how):
    request = copy.deepcopy(request_of())
    BAD_LAUNCHES[how](request)

    assert refused(PROVISIONER, "ec2", "run_instances", **request)
    assert enclave.instances() == []


def test_the_provisioner_cannot_launch_for_another_registration(refused, enclave, request_of):
    request = request_of()
    for specification in request["TagSpecifications"]:
        for tag in specification["Tags"]:
            tag["Value"] = "another" if tag["Key"] == "enclave:registration" else tag["Value"]

    assert refused(PROVISIONER, "ec2", "run_instances", **request)


def test_the_provisioner_cannot_launch_into_a_network_of_the_tenants_own(refused, enclave, request_of):
    ec2 = enclave.root("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    request = request_of()
    change(request, "NetworkInterfaces.0.SubnetId", subnet)

    assert refused(PROVISIONER, "ec2", "run_instances", **request)


def test_the_provisioner_cannot_launch_an_image_of_somebody_else(refused, enclave, request_of, launch):
    ec2 = enclave.root("ec2")
    own = ec2.create_image(InstanceId=launch().instance_id, Name="enclave-host-mine")["ImageId"]
    root_device = ec2.describe_images(ImageIds=[own])["Images"][0]["RootDeviceName"]
    request = request_of()
    change(request, "ImageId", own)
    change(request, "BlockDeviceMappings.0.DeviceName", root_device)

    assert refused(PROVISIONER, "ec2", "run_instances", **request)


def test_the_provisioner_can_give_machines_no_role_but_the_hosts(refused, enclave, request_of):
    iam = enclave.root("iam")
    trust = iam.get_role(RoleName=HOST)["Role"]["AssumeRolePolicyDocument"]
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_instance_profile(InstanceProfileName="admin")
    iam.add_role_to_instance_profile(InstanceProfileName="admin", RoleName="admin")
    request = request_of()
    change(request, "IamInstanceProfile", {"Name": "admin"})

    assert refused(PROVISIONER, "ec2", "run_instances", **request)


def test_the_provisioner_cannot_touch_machines_that_are_not_ours(refused, enclave, launch):
    theirs = enclave.root("ec2").run_instances(
        ImageId=enclave.image, InstanceType="m6g.large", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]
    ours = launch().instance_id
    tags = [{"Key": "enclave:registration", "Value": enclave.registration}]

    assert refused(PROVISIONER, "ec2", "terminate_instances", InstanceIds=[theirs])
    assert refused(PROVISIONER, "ec2", "create_tags", Resources=[theirs], Tags=tags)
    assert refused(PROVISIONER, "ec2", "stop_instances", InstanceIds=[ours])
    assert not refused(PROVISIONER, "ec2", "terminate_instances", InstanceIds=[ours])


def test_a_host_puts_logs_into_the_archive_and_can_do_nothing_else_there(refused, enclave):
    log = {
        "Bucket": archive_bucket(enclave.number, PLACE.zone),
        "Key": "acme/recommender/prod/h1/logs/app/1.log",
    }
    elsewhere = {**log, "Key": "acme/recommender/prod/h1/other/1.log"}

    assert not refused(HOST, "s3", "put_object", **log, Body=b"line")
    assert refused(HOST, "s3", "put_object", **elsewhere, Body=b"line")
    assert refused(HOST, "s3", "get_object", **log)
    assert refused(HOST, "s3", "delete_object", **log)


@pytest.mark.parametrize(
    "encryption", [{"ServerSideEncryption": "AES256"}, {"ServerSideEncryption": "aws:kms"}]
)
def test_a_host_cannot_encrypt_logs_with_another_key(refused, enclave, encryption):
    log = {
        "Bucket": archive_bucket(enclave.number, PLACE.zone),
        "Key": "acme/recommender/prod/h1/logs/app/2.log",
    }

    assert refused(HOST, "s3", "put_object", **log, **encryption, Body=b"line")


def test_a_host_cannot_use_a_key_but_through_s3(refused):
    assert refused(HOST, "kms", "generate_data_key", KeyId=archive_key_alias(PLACE.zone), KeySpec="AES_256")
    assert refused(HOST, "kms", "decrypt", CiphertextBlob=b"x", KeyId=archive_key_alias(PLACE.zone))
