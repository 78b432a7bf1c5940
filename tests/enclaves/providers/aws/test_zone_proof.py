import json

import pytest

from enclaves.blueprints.aws.names import OBSERVER, PROVISIONER, archive_bucket
from enclaves.providers.base import Place
from tests.enclaves.providers.tenant_account import PLACE, outcomes, wrong

INSIDE = ["host-subnets", "load-balancer-subnets", "way-out", "hosts-group", "network-acl", "endpoints"]
ANYWHERE = "0.0.0.0/0"


def prove(enclave, place=PLACE, **changes):
    return enclave.provider(**changes).prove_zone(place)


def found(enclave, code):
    return next(each for each in prove(enclave).findings if each.code == code)


def resources(enclave):
    return prove(enclave).resources


def test_a_zone_with_its_template_passes_every_check(enclave):
    proof = prove(enclave)

    assert wrong(proof.findings) == {}
    assert [each.code for each in proof.findings] == [each.code for each in enclave.provider().zone_checks()]
    assert list(proof.resources["subnets"]) == ["use1-az6"]


def test_what_was_found_can_be_stored_as_json(enclave):
    proved = resources(enclave)

    assert json.loads(json.dumps(proved)) == proved


def test_a_proof_asks_for_each_kind_of_thing_once(enclave):
    prove(enclave)

    described = [call for call in enclave.calls() if call.startswith("ec2:Describe")]
    assert len(described) == len(set(described)) + 1  # images: which is the newest, and its root device


def test_three_availability_zones_are_proved_alike(account):
    place = Place("prod.aws-us-east-1", "us-east-1", ("use1-az2", "use1-az4", "use1-az6"), 1)
    account.apply_zone(place)

    proof = prove(account, place)

    assert wrong(proof.findings) == {}
    assert list(proof.resources["subnets"]) == ["use1-az2", "use1-az4", "use1-az6"]


def test_two_zones_of_a_region_stand_side_by_side(enclave):
    other = Place("test.aws-us-east-1c", "us-east-1", ("use1-az6",), 1)
    enclave.apply_zone(other)

    assert wrong(prove(enclave).findings) == {}
    assert wrong(prove(enclave, other).findings) == {}


def test_a_nat_gateway_is_the_tenants_choice(account):
    account.apply_zone(EnableNat="true")

    assert wrong(prove(account).findings) == {}


def test_a_zone_without_its_template_is_told_to_apply_it(account):
    proof = prove(account)

    assert outcomes(proof.findings) == {
        "network": "failed",
        **dict.fromkeys(INSIDE, "skipped"),
        "disk-key": "failed",
        "archive-key": "failed",
        "archive": "skipped",
        "launch-rehearsal": "skipped",
    }
    assert proof.findings[0].advice == (
        "Apply the zone template in us-east-1 again. The check runs again by itself."
    )
    assert proof.resources == {}


def test_a_second_network_with_our_tag_is_named(enclave):
    tags = [{"Key": "enclave:zone", "Value": PLACE.zone}]
    made = enclave.root("ec2").create_vpc(
        CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )

    proof = prove(enclave)

    assert made["Vpc"]["VpcId"] in wrong(proof.findings)["network"]
    assert wrong(proof.findings)["network"].startswith("There are 2 of what must be one network: vpc-")
    assert proof.resources == {}


def test_a_deleted_subnet_is_named(enclave):
    subnet = resources(enclave)["subnets"]["use1-az6"]
    ec2 = enclave.root("ec2")
    ec2.delete_vpc_endpoints(VpcEndpointIds=interface_endpoints(ec2))
    ec2.delete_subnet(SubnetId=subnet)

    assert wrong(prove(enclave).findings)["host-subnets"] == "There is no subnet for hosts in use1-az6"


def interface_endpoints(ec2):
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-type", "Values": ["Interface"]}])
    return [each["VpcEndpointId"] for each in found["VpcEndpoints"]]


def test_another_registration_on_the_network_is_named(enclave):
    vpc = resources(enclave)["vpc_id"]
    tags = [{"Key": "enclave:registration", "Value": "another"}]
    enclave.root("ec2").create_tags(Resources=[vpc], Tags=tags)

    assert found(enclave, "network").title == f"The network {vpc} carries another registration"


def test_an_older_zone_template_is_named(enclave):
    place = Place(PLACE.zone, PLACE.region, PLACE.availability_zone_ids, 2)

    assert wrong(prove(enclave, place).findings)["network"] == "The zone template is not at version 2"


