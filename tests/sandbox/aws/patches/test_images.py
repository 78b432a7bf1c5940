import pytest


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_every_account_finds_the_vendors_image_by_its_name(root, new_account, architecture):
    name = f"enclave-host-2026.11-{architecture}"
    filters = [
        {"Name": "name", "Values": ["enclave-host-*"]},
        {"Name": "architecture", "Values": [architecture]},
    ]

    found = [
        root("ec2", new_account()).describe_images(Owners=["999900001111"], Filters=filters)["Images"]
        for _ in range(2)
    ]

    for images in found:
        assert [(i["Name"], i["OwnerId"], i["State"], i["RootDeviceName"]) for i in images] == [
            (name, "999900001111", "available", "/dev/xvda")
        ]
    assert found[0][0]["ImageId"] == found[1][0]["ImageId"]


def test_an_image_has_another_id_in_another_region(root):
    found = {
        root("ec2", region=region).describe_images(Owners=["999900001111"])["Images"][0]["ImageId"]
        for region in ("us-east-1", "eu-west-1")
    }

    assert len(found) == 2


def test_nobody_else_owns_it(root):
    assert root("ec2").describe_images(Owners=["self"])["Images"] == []
