"""The network of a zone: a subnet for hosts, a wall that lets nothing in, and a way out."""

import hashlib
import ipaddress
import zlib

from enclaves.blueprints.azure import arm
from enclaves.blueprints.azure.names import (
    HOSTS_SUBNET,
    NETWORK,
    NETWORK_NAME,
    WALLS,
    WALLS_NAME,
    WAY_OUT,
    WAY_OUT_NAME,
)
from enclaves.blueprints.azure.versions import NAT_GATEWAYS, NETWORKS, PUBLIC_ADDRESSES, SECURITY_GROUPS
from enclaves.blueprints.azure.zone.parts import Site

NETWORK_IPV4 = "[format('10.{0}.0.0/16', parameters('network'))]"
# The first half; load balancers and private endpoints will lie in the second.
HOSTS_IPV4 = "[format('10.{0}.0.0/17', parameters('network'))]"

LAST, ANYTHING, HTTPS = 4096, "*", "443"


def default_network(account: str, zone: str) -> int:
    """Choose a /16 in 10/8, by its second number; zones of a subscription differ, so they can be peered."""
    # 10.0 to 10.15 is what most people take first, so it is left to them.
    return 16 + zlib.crc32(f"{account}/{zone}".encode()) % 240


def network_ipv6(account: str, zone: str) -> ipaddress.IPv6Network:
    """Choose a /56 that is the zone's alone. Azure maps the public IPv6 address of a host onto it."""
    # A unique local prefix as RFC 4193 makes it: fd, then 40 bits that nobody else has.
    number = hashlib.sha256(f"{account}/{zone}".encode()).digest()[:5]
    return ipaddress.IPv6Network((b"\xfd" + number + bytes(10), 56))


def choices(site: Site, logical_zone: str) -> arm.Node:
    return {
        "logicalZone": arm.choice(
            "string",
            logical_zone,
            "The zone, by the number that this subscription gives it.",
            allowedValues=["1", "2", "3"],
        ),
        "network": arm.choice(
            "int",
            default_network(site.account, site.zone),
            "The network's IPv4 range is 10.N.0.0/16. It is seen only inside.",
            minValue=0,
            maxValue=255,
        ),
    }


def resources(site: Site) -> list[arm.Node]:
    return [_wall(site), _address(site), _way_out(site), _network(site)]


def _hosts_ipv6(site: Site) -> str:
    return str(next(network_ipv6(site.account, site.zone).subnets(new_prefix=64)))


def _wall(site: Site) -> arm.Node:
    six = _hosts_ipv6(site)
    return site.tracked(
        SECURITY_GROUPS,
        WALLS_NAME,
        WALLS,
        properties={
            "securityRules": [
                _rule("hosts-talk-4", 100, source=HOSTS_IPV4, to=HOSTS_IPV4),
                _rule("hosts-talk-6", 110, source=six, to=six),
                # Azure's own last rules let the whole network, peered ones and its load balancers in.
                _rule("nothing-else-in", LAST, access="Deny"),
                _rule("hosts-talk-out-4", 100, "Outbound", source=HOSTS_IPV4, to=HOSTS_IPV4),
                _rule("hosts-talk-out-6", 110, "Outbound", source=six, to=six),
                _rule("out-by-https", 200, "Outbound", to="Internet", port=HTTPS, protocol="Tcp"),
                _rule("nothing-else-out", LAST, "Outbound", access="Deny"),
            ]
        },
    )


def _rule(
    name: str,
    priority: int,
    direction: str = "Inbound",
    *,
    access: str = "Allow",
    source: str = ANYTHING,
    to: str = ANYTHING,
    port: str = ANYTHING,
    protocol: str = ANYTHING,
) -> arm.Node:
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": direction,
            "access": access,
            "protocol": protocol,
            "sourceAddressPrefix": source,
            "sourcePortRange": ANYTHING,
            "destinationAddressPrefix": to,
            "destinationPortRange": port,
        },
    }


def _address(site: Site) -> arm.Node:
    return site.tracked(
        PUBLIC_ADDRESSES,
        WAY_OUT_NAME,
        WAY_OUT,
        sku={"name": "Standard"},
        zones=[arm.parameter("logicalZone")],
        properties={"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
    )


def _way_out(site: Site) -> arm.Node:
    address = site.id(PUBLIC_ADDRESSES, WAY_OUT_NAME)
    return site.tracked(
        NAT_GATEWAYS,
        WAY_OUT_NAME,
        WAY_OUT,
        after=[address],
        sku={"name": "Standard"},
        zones=[arm.parameter("logicalZone")],
        properties={"idleTimeoutInMinutes": 4, "publicIpAddresses": [{"id": address}]},
    )


def _network(site: Site) -> arm.Node:
    wall, way_out = site.id(SECURITY_GROUPS, WALLS_NAME), site.id(NAT_GATEWAYS, WAY_OUT_NAME)
    # The subnet is written inside of the network: a network that is put without its subnets loses them.
    hosts = {
        "addressPrefixes": [HOSTS_IPV4, _hosts_ipv6(site)],
        "networkSecurityGroup": {"id": wall},
        "natGateway": {"id": way_out},
        "defaultOutboundAccess": False,
        "serviceEndpoints": [{"service": "Microsoft.Storage", "locations": [site.region]}],
    }
    ipv6 = str(network_ipv6(site.account, site.zone))
    return site.tracked(
        NETWORKS,
        NETWORK_NAME,
        NETWORK,
        after=[wall, way_out],
        properties={
            "addressSpace": {"addressPrefixes": [NETWORK_IPV4, ipv6]},
            "subnets": [{"name": HOSTS_SUBNET, "properties": hosts}],
        },
    )
