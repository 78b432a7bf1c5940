"""Address ranges as the network provider reads them, and which address of a subnet is given next."""

import ipaddress
from collections.abc import Collection, Iterator
from typing import Any

from sandbox.azure.errors import refused

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SMALLEST_IPV4_SUBNET = 29
IPV6_SUBNET = 64
# Azure keeps the first four addresses of a subnet (network, gateway, two for DNS) and the last.
_FIRST_FREE = 4
IPV4, IPV6 = 4, 6
_VERSIONS = {"IPv4": IPV4, "IPv6": IPV6}


def parse(prefix: str) -> Network:
    """Read a range in CIDR notation; refuses one that has bits behind its prefix."""
    try:
        loose = ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        raise refused(
            "InvalidAddressPrefixFormat",
            f"Address prefix {prefix} is formatted incorrectly. It should follow CIDR notation, for example "
            "10.0.0.0/24.",
        ) from None
    if "/" not in prefix or str(loose.network_address) != _address(prefix):
        raise refused(
            "InvalidCIDRNotation",
            f"The address prefix {prefix} has an invalid CIDR notation. For the given prefix length, the "
            f"address prefix should be {loose}.",
        )
    return loose


def _address(prefix: str) -> str:
    return str(ipaddress.ip_address(prefix.partition("/")[0]))


def of_subnet(properties: dict[str, Any]) -> list[Network]:
    """Read the ranges of a subnet, which may be written in either of two properties."""
    single = properties.get("addressPrefix")
    return [parse(prefix) for prefix in properties.get("addressPrefixes") or ([single] if single else [])]


def overlap(first: Network, second: Network) -> bool:
    return first.version == second.version and first.overlaps(second)


def contains(outer: Network, inner: Network) -> bool:
    # Typed as two families, of which subnet_of compares like with like only.
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


class AddressBook:
    """Who has which address of a subnet."""

    def __init__(self) -> None:
        self._holders: dict[str, str] = {}
        # The lowest place of a range that may be free: nobody walks past a thousand hosts at each launch.
        self._lowest: dict[Network, int] = {}

    def holder(self, address: str) -> str | None:
        return self._holders.get(address)

    def book(self, address: str, holder: str) -> None:
        self._holders[address] = holder

    def release(self, address: str) -> None:
        self._holders.pop(address, None)
        self._lowest.clear()

    def next_free(self, subnet: dict[str, Any], version: str, besides: Collection[str] = ()) -> str:
        """Choose the address that the next interface in the subnet gets."""
        ranges = [net for net in of_subnet(subnet["properties"]) if net.version == _VERSIONS[version]]
        if not ranges:
            raise refused(
                "SubnetDoesNotSupportAddressFamily",
                f"Subnet {subnet['name']} has no {version} address prefix.",
            )
        address = next((a for net in ranges for a in self._free(net) if a not in besides), None)
        if address is None:
            raise refused(
                "SubnetIsFull",
                f"Subnet {subnet['name']} with address prefix {ranges[0]} does not have enough capacity for "
                "1 IP addresses.",
            )
        return address

    def _free(self, net: Network) -> Iterator[str]:
        lowest, last = self._lowest.get(net, _FIRST_FREE), net.num_addresses - 1
        while lowest < last and str(net[lowest]) in self._holders:
            lowest += 1
        self._lowest[net] = lowest
        addresses = (str(net[place]) for place in range(lowest, last))
        return (address for address in addresses if address not in self._holders)


def in_subnet(subnet: dict[str, Any], address: str) -> bool:
    """Say whether a caller's own choice lies in the subnet."""
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError:
        raise refused("InvalidIPAddressFormat", f"'{address}' is not a valid IP address.") from None
    return any(wanted in net for net in of_subnet(subnet["properties"]))
