"""What keeps the network of a zone closed: security groups, and network ACLs behind them."""

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.names import HOSTS, LOAD_BALANCERS
from enclaves.blueprints.aws.zone.parts import (
    ANYWHERE_IPV4,
    ANYWHERE_IPV6,
    EVERYTHING,
    ICMP,
    ICMPV6,
    TCP,
    own_ipv4,
    own_ipv6,
    tags,
)

# Where Linux opens the near end of a connection: what comes back arrives here, and nothing listens here.
RETURN_PORTS = {"From": 32768, "To": 65535}
HTTPS = {"From": 443, "To": 443}
# "Too big" must come back, or connections through narrow tunnels hang.
FRAGMENTATION_NEEDED = {"Type": 3, "Code": 4}
PACKET_TOO_BIG = {"Type": 2, "Code": 0}


def resources() -> cf.Node:
    return {**_security_groups(), **_hosts_walls(), **_load_balancers_walls()}


# The network's default group cannot be closed by CloudFormation. Nothing is ever in it: it carries no tag of
# ours, and the provisioner can use only groups that do.
def _security_groups() -> cf.Node:
    return {
        "HostsGroup": _hosts_group(),
        "HostsTalk": _between("HostsGroup", "HostsGroup", "Hosts talk to each other"),
        "HostsServe": _between("HostsGroup", "LoadBalancersGroup", "What a load balancer passes on"),
        "LoadBalancersGroup": _load_balancers_group(),
    }


def _hosts_group() -> cf.Node:
    return cf.resource(
        "EC2::SecurityGroup",
        after="VpcIpv6",
        GroupDescription="Hosts: nothing from outside the enclave; out by HTTPS only",
        VpcId=cf.ref("Vpc"),
        SecurityGroupEgress=[
            _rule("Out by HTTPS", 443, CidrIpv6=ANYWHERE_IPV6),
            # The IPv4 route leads to S3 only, unless the tenant switched the NAT gateway on.
            _rule("To S3 by HTTPS", 443, CidrIp=ANYWHERE_IPV4),
            _within("IPv4 inside the enclave", CidrIp=own_ipv4()),
            _within("IPv6 inside the enclave", CidrIpv6=own_ipv6()),
        ],
        Tags=tags(HOSTS),
    )


def _load_balancers_group() -> cf.Node:
    return cf.resource(
        "EC2::SecurityGroup",
        after="VpcIpv6",
        GroupDescription="Load balancers: HTTPS from inside the enclave, on to its hosts",
        VpcId=cf.ref("Vpc"),
        SecurityGroupIngress=[
            _rule("HTTPS from inside, IPv4", 443, CidrIp=own_ipv4()),
            _rule("HTTPS from inside, IPv6", 443, CidrIpv6=own_ipv6()),
        ],
        SecurityGroupEgress=[
            _within("On to hosts, IPv4", CidrIp=own_ipv4()),
            _within("On to hosts, IPv6", CidrIpv6=own_ipv6()),
        ],
        Tags=tags(LOAD_BALANCERS),
    )


def _rule(description: str, port: int, **where: object) -> cf.Node:
    return {"Description": description, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, **where}


def _within(description: str, **where: object) -> cf.Node:
    return {"Description": description, "IpProtocol": "-1", **where}


def _between(group: str, source: str, description: str) -> cf.Node:
    return cf.resource(
        "EC2::SecurityGroupIngress",
        GroupId=cf.att(group, "GroupId"),
        SourceSecurityGroupId=cf.att(source, "GroupId"),
        IpProtocol="-1",
        Description=description,
    )


def _hosts_walls() -> cf.Node:
    return {
        "HostsWalls": _acl(HOSTS),
        **_own_network("HostsWalls"),
        "HostsWallsAnswers4": _entry("HostsWalls", 200, TCP, CidrBlock=ANYWHERE_IPV4, PortRange=RETURN_PORTS),
        "HostsWallsAnswers6": _entry(
            "HostsWalls", 210, TCP, Ipv6CidrBlock=ANYWHERE_IPV6, PortRange=RETURN_PORTS
        ),
        "HostsWallsTooBig4": _entry(
            "HostsWalls", 220, ICMP, CidrBlock=ANYWHERE_IPV4, Icmp=FRAGMENTATION_NEEDED
        ),
        "HostsWallsTooBig6": _entry(
            "HostsWalls", 230, ICMPV6, Ipv6CidrBlock=ANYWHERE_IPV6, Icmp=PACKET_TOO_BIG
        ),
        "HostsWallsOut4": _entry("HostsWalls", 200, TCP, out=True, CidrBlock=ANYWHERE_IPV4, PortRange=HTTPS),
        "HostsWallsOut6": _entry(
            "HostsWalls", 210, TCP, out=True, Ipv6CidrBlock=ANYWHERE_IPV6, PortRange=HTTPS
        ),
    }


def _load_balancers_walls() -> cf.Node:
    return {"LoadBalancersWalls": _acl(LOAD_BALANCERS), **_own_network("LoadBalancersWalls")}


def _acl(service: str) -> cf.Node:
    return cf.resource("EC2::NetworkAcl", VpcId=cf.ref("Vpc"), Tags=tags(service))


def _own_network(acl: str) -> cf.Node:
    return {
        f"{acl}In4": _entry(acl, 100, EVERYTHING, CidrBlock=own_ipv4()),
        f"{acl}In6": _entry(acl, 110, EVERYTHING, Ipv6CidrBlock=own_ipv6()),
        f"{acl}InsideOut4": _entry(acl, 100, EVERYTHING, out=True, CidrBlock=own_ipv4()),
        f"{acl}InsideOut6": _entry(acl, 110, EVERYTHING, out=True, Ipv6CidrBlock=own_ipv6()),
    }


def _entry(acl: str, number: int, protocol: int, *, out: bool = False, **what: object) -> cf.Node:
    return cf.resource(
        "EC2::NetworkAclEntry",
        after="VpcIpv6",
        NetworkAclId=cf.ref(acl),
        RuleNumber=number,
        Protocol=protocol,
        RuleAction="allow",
        Egress=out,
        **what,
    )
