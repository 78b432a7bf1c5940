import ipaddress

import pytest
import yaml

from enclaves.blueprints import Binding, blueprint
from enclaves.blueprints.aws.names import archive_bucket
from enclaves.blueprints.aws.zone import default_network
from enclaves.providers.base import Place

BINDING = Binding(
    "111122223333", "reg-1", "the-external-id-of-1", "arn:aws:iam::999900001111:role/p", "999900001111"
)
PLACE = Place("prod.aws-us-east-1", "us-east-1", ("use1-az2", "use1-az4", "use1-az6"), 1)

# The command line takes a template from a file only up to this size.
TEMPLATE_LIMIT = 51_200
WITHOUT_TAGS = {
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::KMS::Alias",
    "AWS::S3::BucketPolicy",
}


@pytest.fixture
def template():
    return yaml.safe_load(blueprint("aws").zone_template(BINDING, PLACE))


@pytest.fixture
def of_type(template):
    """Find the resources of a type: ``of_type("EC2::Subnet")``."""

    def find(kind):
        return [each for each in template["Resources"].values() if each["Type"] == f"AWS::{kind}"]

    return find


def tags_of(resource):
    return {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}


def test_all_that_can_carry_tags_carries_ours(template):
    resources = [each for each in template["Resources"].values() if each["Type"] not in WITHOUT_TAGS]

    wanted = {"enclave:registration", "enclave:template-version", "enclave:zone", "enclave:service"}
    assert [each["Type"] for each in resources if set(tags_of(each)) != wanted] == []


def test_subnets_are_placed_by_zone_id_and_have_no_public_ipv4(of_type):
    placed = {
        (tags_of(subnet)["enclave:service"], subnet["Properties"]["AvailabilityZoneId"])
        for subnet in of_type("EC2::Subnet")
        if subnet.get("Condition") != "WithNat"
    }

    assert placed == {(service, zone) for service in ("hosts", "lb") for zone in PLACE.availability_zone_ids}
    assert {subnet["Properties"]["MapPublicIpOnLaunch"] for subnet in of_type("EC2::Subnet")} == {False}


def test_an_internet_gateway_is_made_only_for_the_nat_gateway(of_type):
    conditions = [
        each.get("Condition") for each in [*of_type("EC2::InternetGateway"), *of_type("EC2::NatGateway")]
    ]

    assert conditions == ["WithNat", "WithNat"]


def test_the_nat_gateway_is_off(template):
    assert template["Parameters"]["EnableNat"]["Default"] == "false"


def test_both_keys_rotate_and_outlive_the_stack(of_type):
    keys = of_type("KMS::Key")

    assert [key["Properties"]["EnableKeyRotation"] for key in keys] == [True, True]
    assert [key["DeletionPolicy"] for key in keys] == ["Retain", "Retain"]


def test_two_zones_of_a_region_do_not_share_a_name():
    other = Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",), 1)
    names = []
    for place in (PLACE, other):
        resources = yaml.safe_load(blueprint("aws").zone_template(BINDING, place))["Resources"].values()
        names += [each["Properties"].get("AliasName") for each in resources if "Alias" in each["Type"]]
        names += [
            each["Properties"].get("BucketName") for each in resources if each["Type"] == "AWS::S3::Bucket"
        ]

    assert len(names) == 6
    assert len(set(names)) == 6


def test_the_chosen_network_lies_in_ten_slash_eight_and_stays():
    zones = [f"prod.aws-use1-az{number}" for number in range(50)]

    networks = [default_network("111122223333", zone) for zone in zones]

    assert all(ipaddress.ip_network(each).subnet_of(ipaddress.ip_network("10.0.0.0/8")) for each in networks)
    assert networks == [default_network("111122223333", zone) for zone in zones]
    assert len(set(networks)) > 30


def test_a_zone_too_long_for_a_bucket_is_refused():
    with pytest.raises(ValueError, match="cannot be part of a bucket's name"):
        archive_bucket("111122223333", "prod." + "x" * 60)


def test_the_template_is_small_enough_for_the_command_line():
    assert len(blueprint("aws").zone_template(BINDING, PLACE).encode()) < TEMPLATE_LIMIT


def test_the_zone_template_holds_no_external_id():
    assert BINDING.external_id not in blueprint("aws").zone_template(BINDING, PLACE)


def test_skipped_lint_checks_say_why(template):
    metadata = [each["Metadata"] for each in template["Resources"].values() if "Metadata" in each]

    assert [skip["comment"][-1] for each in metadata for skip in each["checkov"]["skip"]] == ["."]
