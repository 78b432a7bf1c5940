import pytest

from tests.sandbox.azure.types.bodies import (
    GATEWAY,
    INTERFACE,
    NETWORK,
    NSG,
    interface,
    nat_gateway,
    network,
    public_address,
    ref,
    security_group,
    spoiled,
    subnet,
)

NET = f"{NETWORK}/net"
SPACE = "properties.addressSpace.addressPrefixes"


def test_a_network_and_its_subnets_are_made_together(cloud):
    made = cloud.put(NET, network(subnet("hosts"), subnet("more", "10.1.1.0/24")))

    names = [item["name"] for item in made["properties"]["subnets"]]
    child = cloud.get(f"{NET}/subnets/more")
    assert names == ["hosts", "more"]
    assert (child["name"], child["properties"]["addressPrefixes"]) == ("more", ["10.1.1.0/24"])
    assert child["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    ("subnets", "code"),
    [
        ([subnet("a", "10.2.0.0/24")], "NetcfgInvalidSubnet"),
        ([subnet("a", "10.0.0.0/8")], "NetcfgInvalidSubnet"),
        ([subnet("a", "10.1.0.0/30")], "NetcfgInvalidSubnet"),
        ([subnet("a", "10.1.0.0/24", "fd00:2::/64")], "NetcfgInvalidSubnet"),
        ([subnet("a", "10.1.0.0/24", "fd00:1::/65")], "InvalidIPv6SubnetPrefixLength"),
        ([subnet("a", "10.1.0.0/24", "fd00:1::/63")], "InvalidIPv6SubnetPrefixLength"),
        ([subnet("a", "10.1.0.5/24")], "InvalidCIDRNotation"),
        ([subnet("a", "10.1.0.0")], "InvalidCIDRNotation"),
        ([subnet("a", "ten/24")], "InvalidAddressPrefixFormat"),
        ([subnet("a", "fd00:1::/64")], "InvalidRequestFormat"),
        ([subnet("a"), subnet("b", "10.1.0.128/25")], "NetcfgSubnetRangesOverlap"),
        ([subnet("a"), subnet("b", "10.1.1.0/24", "fd00:1::/64")], "NetcfgSubnetRangesOverlap"),
        ([subnet("a"), subnet("A", "10.1.1.0/24")], "DuplicateResourceName"),
        ([subnet("a", networkSecurityGroup=ref(f"{NSG}/none"))], "InvalidResourceReference"),
        ([subnet("a", natGateway=ref(f"{GATEWAY}/none"))], "InvalidResourceReference"),
        ([subnet("a", delegation={})], "InvalidRequestContent"),
    ],
)
def test_a_subnet_has_to_fit(cloud, subnets, code):
    assert cloud.refusal(NET, network(*subnets)) == code


@pytest.mark.parametrize(
    ("prefixes", "code"),
    [(["fd00:1::/56"], "InvalidRequestFormat"), (["10.1.0.0"], "InvalidCIDRNotation")],
)
def test_a_network_has_an_ipv4_range(cloud, prefixes, code):
    assert cloud.refusal(NET, spoiled(network(), SPACE, prefixes)) == code


def test_a_network_without_a_range_is_refused(cloud):
    assert cloud.refusal(NET, spoiled(network(), SPACE)) == "InvalidParameter"


@pytest.mark.usefixtures("network")
def test_a_put_without_a_subnet_removes_it(cloud):
    cloud.put(NET, network(subnet("other", "10.1.9.0/24")))

    assert cloud.get(f"{NET}/subnets/hosts") is None


@pytest.mark.usefixtures("network")
def test_a_subnet_in_use_stays_as_it_is(cloud):
    cloud.put(f"{INTERFACE}/nic", interface())

    assert cloud.refusal(NET, network(subnet("other", "10.1.9.0/24"))) == "InUseSubnetCannotBeDeleted"
    assert cloud.refusal(NET, network(subnet("hosts", "10.1.9.0/24"))) == "InUsePrefixCannotBeDeleted"
    assert cloud.stays(NET) == "InUseSubnetCannotBeDeleted"
    assert cloud.stays(f"{NET}/subnets/hosts") == "InUseSubnetCannotBeDeleted"
    assert cloud.get(f"{NET}/subnets/hosts") is not None


@pytest.mark.usefixtures("network")
def test_a_network_takes_its_subnets_with_it(cloud):
    cloud.delete(NET)

    assert (cloud.get(NET), cloud.get(f"{NET}/subnets/hosts")) == (None, None)


def test_what_a_subnet_uses_cannot_be_deleted(cloud):
    cloud.put(f"{NSG}/wall", security_group())
    cloud.put("Microsoft.Network/publicIPAddresses/out", public_address())
    cloud.put(f"{GATEWAY}/way", nat_gateway("out"))
    wall, way = ref(f"{NSG}/wall"), ref(f"{GATEWAY}/way")
    cloud.put(NET, network(subnet("hosts", networkSecurityGroup=wall, natGateway=way)))

    assert cloud.stays(f"{NSG}/wall") == "InUseNetworkSecurityGroupCannotBeDeleted"
    assert cloud.stays(f"{GATEWAY}/way") == "InUseNatGatewayCannotBeDeleted"
    cloud.delete(NET)
    cloud.delete(f"{NSG}/wall")
    assert cloud.get(f"{NSG}/wall") is None


@pytest.mark.usefixtures("network")
def test_a_subnet_can_be_written_by_itself(cloud):
    cloud.put(f"{NET}/subnets/late", {"properties": {"addressPrefix": "10.1.5.0/24"}})

    names = [item["name"] for item in cloud.get(NET)["properties"]["subnets"]]
    assert names == ["hosts", "late"]
    cloud.delete(f"{NET}/subnets/late")
    assert [item["name"] for item in cloud.get(NET)["properties"]["subnets"]] == ["hosts"]


@pytest.mark.usefixtures("network")
def test_a_subnet_written_by_itself_has_to_fit_too(cloud):
    body = {"properties": {"addressPrefix": "10.1.0.128/25"}}

    assert cloud.refusal(f"{NET}/subnets/late", body) == "NetcfgSubnetRangesOverlap"


def test_what_was_read_can_be_written_again(cloud, network):
    assert cloud.put(NET, network)["properties"] == network["properties"]


def test_a_network_that_is_being_made_cannot_be_used(cloud):
    cloud.start(NET, network())

    assert cloud.get(f"{NET}/subnets/hosts")["properties"]["provisioningState"] == "Updating"