def test_a_security_group_that_lets_somebody_in_is_named(enclave):
    group = resources(enclave)["security_group_id"]
    enclave.root("ec2").authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=ANYWHERE
    )

    assert found(enclave, "hosts-group").title == f"The security group {group} lets somebody in"
    assert found(enclave, "hosts-group").evidence == ANYWHERE


def test_a_network_acl_that_lets_somebody_in_is_named(enclave):
    acl = found(enclave, "network-acl").evidence
    enclave.root("ec2").create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=50,
        Protocol="6",
        RuleAction="allow",
        Egress=False,
        CidrBlock=ANYWHERE,
        PortRange={"From": 22, "To": 22},
    )

    assert found(enclave, "network-acl").title == f"The network ACL {acl} lets somebody in"
    assert found(enclave, "network-acl").advice.startswith("Remove its inbound rules 50.")


def test_a_route_from_the_internet_is_named(enclave):
    ec2 = enclave.root("ec2")
    table, _, _ = found(enclave, "way-out").evidence.partition(" ")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=resources(enclave)["vpc_id"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, GatewayId=gateway)

    assert found(enclave, "way-out").title == "A route leads from the internet to the hosts"


def test_a_missing_endpoint_is_named(enclave):
    ec2 = enclave.root("ec2")
    ec2.delete_vpc_endpoints(VpcEndpointIds=interface_endpoints(ec2))

    assert wrong(prove(enclave).findings) == {"endpoints": "There is no endpoint for sts"}


def test_a_disabled_key_is_named(enclave):
    enclave.root("kms").disable_key(KeyId=resources(enclave)["disk_key_arn"])

    assert wrong(prove(enclave).findings)["disk-key"] == (
        "The key alias/enclave-prod-aws-us-east-1c-disk is disabled"
    )


def test_a_key_that_no_longer_rotates_is_named(enclave):
    enclave.root("kms").disable_key_rotation(KeyId=resources(enclave)["archive_key_arn"])

    assert wrong(prove(enclave).findings)["archive-key"] == (
        "The key alias/enclave-prod-aws-us-east-1c-archive is not rotated"
    )


def test_a_key_without_its_alias_is_missed(enclave):
    enclave.root("kms").delete_alias(AliasName="alias/enclave-prod-aws-us-east-1c-disk")

    assert wrong(prove(enclave).findings)["disk-key"] == (
        "There is no key alias/enclave-prod-aws-us-east-1c-disk"
    )


DAMAGE = {
    "delete_bucket_encryption": "not encrypted with your key",
    "delete_public_access_block": "not closed to the public",
    "delete_bucket_lifecycle": "not expiring after 31 days",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_weakened_archive_is_named(enclave, damage):
    bucket = archive_bucket(enclave.number, PLACE.zone)
    getattr(enclave.root("s3"), damage)(Bucket=bucket)

    assert wrong(prove(enclave).findings) == {"archive": f"The log archive {bucket} is {DAMAGE[damage]}"}


def test_an_archive_that_keeps_no_versions_is_named(enclave):
    bucket = archive_bucket(enclave.number, PLACE.zone)
    enclave.root("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

    assert wrong(prove(enclave).findings) == {"archive": f"The log archive {bucket} is not versioned"}


def test_a_deleted_archive_is_named(enclave):
    bucket = archive_bucket(enclave.number, PLACE.zone)
    enclave.root("s3").delete_bucket(Bucket=bucket)

    assert wrong(prove(enclave).findings) == {"archive": f"There is no log archive {bucket} in this account"}


def test_a_launch_that_would_be_refused_is_found_out_beforehand(enclave):
    enclave.root("iam").delete_role_policy(RoleName=PROVISIONER, PolicyName=PROVISIONER)

    proof = prove(enclave)

    assert wrong(proof.findings) == {"launch-rehearsal": "A launch would be refused"}
    assert enclave.instances() == []


def test_a_read_that_is_denied_is_named(enclave):
    deny = {"Effect": "Deny", "Action": "ec2:DescribeSubnets", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    enclave.root("iam").put_role_policy(RoleName=OBSERVER, PolicyName="deny", PolicyDocument=document)

    assert found(enclave, "host-subnets").evidence == "ec2:DescribeSubnets → UnauthorizedOperation"


def test_a_throttled_read_is_unknown_and_no_failure(enclave, no_waiting):
    enclave.aws.faults.add(
        account=enclave.number, action="ec2:DescribeVpcs", error="RequestLimitExceeded", times=None
    )

    proof = prove(enclave)

    assert outcomes(proof.findings)["network"] == "unknown"
    assert outcomes(proof.findings)["disk-key"] == "passed"
    assert proof.resources == {}
