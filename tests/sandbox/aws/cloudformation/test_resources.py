"""One stack with every resource type, looked at afterwards."""

from pathlib import Path

import pytest

from sandbox.aws.client import apply_template, delete_stack
from sandbox.aws.cloudformation.resources import TYPES

TEMPLATE = (Path(__file__).parent / "every_type.yaml").read_text(encoding="utf-8")


@pytest.fixture
def stack(aws, account):
    return apply_template(aws.url, account, TEMPLATE, "eu-west-1", "every", {"Name": f"every-{account}"})


@pytest.fixture
def ec2(root):
    return root("ec2", region="eu-west-1")


def test_the_template_has_every_type():
    assert [kind for kind in TYPES if f"Type: {kind}\n" not in TEMPLATE] == []


def test_it_is_removed_as_it_was_made(stack, aws, account, ec2):
    removed = delete_stack(aws.url, account, "eu-west-1", "every")

    assert (stack.status, removed.status) == ("CREATE_COMPLETE", "DELETE_COMPLETE")
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
    assert ec2.describe_addresses()["Addresses"] == []


def test_the_parts_that_a_vpc_is_born_with_can_be_named(stack, ec2):
    group = ec2.describe_security_groups(GroupIds=[stack.outputs["Group"]])["SecurityGroups"][0]
    acl = ec2.describe_network_acls(NetworkAclIds=[stack.outputs["Acl"]])["NetworkAcls"][0]

    vpc = stack.resources["Vpc"]
    assert (group["VpcId"], group["GroupName"], acl["VpcId"], acl["IsDefault"]) == (vpc, "default", vpc, True)


def test_subnets_have_what_was_asked_for(stack, ec2):
    subnet = ec2.describe_subnets(SubnetIds=[stack.resources["Subnet"]])["Subnets"][0]

    assert (subnet["CidrBlock"], subnet["AvailabilityZoneId"]) == ("10.9.0.0/24", "euw1-az2")
    assert (subnet["AssignIpv6AddressOnCreation"], subnet["MapPublicIpOnLaunch"]) == (True, False)
    assert subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].endswith("/64")


def test_routes_lead_where_they_should(stack, ec2):
    routes = ec2.describe_route_tables(RouteTableIds=[stack.resources["Table"]])["RouteTables"][0]["Routes"]

    found = {
        (route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock") or "list"): route
        for route in routes
    }
    assert found["0.0.0.0/0"]["NatGatewayId"] == stack.resources["Nat"]
    assert found["::/0"]["EgressOnlyInternetGatewayId"] == stack.resources["Egress"]


def test_a_group_has_exactly_its_rules(stack, ec2):
    group = ec2.describe_security_groups(GroupIds=[stack.resources["Group"]])["SecurityGroups"][0]

    def rules(permissions):
        return sorted(
            (
                p["IpProtocol"],
                p.get("FromPort"),
                len(p["IpRanges"]),
                len(p["Ipv6Ranges"]),
                len(p["UserIdGroupPairs"]),
            )
            for p in permissions
        )

    assert rules(group["IpPermissions"]) == [("tcp", 22, 0, 0, 1), ("tcp", 443, 0, 1, 0)]
    assert rules(group["IpPermissionsEgress"]) == [("tcp", 443, 1, 0, 0), ("udp", 53, 1, 0, 0)]


def test_an_acl_is_the_subnets_own(stack, ec2):
    acl = ec2.describe_network_acls(NetworkAclIds=[stack.resources["Acl"]])["NetworkAcls"][0]

    entries = {
        (e["RuleNumber"], e["Egress"], e["RuleAction"]) for e in acl["Entries"] if e["RuleNumber"] < 32767
    }
    assert [item["SubnetId"] for item in acl["Associations"]] == [stack.resources["Subnet"]]
    assert entries == {(130, False, "allow"), (140, True, "allow")}


def test_a_bucket_has_what_was_asked_for(stack, root):
    s3, bucket = root("s3", region="eu-west-1"), stack.resources["Bucket"]

    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]

    default = encryption["ApplyServerSideEncryptionByDefault"]
    assert (default["SSEAlgorithm"], default["KMSMasterKeyID"]) == ("aws:kms", stack.outputs["KeyArn"])
    assert lifecycle["Expiration"] == {"Days": 31}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"


def test_a_key_has_its_policy_alias_tags_and_rotation(stack, root):
    kms = root("kms", region="eu-west-1")

    key = kms.describe_key(KeyId="alias/enclave-every")["KeyMetadata"]

    assert key["KeyId"] == stack.resources["Key"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert "AllowRoot" in kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]


def test_a_profile_holds_its_role(stack, root):
    profile = root("iam").get_instance_profile(InstanceProfileName=stack.resources["Profile"])

    assert [r["RoleName"] for r in profile["InstanceProfile"]["Roles"]] == [stack.resources["Role"]]


def test_flow_logs_and_log_groups_are_there(stack, ec2, root):
    logs = ec2.describe_flow_logs(FlowLogIds=[stack.resources["Flow"]])["FlowLogs"]
    group = root("logs", region="eu-west-1").describe_log_groups()["logGroups"][0]

    assert logs[0]["ResourceId"] == stack.resources["Vpc"]
    assert (group["logGroupName"], group["retentionInDays"]) == (stack.resources["Logs"], 30)
