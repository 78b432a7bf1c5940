"""A NAT gateway for tenants whose hosts must reach IPv4 addresses. It is off unless they switch it on."""

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.zone.network import subnet
from enclaves.blueprints.aws.zone.parts import ANYWHERE_IPV4, NAT_AT, only_with_nat, tags


def resources(zone_ids: tuple[str, ...]) -> cf.Node:
    made = {
        "NatInternet": cf.resource("EC2::InternetGateway", Tags=tags("nat")),
        "NatInternetDoor": cf.resource(
            "EC2::VPCGatewayAttachment", VpcId=cf.ref("Vpc"), InternetGatewayId=cf.ref("NatInternet")
        ),
        "NatRoutes": cf.resource("EC2::RouteTable", VpcId=cf.ref("Vpc"), Tags=tags("nat")),
        "NatRoutesOut": _route("NatRoutes", after="NatInternetDoor", GatewayId=cf.ref("NatInternet")),
        "NatSubnet": subnet("nat", zone_ids[0], NAT_AT),
        "NatSubnetRoutes": cf.resource(
            "EC2::SubnetRouteTableAssociation",
            SubnetId=cf.ref("NatSubnet"),
            RouteTableId=cf.ref("NatRoutes"),
        ),
        "NatAddress": cf.resource("EC2::EIP", after="NatInternetDoor", Domain="vpc", Tags=tags("nat")),
        "Nat": cf.resource(
            "EC2::NatGateway",
            AllocationId=cf.att("NatAddress", "AllocationId"),
            SubnetId=cf.ref("NatSubnet"),
            Tags=tags("nat"),
        ),
        "HostsRoutesNat": _route("HostsRoutes", NatGatewayId=cf.ref("Nat")),
    }
    return {name: only_with_nat(node) for name, node in made.items()}


def _route(table: str, *, after: str = "", **to: object) -> cf.Node:
    return cf.resource(
        "EC2::Route",
        after=after,
        RouteTableId=cf.ref(table),
        DestinationCidrBlock=ANYWHERE_IPV4,
        **to,
    )
