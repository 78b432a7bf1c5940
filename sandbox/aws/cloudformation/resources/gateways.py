"""EC2 ways out of a network: gateways, addresses and endpoints."""

import json

from sandbox.aws.cloudformation.resources.base import (
    Made,
    Place,
    Properties,
    ResourceType,
    chosen,
    is_true,
    names,
    tag_specifications,
)


def _create_internet_gateway(place: Place, properties: Properties) -> Made:
    tags = tag_specifications("internet-gateway", properties)
    identifier = place.ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"][
        "InternetGatewayId"
    ]
    return Made(identifier, {"InternetGatewayId": identifier})


def _attach_gateway(place: Place, properties: Properties) -> Made:
    place.ec2.attach_internet_gateway(**properties)
    return Made(f"IGW|{properties['VpcId']}")


def _create_egress_only(place: Place, properties: Properties) -> Made:
    tags = tag_specifications("egress-only-internet-gateway", properties)
    made = place.ec2.create_egress_only_internet_gateway(VpcId=properties["VpcId"], TagSpecifications=tags)
    identifier = made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    return Made(identifier, {"Id": identifier})


def _delete_egress_only(place: Place, made: Made, properties: Properties) -> None:
    place.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=made.physical_id)


def _allocate_address(place: Place, properties: Properties) -> Made:
    address = place.ec2.allocate_address(
        Domain="vpc", TagSpecifications=tag_specifications("elastic-ip", properties)
    )
    return Made(address["PublicIp"], chosen(address, "AllocationId PublicIp"))


def _create_nat(place: Place, properties: Properties) -> Made:
    identifier = place.ec2.create_nat_gateway(
        TagSpecifications=tag_specifications("natgateway", properties),
        **chosen(properties, "AllocationId SubnetId ConnectivityType"),
    )["NatGateway"]["NatGatewayId"]
    return Made(identifier, {"NatGatewayId": identifier})


def _create_endpoint(place: Place, properties: Properties) -> Made:
    wanted = {name: value for name, value in properties.items() if name != "Tags"}
    if isinstance(wanted.get("PolicyDocument"), dict):
        wanted["PolicyDocument"] = json.dumps(wanted["PolicyDocument"])
    if "PrivateDnsEnabled" in wanted:
        wanted["PrivateDnsEnabled"] = is_true(wanted["PrivateDnsEnabled"])
    tags = tag_specifications("vpc-endpoint", properties)
    identifier = place.ec2.create_vpc_endpoint(TagSpecifications=tags, **wanted)["VpcEndpoint"][
        "VpcEndpointId"
    ]
    return Made(identifier, {"Id": identifier})


TYPES = {
    "AWS::EC2::InternetGateway": ResourceType(
        names("Tags"),
        _create_internet_gateway,
        lambda place, made, _: place.ec2.delete_internet_gateway(InternetGatewayId=made.physical_id),
    ),
    "AWS::EC2::VPCGatewayAttachment": ResourceType(
        names("VpcId InternetGatewayId"),
        _attach_gateway,
        lambda place, _, properties: place.ec2.detach_internet_gateway(**properties),
    ),
    "AWS::EC2::EgressOnlyInternetGateway": ResourceType(
        names("VpcId Tags"), _create_egress_only, _delete_egress_only
    ),
    "AWS::EC2::EIP": ResourceType(
        names("Domain Tags"),
        _allocate_address,
        lambda place, made, _: place.ec2.release_address(AllocationId=made.attribute("AllocationId")),
    ),
    "AWS::EC2::NatGateway": ResourceType(
        names("AllocationId SubnetId ConnectivityType Tags"),
        _create_nat,
        lambda place, made, _: place.ec2.delete_nat_gateway(NatGatewayId=made.physical_id),
    ),
    "AWS::EC2::VPCEndpoint": ResourceType(
        names(
            "VpcId ServiceName VpcEndpointType PolicyDocument RouteTableIds SubnetIds SecurityGroupIds "
            "PrivateDnsEnabled IpAddressType DnsOptions Tags"
        ),
        _create_endpoint,
        lambda place, made, _: place.ec2.delete_vpc_endpoints(VpcEndpointIds=[made.physical_id]),
    ),
}
