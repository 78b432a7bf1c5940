import pytest

from tests.sandbox.azure.types.bodies import (
    ADDRESS,
    INTERFACE,
    NETWORK,
    configuration,
    interface,
    network,
    public_address,
    ref,
    spoiled,
    subnet,
)

pytestmark = pytest.mark.usefixtures("network")

NIC = f"{INTERFACE}/nic"
V6 = configuration("v6", primary=False, version="IPv6")
INNER = "properties.ipConfigurations.0.properties"


def addresses(made):
    return [item["properties"]["privateIPAddress"] for item in made["properties"]["ipConfigurations"]]


def test_addresses_are_given_behind_those_that_azure_keeps(cloud):
    first = cloud.put(NIC, interface(configuration(), V6))
    second = cloud.put(f"{INTERFACE}/second", interface(configuration(), V6))

    assert addresses(first) == ["10.1.0.4", "fd00:1::4"]
    assert addresses(second) == ["10.1.0.5", "fd00:1::5"]


def test_an_address_is_given_again_when_its_interface_is_gone(cloud):
    cloud.put(NIC, interface())
    cloud.delete(NIC)

    assert addresses(cloud.put(f"{INTERFACE}/second", interface())) == ["10.1.0.4"]


def test_an_interface_keeps_its_address(cloud):
    made = cloud.put(NIC, interface())
    cloud.put(f"{INTERFACE}/second", interface())

    assert addresses(cloud.put(NIC, interface())) == addresses(made)


@pytest.mark.parametrize(
    ("configurations", "code"),
    [
        ([configuration(version="IPv6")], "NetworkInterfaceMustHaveAtLeastOneIPv4IpConfiguration"),
        (
            [configuration(primary=False), configuration("v6", version="IPv6")],
            "Ipv6IpConfigurationCannotBePrimary",
        ),
        ([configuration(), configuration("b")], "NetworkInterfacesMustHaveExactlyOnePrimaryIpConfiguration"),
        (
            [configuration(primary=False), V6],
            "NetworkInterfacesMustHaveExactlyOnePrimaryIpConfiguration",
        ),
        ([configuration(publicIPAddress=ref(f"{ADDRESS}/none"))], "InvalidResourceReference"),
        ([configuration(loadBalancerBackendAddressPools=[])], "InvalidRequestContent"),
    ],
)
def test_an_interface_has_a_primary_ipv4(cloud, configurations, code):
    assert cloud.refusal(NIC, interface(*configurations)) == code


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (f"{INNER}.subnet", None, "InvalidRequestFormat"),
        (f"{INNER}.subnet.id", ref(f"{NETWORK}/net/subnets/none")["id"], "InvalidResourceReference"),
        ("properties.ipConfigurations", None, "InvalidParameter"),
        (
            "properties.networkSecurityGroup",
            ref("Microsoft.Network/networkSecurityGroups/none"),
            "InvalidResourceReference",
        ),
    ],
)
def test_an_interface_stands_in_a_subnet(cloud, path, value, code):
    assert cloud.refusal(NIC, spoiled(interface(), path, value)) == code


def test_a_public_address_is_of_the_same_family_and_used_once(cloud):
    cloud.put(f"{ADDRESS}/six", public_address("IPv6"))
    cloud.put(f"{ADDRESS}/four", public_address())
    cloud.put(NIC, interface(configuration(publicIPAddress=ref(f"{ADDRESS}/four"))))
    other = f"{INTERFACE}/other"

    crossed = interface(configuration(publicIPAddress=ref(f"{ADDRESS}/six")))
    taken = interface(configuration(publicIPAddress=ref(f"{ADDRESS}/four")))
    assert cloud.refusal(other, crossed) == "PublicIPAndPrivateIPVersionMismatch"
    assert cloud.refusal(other, taken) == "PublicIPAddressInUse"


def static(address):
    return interface(configuration(privateIPAllocationMethod="Static", privateIPAddress=address))


def test_a_static_address_lies_in_the_subnet_and_is_free(cloud):
    assert addresses(cloud.put(NIC, static("10.1.0.77"))) == ["10.1.0.77"]
    other = f"{INTERFACE}/other"
    assert cloud.refusal(other, static("10.1.0.77")) == "PrivateIPAddressIsAllocated"
    assert cloud.refusal(other, static("10.2.0.1")) == "PrivateIPAddressNotInSubnet"
    assert cloud.refusal(other, static("ten")) == "InvalidIPAddressFormat"


def test_a_subnet_without_ipv6_gives_none(cloud):
    cloud.put(f"{NETWORK}/net", network(subnet("hosts", "10.1.0.0/24")))

    assert cloud.refusal(NIC, interface(configuration(), V6)) == "SubnetDoesNotSupportAddressFamily"


def test_a_subnet_may_be_full(cloud):
    cloud.put(f"{NETWORK}/net", network(subnet("hosts", "10.1.0.0/29")))
    for number in range(3):
        cloud.put(f"{INTERFACE}/{number}", interface())

    assert cloud.refusal(NIC, interface()) == "SubnetIsFull"
