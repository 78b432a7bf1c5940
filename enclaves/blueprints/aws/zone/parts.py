"""What the parts of the zone template share."""

from typing import Any

from enclaves.blueprints.aws import cloudformation as cf

# An enclave's /16 and /56, cut into even pieces: the first half for hosts, the second for the rest.
IPV4_BITS, IPV6_BITS, PIECES = 12, 64, 16
HOSTS_AT, LOAD_BALANCERS_AT, NAT_AT = 0, 8, 15
ANYWHERE_IPV4, ANYWHERE_IPV6 = "0.0.0.0/0", "::/0"
TCP, ICMP, ICMPV6, EVERYTHING = 6, 1, 58, -1


def tags(service: str) -> list[cf.Node]:
    return cf.tags(zone=cf.ref("Zone"), service=service)


def own_ipv4() -> cf.Node:
    return cf.ref("VpcCidr")


def own_ipv6() -> cf.Node:
    return {"Fn::Select": [0, cf.att("Vpc", "Ipv6CidrBlocks")]}


def ipv4_piece(index: int) -> cf.Node:
    return {"Fn::Select": [index, {"Fn::Cidr": [own_ipv4(), PIECES, IPV4_BITS]}]}


def ipv6_piece(index: int) -> cf.Node:
    return {"Fn::Select": [index, {"Fn::Cidr": [own_ipv6(), PIECES, IPV6_BITS]}]}


def only_with_nat(node: cf.Node) -> cf.Node:
    return {"Type": node["Type"], "Condition": "WithNat", **node}


def names(kind: str, zone_ids: tuple[str, ...]) -> list[str]:
    """Name one resource per availability zone; the names hold no zone id, so that zones can be added."""
    return [f"{kind}{index}" for index in range(len(zone_ids))]


def refs(logical_names: list[str]) -> list[Any]:
    return [cf.ref(name) for name in logical_names]
