"""Finding a zone's network, what guards it, and its way out."""

import ipaddress
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from enclaves.blueprints.azure.names import HOSTS_SUBNET, NETWORK, WALLS, WAY_OUT
from enclaves.providers.azure import findings, versions
from enclaves.providers.azure.findings import Mismatch
from enclaves.providers.azure.zone.found import (
    Finder,
    Thing,
    apply_again,
    check_settings,
    same_id,
    settings_of,
)
from enclaves.providers.base import CheckDefinition, Finding

type Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

HOSTS_IPV6_BITS = 64


class Network:
    """A look at the network of one zone; each test is one line of the page."""

    def __init__(self, finder: Finder) -> None:
        self._find = finder
        self.zones: tuple[str, ...] = ()  # by the subscription's own numbers

    @cached_property
    def network(self) -> Thing:
        return self._find.only(versions.VIRTUAL_NETWORK, NETWORK, "VNet")

    @cached_property
    def subnet(self) -> Thing:
        """Tell the subnet of the hosts. Raises Mismatch."""
        for subnet in settings_of(self.network).get("subnets", ()):
            if subnet["name"] == HOSTS_SUBNET:
                return dict(subnet)
        title = f"The VNet has no subnet “{HOSTS_SUBNET}”"
        raise Mismatch(title, apply_again(self._find.place), str(self.network["id"]))

    @cached_property
    def walls(self) -> Thing:
        return self._find.only(versions.SECURITY_GROUP, WALLS, "network security group")

    def test_network(self, check: CheckDefinition) -> Finding:
        prefixes = _prefixes(self.subnet)
        if not any(
            isinstance(each, ipaddress.IPv6Network) and each.prefixlen == HOSTS_IPV6_BITS for each in prefixes
        ):
            title = f"The subnet “{HOSTS_SUBNET}” has no IPv6 addresses"
            raise Mismatch(title, apply_again(self._find.place), _told(prefixes))
        return findings.passed(check, f"{self.network['name']}/{HOSTS_SUBNET}: {_told(prefixes)}")

    def test_walls(self, check: CheckDefinition) -> Finding:
        group, guarded = self.walls, settings_of(self.subnet).get("networkSecurityGroup", {})
        if not same_id(guarded.get("id"), group["id"]):
            title = f"The network security group {group['name']} does not guard the subnet “{HOSTS_SUBNET}”"
            raise Mismatch(title, apply_again(self._find.place), str(guarded.get("id", "no group")))
        inbound = _inbound(group)
        shut = min((rule["priority"] for _, rule in inbound if _denies_all(rule)), default=None)
        if shut is None:
            title = f"The network security group {group['name']} has no rule that denies everything inbound"
            raise Mismatch(title, apply_again(self._find.place), str(group["id"]))
        own = _prefixes(self.subnet)
        holes = [name for name, rule in inbound if rule["priority"] < shut and _is_hole(rule, own)]
        if holes:
            told = ", ".join(sorted(holes))
            advice = f"Remove its inbound rules {told}. {apply_again(self._find.place)}"
            raise Mismatch(f"The network security group {group['name']} lets somebody in", advice, told)
        return findings.passed(check, f"{group['name']}: everything denied at {shut}")

    def test_way_out(self, check: CheckDefinition) -> Finding:
        gateway = self._find.only(versions.NAT_GATEWAY, WAY_OUT, "NAT gateway")
        settings = settings_of(gateway)
        used = settings_of(self.subnet).get("natGateway", {})
        check_settings(
            f"NAT gateway {gateway['name']}",
            {
                f"not that of the subnet “{HOSTS_SUBNET}”": not same_id(used.get("id"), gateway["id"]),
                "without a public IPv4 address": not settings.get("publicIpAddresses"),
                f"not in zone {', '.join(self.zones)}": tuple(gateway.get("zones") or ()) != self.zones,
            },
            self._find.place,
            str(gateway["id"]),
        )
        return findings.passed(
            check, f"{gateway['name']} in zone {', '.join(gateway.get('zones') or ['none'])}"
        )


def _inbound(group: Thing) -> list[tuple[str, Mapping[str, Any]]]:
    rules = settings_of(group).get("securityRules", ())
    named = [(str(each["name"]), settings_of(each)) for each in rules]
    return [(name, rule) for name, rule in named if rule["direction"] == "Inbound"]


def _denies_all(rule: Mapping[str, Any]) -> bool:
    what = (
        "protocol",
        "sourceAddressPrefix",
        "sourcePortRange",
        "destinationAddressPrefix",
        "destinationPortRange",
    )
    return rule["access"] == "Deny" and all(rule.get(each) == "*" for each in what)


def _is_hole(rule: Mapping[str, Any], own: Sequence[Prefix]) -> bool:
    """Say whether a rule lets in from anywhere but the hosts' own subnet."""
    if rule["access"] != "Allow":
        return False
    sources = [*(rule.get("sourceAddressPrefixes") or ()), rule.get("sourceAddressPrefix")]
    return not all(_is_within(source, own) for source in sources if source)


def _is_within(source: str, own: Sequence[Prefix]) -> bool:
    try:
        prefix = ipaddress.ip_network(source)
    except ValueError:
        return False  # a name of Azure's for more than we know
    return any(prefix.version == each.version and prefix.subnet_of(each) for each in own)  # type: ignore[arg-type] # of one version


def _prefixes(subnet: Thing) -> list[Prefix]:
    settings = settings_of(subnet)
    told = settings.get("addressPrefixes") or [settings.get("addressPrefix")]
    return [ipaddress.ip_network(each) for each in told if each]


def _told(prefixes: Sequence[Prefix]) -> str:
    return ", ".join(str(each) for each in prefixes)
