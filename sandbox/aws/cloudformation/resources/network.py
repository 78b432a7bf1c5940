"""EC2 networks: VPCs, subnets, routes, and who may talk to whom."""

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


def _create_vpc(place: Place, properties: Properties) -> Made:
    vpc = place.ec2.create_vpc(
        TagSpecifications=tag_specifications("vpc", properties),
        **chosen(properties, "CidrBlock InstanceTenancy"),
    )["Vpc"]
    identifier = vpc["VpcId"]
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        if name in properties:
            wanted = {"Value": is_true(properties[name])}
            place.ec2.modify_vpc_attribute(VpcId=identifier, **{name: wanted})

    return Made(
        identifier,
        {
            "VpcId": identifier,
            "CidrBlock": properties["CidrBlock"],
            "Ipv6CidrBlocks": lambda: _ipv6_blocks(place, identifier),
            "DefaultNetworkAcl": lambda: _default_acl(place, identifier),
            "DefaultSecurityGroup": lambda: _default_group(place, identifier),
        },
    )


def _ipv6_blocks(place: Place, vpc: str) -> list[str]:
    described = place.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    return [item["Ipv6CidrBlock"] for item in described.get("Ipv6CidrBlockAssociationSet", [])]


def _default_acl(place: Place, vpc: str) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["true"]}]
    return str(place.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"])


def _default_group(place: Place, vpc: str) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return str(place.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


def _create_cidr_block(place: Place, properties: Properties) -> Made:
    wanted = dict(properties)
    if "AmazonProvidedIpv6CidrBlock" in wanted:
        wanted["AmazonProvidedIpv6CidrBlock"] = is_true(wanted["AmazonProvidedIpv6CidrBlock"])
    reply = place.ec2.associate_vpc_cidr_block(**wanted)
    association = reply.get("Ipv6CidrBlockAssociation") or reply["CidrBlockAssociation"]
    return Made(association["AssociationId"])


def _create_subnet(place: Place, properties: Properties) -> Made:
    subnet = place.ec2.create_subnet(
        TagSpecifications=tag_specifications("subnet", properties),
        **chosen(properties, "VpcId CidrBlock Ipv6CidrBlock AvailabilityZone AvailabilityZoneId"),
    )["Subnet"]
    identifier = subnet["SubnetId"]
    for name in ("AssignIpv6AddressOnCreation", "MapPublicIpOnLaunch"):
        if name in properties:
            wanted = {"Value": is_true(properties[name])}
            place.ec2.modify_subnet_attribute(SubnetId=identifier, **{name: wanted})
    keys = ("SubnetId", "VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId")
    return Made(identifier, {key: subnet[key] for key in keys})


def _create_route_table(place: Place, properties: Properties) -> Made:
    tags = tag_specifications("route-table", properties)
    table = place.ec2.create_route_table(VpcId=properties["VpcId"], TagSpecifications=tags)["RouteTable"]
    return Made(table["RouteTableId"], {"RouteTableId": table["RouteTableId"]})


def _create_route(place: Place, properties: Properties) -> Made:
    place.ec2.create_route(**properties)
    return Made("|".join([properties["RouteTableId"], *_destination(properties).values()]))


def _destination(properties: Properties) -> dict[str, str]:
    return chosen(properties, "DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId")


def _delete_route(place: Place, made: Made, properties: Properties) -> None:
    place.ec2.delete_route(RouteTableId=properties["RouteTableId"], **_destination(properties))


def _create_association(place: Place, properties: Properties) -> Made:
    return Made(place.ec2.associate_route_table(**properties)["AssociationId"])


def _create_group(place: Place, properties: Properties) -> Made:
    ec2 = place.ec2
    group = ec2.create_security_group(
        GroupName=properties.get("GroupName", place.default_name),
        Description=properties["GroupDescription"],
        VpcId=properties["VpcId"],
        TagSpecifications=tag_specifications("security-group", properties),
    )["GroupId"]
    if ingress := properties.get("SecurityGroupIngress"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[_permission(r) for r in ingress])
    if egress := properties.get("SecurityGroupEgress"):
        standing = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=standing)
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[_permission(r) for r in egress])
    return Made(group, {"GroupId": group, "VpcId": properties["VpcId"]})


RULE = names(
    "IpProtocol FromPort ToPort CidrIp CidrIpv6 Description SourceSecurityGroupId "
    "DestinationSecurityGroupId SourcePrefixListId DestinationPrefixListId GroupId"
)


