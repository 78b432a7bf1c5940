"""One pretend AWS for all tests; each test takes accounts of its own, because resetting is slow."""

import itertools
import json
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.credentials import Credentials
from sandbox.aws.server import EmbeddedAws

NUMBERS = itertools.count(200000000000)
# Clients made from one session share what is slow: the models of the services.
SESSION = boto3.Session()
ONCE = Config(retries={"total_max_attempts": 1})
EVERYBODY_ELSE = "999900001111"


@pytest.fixture(scope="session")
def running_aws():
    with EmbeddedAws(portal_account=EVERYBODY_ELSE) as aws:
        yield aws


@pytest.fixture
def aws(running_aws):
    yield running_aws
    running_aws.reset()


@pytest.fixture
def new_account(aws):
    """Make an account that nobody has used yet."""

    def make() -> str:
        account = str(next(NUMBERS))
        aws.add_account(account)
        return account

    return make


@pytest.fixture
def account(new_account):
    return new_account()


@pytest.fixture
def client(aws):
    """Make a client: ``client("ec2", credentials)``; a botocore that does not retry."""

    def make(service: str, credentials: Credentials, region: str = "us-east-1", **options: Any) -> Any:
        return SESSION.client(
            service,
            region_name=region,
            endpoint_url=aws.url,
            config=options.pop("config", ONCE),
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            **options,
        )

    return make


@pytest.fixture
def root(aws, account, client):
    """Make a client with the root key: ``root("iam")``, ``root("s3", another_account)``."""

    def make(service: str, of: str = account, region: str = "us-east-1", **options: Any) -> Any:
        return client(service, aws.add_account(of), region, **options)

    return make


@pytest.fixture
def portal(aws):
    return aws.add_portal()


@pytest.fixture
def new_role(root, account):
    """Make a role: ``new_role(trusted_arn, {"Action": …})``; answers its ARN."""

    def make(trusted: str, *statements: dict[str, Any], of: str = account, **trust: Any) -> str:
        name = f"enclave-{uuid.uuid4().hex[:12]}"
        allow = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole", **trust}
        iam = root("iam", of)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(allow))["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
        return role["Arn"]

    return make


@pytest.fixture
def assume(client):
    """Assume a role: ``assume(portal.credentials, arn, ExternalId="…")``; answers its credentials."""

    def make(credentials: Credentials, arn: str, **options: Any) -> Credentials:
        sts = client("sts", credentials)
        found = sts.assume_role(RoleArn=arn, RoleSessionName="test", **options)["Credentials"]
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    return make


@pytest.fixture
def acting(new_role, assume, portal, client):
    """A client of somebody who may do just this: ``acting("ec2", {"Action": …, "Resource": …})``."""

    def make(service: str, *statements: dict[str, Any], region: str = "us-east-1") -> Any:
        return client(service, assume(portal.credentials, new_role(portal.arn, *statements)), region)

    return make


def policy(*statements: dict[str, Any]) -> str:
    """A policy document; a statement allows, and everything, unless it says otherwise."""
    whole = [{"Effect": "Allow", "Resource": "*", **s} if "Principal" not in s else s for s in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


@pytest.fixture
def code():
    """The AWS error code of a call that must fail, "ok" if it does not."""

    def call(function: Any, **arguments: Any) -> str:
        try:
            function(**arguments)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "ok"

    return call


@dataclass
class Network:
    """A network to launch into, with the image that fits."""

    ec2: Any
    vpc: str
    subnet: str
    group: str
    image: str
    zone: str

    def wish(self, **changes: Any) -> dict[str, Any]:
        """The arguments of a launch as the portal makes it."""
        tags = [{"Key": "enclave:host", "Value": "h"}]
        wish = {
            "ImageId": self.image,
            "InstanceType": "m7g.large",
            "MinCount": 1,
            "MaxCount": 1,
            "ClientToken": uuid.uuid4().hex,
            "MetadataOptions": {"HttpTokens": "required"},
            "NetworkInterfaces": [
                {
                    "DeviceIndex": 0,
                    "SubnetId": self.subnet,
                    "Groups": [self.group],
                    "AssociatePublicIpAddress": False,
                    "Ipv6AddressCount": 1,
                }
            ],
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 10, "VolumeType": "gp3", "Encrypted": True}}
            ],
            "TagSpecifications": [
                {"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume", "network-interface")
            ],
        }
        return {**wish, **changes}

    def launch(self, count: int = 1, **changes: Any) -> list[dict[str, Any]]:
        wish = self.wish(MinCount=count, MaxCount=count, **changes)
        return self.ec2.run_instances(**wish)["Instances"]


@pytest.fixture
def network(root):
    """A VPC with one subnet for IPv4 and IPv6 in us-east-1."""
    return new_network(root("ec2"))


def new_network(ec2: Any, cidr: str = "10.0.0.0/20", zone: str = "use1-az6") -> Network:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    block = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock=cidr, Ipv6CidrBlock=block.replace("/56", "/64"), AvailabilityZoneId=zone
    )["Subnet"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="hosts", Description="hosts")["GroupId"]
    return Network(ec2, vpc, subnet["SubnetId"], group, image_of(ec2, "arm64"), zone)


def image_of(ec2: Any, architecture: str) -> str:
    filters = [
        {"Name": "name", "Values": ["enclave-host-*"]},
        {"Name": "architecture", "Values": [architecture]},
    ]
    return ec2.describe_images(Owners=[EVERYBODY_ELSE], Filters=filters)["Images"][0]["ImageId"]
