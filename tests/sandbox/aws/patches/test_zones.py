import pytest

ZONES = {
    "us-east-1": "use1-az1 use1-az2 use1-az3 use1-az4 use1-az5 use1-az6",
    "us-east-2": "use2-az1 use2-az2 use2-az3",
    "us-west-2": "usw2-az1 usw2-az2 usw2-az3 usw2-az4",
    "eu-west-1": "euw1-az1 euw1-az2 euw1-az3",
    "eu-central-1": "euc1-az1 euc1-az2 euc1-az3",
    "eu-north-1": "eun1-az1 eun1-az2 eun1-az3",
    "ap-northeast-1": "apne1-az1 apne1-az2 apne1-az4",
    "ap-south-1": "aps1-az1 aps1-az2 aps1-az3",
    "ca-central-1": "cac1-az1 cac1-az2 cac1-az4",
}


def table(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    return {zone["ZoneName"]: zone["ZoneId"] for zone in zones}


@pytest.mark.parametrize("region", ZONES)
def test_every_zone_that_the_portal_offers_exists_and_has_machines(root, region):
    ec2 = root("ec2", region=region)

    offerings = ec2.describe_instance_type_offerings(
        LocationType="availability-zone-id", Filters=[{"Name": "instance-type", "Values": ["m7g.2xlarge"]}]
    )["InstanceTypeOfferings"]

    assert sorted(table(ec2).values()) == ZONES[region].split()
    assert {offering["Location"] for offering in offerings} <= set(ZONES[region].split())
    assert offerings != []


def test_a_zones_name_means_another_zone_in_another_account(root, new_account):
    tables = [table(root("ec2", new_account())) for _ in range(5)]

    assert len({tuple(found.items()) for found in tables}) > 1
    assert len({tuple(sorted(found.values())) for found in tables}) == 1


def test_an_accounts_names_keep_their_meaning(root):
    assert table(root("ec2")) == table(root("ec2"))


def test_a_subnet_by_id_lies_in_the_accounts_own_zone(network):
    subnet = network.ec2.describe_subnets(SubnetIds=[network.subnet])["Subnets"][0]

    assert table(network.ec2)[subnet["AvailabilityZone"]] == subnet["AvailabilityZoneId"] == "use1-az6"
    assert (subnet["MapPublicIpOnLaunch"], subnet["DefaultForAz"]) == (False, False)


def test_offerings_by_name_agree_with_those_by_id(root):
    ec2 = root("ec2")

    def offered(kind):
        filters = [{"Name": "instance-type", "Values": ["m6a.large"]}]
        found = ec2.describe_instance_type_offerings(LocationType=kind, Filters=filters)
        return {offering["Location"] for offering in found["InstanceTypeOfferings"]}

    assert {table(ec2)[name] for name in offered("availability-zone")} == offered("availability-zone-id")


def test_a_zone_that_is_not_there_is_refused(network, code):
    wish = {"VpcId": network.vpc, "CidrBlock": "10.0.16.0/24"}

    answers = [
        code(network.ec2.create_subnet, **wish, **zone)
        for zone in ({"AvailabilityZoneId": "euw1-az1"}, {"AvailabilityZone": "us-east-1z"})
    ]

    assert answers == ["InvalidParameterValue", "InvalidParameterValue"]
