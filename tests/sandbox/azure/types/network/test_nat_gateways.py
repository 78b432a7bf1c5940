import pytest

from tests.sandbox.azure.types.bodies import ADDRESS, GATEWAY, nat_gateway, public_address, spoiled

WAY = f"{GATEWAY}/way"


@pytest.fixture
def _address(cloud):
    cloud.put(f"{ADDRESS}/out", public_address())


@pytest.mark.usefixtures("_address")
def test_a_gateway_goes_out_through_an_address_of_its_zone(cloud):
    made = cloud.put(WAY, nat_gateway("out"))

    assert made["properties"]["publicIpAddresses"] == [{"id": cloud.get(f"{ADDRESS}/out")["id"]}]
    assert cloud.stays(f"{ADDRESS}/out") == "PublicIPAddressCannotBeDeleted"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (public_address("IPv6"), "NatGatewayDoesNotSupportIPv6PublicIpAddress"),
        (public_address(zones=["2"]), "NatGatewayAndPublicIpAddressZoneMismatch"),
    ],
)
def test_an_address_has_to_suit_the_gateway(cloud, address, code):
    cloud.put(f"{ADDRESS}/out", address)

    assert cloud.refusal(WAY, nat_gateway("out")) == code


def test_an_address_of_all_zones_suits_a_gateway_in_one(cloud):
    cloud.put(f"{ADDRESS}/out", public_address(zones=["1", "2", "3"]))

    assert cloud.put(WAY, nat_gateway("out"))["zones"] == ["1"]


@pytest.mark.usefixtures("_address")
@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("sku", None, "InvalidParameter"),
        ("sku.name", "StandardV2", "InvalidParameter"),
        ("zones", ["1", "2"], "InvalidAvailabilityZone"),
        ("properties.idleTimeoutInMinutes", 3, "NatGatewayIdleTimeoutOutOfRange"),
        ("properties.publicIpAddressesV6", [], "InvalidRequestContent"),
    ],
)
def test_a_gateway_is_standard_and_in_one_zone(cloud, path, value, code):
    assert cloud.refusal(WAY, spoiled(nat_gateway("out"), path, value)) == code


def test_an_address_has_to_be_there(cloud):
    assert cloud.refusal(WAY, nat_gateway("none")) == "InvalidResourceReference"


@pytest.mark.usefixtures("_address")
def test_no_two_gateways_share_an_address(cloud):
    cloud.put(WAY, nat_gateway("out"))

    assert cloud.refusal(f"{GATEWAY}/other", nat_gateway("out")) == "PublicIPAddressInUse"
