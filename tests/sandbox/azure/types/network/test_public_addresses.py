import ipaddress

import pytest

from tests.sandbox.azure.types.bodies import (
    ADDRESS,
    INTERFACE,
    configuration,
    interface,
    public_address,
    ref,
    spoiled,
)

OUT = f"{ADDRESS}/out"
METHOD = "properties.publicIPAllocationMethod"


@pytest.mark.parametrize(("version", "number"), [("IPv4", 4), ("IPv6", 6)])
def test_an_address_is_of_the_family_that_was_asked_for(cloud, version, number):
    made = cloud.put(OUT, public_address(version))

    assert ipaddress.ip_address(made["properties"]["ipAddress"]).version == number


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("sku.name", "Basic", "BasicSkuPublicIPAddressNotAllowed"),
        ("sku", None, "BasicSkuPublicIPAddressNotAllowed"),
        (METHOD, "Dynamic", "StandardSkuPublicIPAddressesMustUseStaticAllocation"),
        (METHOD, None, "InvalidParameter"),
        ("properties.publicIPAddressVersion", "IPv5", "InvalidParameter"),
        ("properties.idleTimeoutInMinutes", 31, "PublicIPAddressIdleTimeoutOutOfRange"),
        ("properties.dnsSettings", {"domainNameLabel": "x"}, "InvalidRequestContent"),
        ("zones", ["4"], "InvalidAvailabilityZone"),
        ("location", None, "LocationRequired"),
    ],
)
def test_an_address_has_to_be_standard_and_static(cloud, path, value, code):
    assert cloud.refusal(OUT, spoiled(public_address(), path, value)) == code


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("properties.publicIPAddressVersion", "IPv6", "PublicIPAddressVersionCannotBeChanged"),
        ("zones", ["2"], "ResourceAvailabilityZonesCannotBeModified"),
    ],
)
def test_family_and_zone_are_for_life(cloud, path, value, code):
    cloud.put(OUT, public_address())

    assert cloud.refusal(OUT, spoiled(public_address(), path, value)) == code


@pytest.mark.usefixtures("network")
def test_an_address_in_use_stays(cloud):
    cloud.put(OUT, public_address())
    cloud.put(f"{INTERFACE}/nic", interface(configuration(publicIPAddress=ref(OUT))))

    assert cloud.stays(OUT) == "PublicIPAddressCannotBeDeleted"
    cloud.delete(f"{INTERFACE}/nic")
    cloud.delete(OUT)
    assert cloud.get(OUT) is None
