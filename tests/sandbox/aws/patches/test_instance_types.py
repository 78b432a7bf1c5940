from sandbox.aws.patches.instance_types import offered
from tests.sandbox.aws.conftest import image_of, new_network


def test_types_come_in_pages_of_a_hundred_and_all_of_them_once(root):
    paginator = root("ec2", region="eu-north-1").get_paginator("describe_instance_types")

    pages = [[item["InstanceType"] for item in page["InstanceTypes"]] for page in paginator.paginate()]

    every = [name for page in pages for name in page]
    assert {len(page) for page in pages[:-1]} == {100}
    assert len(every) == len(set(every)) > 300


def test_types_that_a_region_lacks_are_not_listed(root):
    filters = [{"Name": "instance-type", "Values": ["m6a.*", "m7g.large"]}]

    found = root("ec2", region="eu-north-1").describe_instance_types(Filters=filters)["InstanceTypes"]

    assert [item["InstanceType"] for item in found] == ["m7g.large"]


def test_a_type_that_its_zone_lacks_cannot_be_launched(root, code):
    ec2 = root("ec2", region="us-east-1")
    place = new_network(ec2, zone="use1-az3")

    wish = place.wish(ImageId=image_of(ec2, "x86_64"), InstanceType="m6a.large")

    assert code(ec2.run_instances, **wish) == "Unsupported"


def test_offerings_of_one_zone_are_all_there(root):
    paginator = root("ec2").get_paginator("describe_instance_type_offerings")
    wish = {"LocationType": "availability-zone-id", "Filters": [{"Name": "location", "Values": ["use1-az6"]}]}

    pages = [page["InstanceTypeOfferings"] for page in paginator.paginate(**wish)]

    assert [len(page) == 1000 for page in pages] == [True, False]


def test_what_a_region_offers_is_found_out_once_for_all_accounts(root, new_account):
    root("ec2").describe_instance_types(MaxResults=100)
    before = offered.cache_info().misses

    root("ec2", new_account()).describe_instance_types(MaxResults=100)

    assert offered.cache_info().misses == before