def _permission(rule: Properties) -> Properties:
    """A rule of a template as the API wants it."""
    if unknown := set(rule) - RULE:
        raise ValueError(f"Unknown in a security group rule: {', '.join(sorted(unknown))}.")
    described = chosen(rule, "Description")
    permission: Properties = {"IpProtocol": str(rule["IpProtocol"])}
    permission |= {name: int(value) for name, value in chosen(rule, "FromPort ToPort").items()}
    peers = (
        ("IpRanges", "CidrIp", ("CidrIp",)),
        ("Ipv6Ranges", "CidrIpv6", ("CidrIpv6",)),
        ("UserIdGroupPairs", "GroupId", ("SourceSecurityGroupId", "DestinationSecurityGroupId")),
        ("PrefixListIds", "PrefixListId", ("SourcePrefixListId", "DestinationPrefixListId")),
    )
    for group, key, sources in peers:
        found = [{key: rule[source], **described} for source in sources if source in rule]
        permission |= {group: found} if found else {}
    return permission


def _create_ingress(place: Place, properties: Properties) -> Made:
    permissions = [_permission(properties)]
    place.ec2.authorize_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=permissions)
    return Made(place.logical_id)


def _delete_ingress(place: Place, made: Made, properties: Properties) -> None:
    permissions = [_permission(properties)]
    place.ec2.revoke_security_group_ingress(GroupId=properties["GroupId"], IpPermissions=permissions)


def _create_egress(place: Place, properties: Properties) -> Made:
    permissions = [_permission(properties)]
    place.ec2.authorize_security_group_egress(GroupId=properties["GroupId"], IpPermissions=permissions)
    return Made(place.logical_id)


def _delete_egress(place: Place, made: Made, properties: Properties) -> None:
    permissions = [_permission(properties)]
    place.ec2.revoke_security_group_egress(GroupId=properties["GroupId"], IpPermissions=permissions)


TYPES = {
    "AWS::EC2::VPC": ResourceType(
        names("CidrBlock EnableDnsSupport EnableDnsHostnames InstanceTenancy Tags"),
        _create_vpc,
        lambda place, made, _: place.ec2.delete_vpc(VpcId=made.physical_id),
    ),
    "AWS::EC2::VPCCidrBlock": ResourceType(
        names("VpcId CidrBlock AmazonProvidedIpv6CidrBlock"),
        _create_cidr_block,
        lambda place, made, _: place.ec2.disassociate_vpc_cidr_block(AssociationId=made.physical_id),
    ),
    "AWS::EC2::Subnet": ResourceType(
        names(
            "VpcId CidrBlock Ipv6CidrBlock AvailabilityZone AvailabilityZoneId AssignIpv6AddressOnCreation "
            "MapPublicIpOnLaunch Tags"
        ),
        _create_subnet,
        lambda place, made, _: place.ec2.delete_subnet(SubnetId=made.physical_id),
    ),
    "AWS::EC2::RouteTable": ResourceType(
        names("VpcId Tags"),
        _create_route_table,
        lambda place, made, _: place.ec2.delete_route_table(RouteTableId=made.physical_id),
    ),
    "AWS::EC2::Route": ResourceType(
        names(
            "RouteTableId DestinationCidrBlock DestinationIpv6CidrBlock GatewayId NatGatewayId "
            "EgressOnlyInternetGatewayId"
        ),
        _create_route,
        _delete_route,
    ),
    "AWS::EC2::SubnetRouteTableAssociation": ResourceType(
        names("SubnetId RouteTableId"),
        _create_association,
        lambda place, made, _: place.ec2.disassociate_route_table(AssociationId=made.physical_id),
    ),
    "AWS::EC2::SecurityGroup": ResourceType(
        names("GroupName GroupDescription VpcId SecurityGroupIngress SecurityGroupEgress Tags"),
        _create_group,
        lambda place, made, _: place.ec2.delete_security_group(GroupId=made.physical_id),
    ),
    "AWS::EC2::SecurityGroupIngress": ResourceType(
        RULE - {"DestinationSecurityGroupId", "DestinationPrefixListId"}, _create_ingress, _delete_ingress
    ),
    "AWS::EC2::SecurityGroupEgress": ResourceType(
        RULE - {"SourceSecurityGroupId", "SourcePrefixListId"}, _create_egress, _delete_egress
    ),
}
