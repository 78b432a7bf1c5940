import pytest

from tests.sandbox.azure.types.bodies import (
    ADDRESS,
    INTERFACE,
    MACHINE,
    NETWORK,
    id_of,
    interface,
    machine,
    network,
    public_address,
    ref,
    spoiled,
    subnet,
)

pytestmark = pytest.mark.usefixtures("network")

VM = f"{MACHINE}/m"
PROFILE = "properties.networkProfile"
INLINE = f"{PROFILE}.networkInterfaceConfigurations"
V4 = f"{INLINE}.0.properties.ipConfigurations.0.properties"
V6 = f"{INLINE}.0.properties.ipConfigurations.1.properties"
PUBLIC = f"{V6}.publicIPAddressConfiguration"


def with_interface(*names):
    body = spoiled(machine(), INLINE)
    return spoiled(body, f"{PROFILE}.networkInterfaces", [ref(f"{INTERFACE}/{name}") for name in names])


def test_an_inline_interface_has_a_private_ipv4_and_a_public_ipv6(cloud):
    made = cloud.put(VM, machine())

    nic = cloud.get(f"{INTERFACE}/m-nic")["properties"]
    four, six = (item["properties"] for item in nic["ipConfigurations"])
    assert made["properties"]["networkProfile"] == {
        "networkInterfaces": [
            {"id": id_of(f"{INTERFACE}/m-nic"), "properties": {"primary": True, "deleteOption": "Delete"}}
        ]
    }
    assert (four["privateIPAddress"], "publicIPAddress" in four) == ("10.1.0.4", False)
    assert six["publicIPAddress"] == {"id": id_of(f"{ADDRESS}/m-ip")}
    assert cloud.get(f"{ADDRESS}/m-ip")["zones"] == ["1"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (f"{PROFILE}.networkApiVersion", None, "InvalidParameter"),
        (f"{PROFILE}.networkApiVersion", "2019-01-01", "InvalidParameter"),
        (INLINE, None, "InvalidParameter"),
        (V4, {"subnet": None}, "InvalidRequestFormat"),
        (f"{V4}.subnet.id", id_of(f"{NETWORK}/none/subnets/hosts"), "InvalidResourceReference"),
        (f"{V4}.privateIPAddressVersion", "IPv6", "NetworkInterfaceMustHaveAtLeastOneIPv4IpConfiguration"),
        (f"{V4}.primary", None, "NetworkInterfacesMustHaveExactlyOnePrimaryIpConfiguration"),
        (f"{V6}.primary", True, "NetworkInterfacesMustHaveExactlyOnePrimaryIpConfiguration"),
        (f"{PUBLIC}.sku", None, "BasicSkuPublicIPAddressNotAllowed"),
        (
            f"{PUBLIC}.properties.publicIPAllocationMethod",
            "Dynamic",
            "StandardSkuPublicIPAddressesMustUseStaticAllocation",
        ),
        (f"{PUBLIC}.properties.publicIPAddressVersion", "IPv4", "PublicIPAndPrivateIPVersionMismatch"),
        (
            f"{INLINE}.0.properties.networkSecurityGroup",
            ref("Microsoft.Network/networkSecurityGroups/none"),
            "InvalidResourceReference",
        ),
    ],
)
def test_an_inline_interface_follows_the_rules_of_interfaces(cloud, path, value, code):
    assert cloud.refusal(VM, spoiled(machine(), path, value)) == code


def test_what_a_machine_brings_has_a_new_name(cloud):
    cloud.put(f"{INTERFACE}/m-nic", interface())
    assert cloud.refusal(VM, machine()) == "ResourceAlreadyExists"
    cloud.delete(f"{INTERFACE}/m-nic")
    cloud.put(f"{ADDRESS}/m-ip", public_address("IPv6"))

    assert cloud.refusal(VM, machine()) == "ResourceAlreadyExists"


def test_a_full_subnet_takes_no_machine(cloud):
    cloud.put(f"{NETWORK}/net", network(subnet("hosts", "10.1.0.0/29", "fd00:1::/64")))
    for number in range(3):
        cloud.put(f"{INTERFACE}/{number}", interface())

    assert cloud.refusal(VM, machine()) == "SubnetIsFull"


def test_a_machine_can_take_an_interface_that_is_there(cloud):
    cloud.put(f"{INTERFACE}/nic", interface())

    cloud.put(VM, with_interface("nic"))

    assert cloud.get(f"{INTERFACE}/nic")["properties"]["virtualMachine"] == {"id": id_of(VM)}
    assert cloud.refusal(f"{MACHINE}/other", with_interface("nic")) == "NicInUse"
    cloud.delete(VM)
    assert cloud.get(f"{INTERFACE}/nic") is not None


def test_of_several_interfaces_one_is_primary(cloud):
    for name in ("a", "b"):
        cloud.put(f"{INTERFACE}/{name}", interface())

    code = cloud.refusal(VM, with_interface("a", "b"))

    assert code == "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary"


def test_a_machine_that_is_gone_leaves_its_addresses_free(cloud):
    cloud.put(VM, machine())
    cloud.delete(VM)
    cloud.put(VM, machine())

    nic = cloud.get(f"{INTERFACE}/m-nic")["properties"]
    assert nic["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.1.0.4"
