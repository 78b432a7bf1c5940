"""Network security groups: what a rule has to say, and which rules cannot stand beside each other."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from sandbox.azure.errors import refused
from sandbox.azure.resource_types import ResourceType, Write, register
from sandbox.azure.store import Resource
from sandbox.azure.types.shapes import READ_ONLY, choice, fit, tracked
from sandbox.azure.types.versions import NETWORK
from sandbox.azure.world import World

NAME = "Microsoft.Network/networkSecurityGroups"
PRIORITIES = range(100, 4097)
_SERVICE_TAG = re.compile(r"[A-Za-z]+(\.[A-Za-z0-9]+)*")
_PORTS = re.compile(r"\*|(\d{1,5})(?:-(\d{1,5}))?")
_REQUIRED = ("protocol", "access", "direction", "priority")

RULE_SHAPE = {
    "name": str,
    "id": READ_ONLY,
    "type": READ_ONLY,
    "etag": READ_ONLY,
    "properties": {
        "description": str,
        "protocol": choice("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
        "access": choice("Allow", "Deny"),
        "direction": choice("Inbound", "Outbound"),
        "priority": int,
        "sourceAddressPrefix": str,
        "sourceAddressPrefixes": [str],
        "destinationAddressPrefix": str,
        "destinationAddressPrefixes": [str],
        "sourcePortRange": str,
        "sourcePortRanges": [str],
        "destinationPortRange": str,
        "destinationPortRanges": [str],
        "provisioningState": READ_ONLY,
    },
}
SHAPE = tracked(
    {
        "securityRules": [RULE_SHAPE],
        "flushConnection": bool,
        "defaultSecurityRules": READ_ONLY,
        "networkInterfaces": READ_ONLY,
        "subnets": READ_ONLY,
        "resourceGuid": READ_ONLY,
    }
)
# Name, priority, direction, access, source, destination.
_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def check_rules(rules: list[dict[str, Any]]) -> None:
    """Refuse rules that are incomplete, contradict themselves, or have the place of another one."""
    places: dict[tuple[str, int], str] = {}
    names: set[str] = set()
    for rule in rules:
        name, properties = rule.get("name", ""), rule.get("properties") or {}
        _check_facts(name, properties)
        _check_addresses(name, properties)
        _check_ports(name, properties)
        _check_place(name, (properties["direction"], properties["priority"]), places)
        if name.lower() in names:
            raise refused(
                "DuplicateResourceName", f"The resource has two child resources with the same name ({name})."
            )
        names.add(name.lower())


def _check_facts(name: str, properties: dict[str, Any]) -> None:
    missing = next((fact for fact in _REQUIRED if properties.get(fact) is None), None)
    if missing or not name:
        raise refused(
            "InvalidRequestFormat", f"Required property '{missing or 'name'}' not found in rule '{name}'."
        )
    if properties["priority"] not in PRIORITIES:
        raise refused(
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {properties['priority']} Allowed range "
            f"{PRIORITIES[0]}-{PRIORITIES[-1]}.",
        )


def _check_place(name: str, place: tuple[str, int], places: dict[tuple[str, int], str]) -> None:
    if place in places:
        raise refused(
            "SecurityRuleConflict",
            f"Security rule {name} conflicts with rule {places[place]}. Rules cannot have the same Priority "
            "and Direction.",
        )
    places[place] = name


def _check_addresses(name: str, properties: dict[str, Any]) -> None:
    families = {
        family
        for side in ("source", "destination")
        for prefix in _either(name, properties, f"{side}AddressPrefix", f"{side}AddressPrefixes")
        for family in _families(name, prefix)
    }
    if len(families) > 1:
        raise refused(
            "SecurityRuleAddressPrefixesFromDifferentFamilies",
            f"Security rule {name} has address prefixes of different families; a rule is IPv4 or IPv6.",
        )


def _check_ports(name: str, properties: dict[str, Any]) -> None:
    for side in ("source", "destination"):
        for ports in _either(name, properties, f"{side}PortRange", f"{side}PortRanges"):
            if not _is_port_range(ports):
                raise refused(
                    "SecurityRuleInvalidPortRange",
                    f"Security rule has invalid Port range. Value provided: {ports}. Value should be an "
                    "integer OR integer range with '-' delimiter. Valid range 0-65535.",
                )


def _either(name: str, properties: dict[str, Any], single: str, several: str) -> list[str]:
    one, many = properties.get(single), properties.get(several)
    if one and many:
        raise refused(
            "SecurityRuleParameterContainsUnsupportedValue",
            f"Security rule {name} names both {single} and {several}.",
        )
    if not one and not many:
        raise refused(
            "SecurityRuleParameterMissing", f"Security rule parameter {single} is missing on rule {name}."
        )
    return many or [str(one)]


def _families(name: str, prefix: str) -> Iterator[int]:
    if prefix == "*" or _SERVICE_TAG.fullmatch(prefix):
        return
    try:
        yield ipaddress.ip_network(prefix, strict=False).version
    except ValueError:
        raise refused(
            "SecurityRuleInvalidAddressPrefix",
            f"Security rule {name} has invalid Address prefix. Value provided: {prefix}",
        ) from None


def _is_port_range(text: str) -> bool:
    found = _PORTS.fullmatch(text)
    if found is None:
        return False
    low, high = int(found[1] or 0), int(found[2] or found[1] or 0)
    return low <= high <= 65535  # noqa: PLR2004 -- the last port


def default_rules(group: str) -> list[dict[str, Any]]:
    """Make the six rules that every group of this id has below its own ones."""
    return [
        {
            "id": f"{group}/defaultSecurityRules/{name}",
            "name": name,
            "type": f"{NAME}/defaultSecurityRules",
            "properties": {
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
                "provisioningState": "Succeeded",
            },
        }
        for name, priority, direction, access, source, destination in _DEFAULTS
    ]


def _check(write: Write) -> None:
    fit(write.body, SHAPE)
    check_rules(write.properties.get("securityRules") or [])


def _fill(write: Write) -> None:
    for rule in write.properties.setdefault("securityRules", []):
        rule["id"] = f"{write.id}/securityRules/{rule['name']}"
        rule["type"] = f"{NAME}/securityRules"
        rule["properties"]["provisioningState"] = "Succeeded"
    write.properties["defaultSecurityRules"] = default_rules(str(write.id))


def _forbids_deletion(world: World, group: Resource) -> None:
    users = world.referrers(group["id"])
    if users:
        raise refused(
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {group['id']} cannot be deleted because it is in use by {users[0]}.",
        )


register(
    ResourceType(
        name=NAME,
        api_versions=NETWORK,
        create_seconds=2,
        delete_seconds=2,
        check=_check,
        fill=_fill,
        forbids_deletion=_forbids_deletion,
    )
)
