"""The network of a zone: subnets for hosts and load balancers, and a way out that leads one way."""

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.names import HOSTS, LOAD_BALANCERS
from enclaves.blueprints.aws.zone.parts import (
    ANYWHERE_IPV6,
    HOSTS_AT,
    LOAD_BALANCERS_AT,
    ipv4_piece,
    ipv6_piece,
    names,
    tags,
)


def resources(zone_ids: tuple[str, ...]) -> cf.Node:
    return {
        "Vpc": cf.resource(
            "EC2::VPC",
            CidrBlock=cf.ref("VpcCidr"),
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=tags("network"),
        ),
        "VpcIpv6": cf.resource("EC2::VPCCidrBlock", VpcId=cf.ref("Vpc"), AmazonProvidedIpv6CidrBlock=True),
        "WayOut": cf.resource("EC2::EgressOnlyInternetGateway", VpcId=cf.ref("Vpc"), Tags=tags("way-out")),
        "HostsRoutes": cf.resource("EC2::RouteTable", VpcId=cf.ref("Vpc"), Tags=tags(HOSTS)),
        "HostsWayOut": cf.resource(
            "EC2::Route",
            RouteTableId=cf.ref("HostsRoutes"),
            DestinationIpv6CidrBlock=ANYWHERE_IPV6,
            EgressOnlyInternetGatewayId=cf.ref("WayOut"),
        ),
        "LoadBalancersRoutes": cf.resource("EC2::RouteTable", VpcId=cf.ref("Vpc"), Tags=tags(LOAD_BALANCERS)),
        **_subnets("Hosts", HOSTS, HOSTS_AT, zone_ids),
        **_subnets("LoadBalancers", LOAD_BALANCERS, LOAD_BALANCERS_AT, zone_ids),
    }


def _subnets(kind: str, service: str, first: int, zone_ids: tuple[str, ...]) -> cf.Node:
    made: cf.Node = {}
    for index, (name, zone_id) in enumerate(zip(names(f"{kind}Subnet", zone_ids), zone_ids, strict=True)):
        made[name] = subnet(service, zone_id, first + index)
        made[f"{name}Routes"] = cf.resource(
            "EC2::SubnetRouteTableAssociation", SubnetId=cf.ref(name), RouteTableId=cf.ref(f"{kind}Routes")
        )
        made[f"{name}Walls"] = cf.resource(
            "EC2::SubnetNetworkAclAssociation", SubnetId=cf.ref(name), NetworkAclId=cf.ref(f"{kind}Walls")
        )
    return made


def subnet(service: str, zone_id: str, piece: int) -> cf.Node:
    return cf.resource(
        "EC2::Subnet",
        after="VpcIpv6",
        VpcId=cf.ref("Vpc"),
        # The id: a zone's name means another place in each account.
        AvailabilityZoneId=zone_id,
        CidrBlock=ipv4_piece(piece),
        Ipv6CidrBlock=ipv6_piece(piece),
        AssignIpv6AddressOnCreation=False,
        MapPublicIpOnLaunch=False,
        Tags=tags(service),
    )
