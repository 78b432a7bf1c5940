"""EC2 network ACLs and flow logs."""

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


def _create_acl(place: Place, properties: Properties) -> Made:
    tags = tag_specifications("network-acl", properties)
    acl = place.ec2.create_network_acl(VpcId=properties["VpcId"], TagSpecifications=tags)["NetworkAcl"]
    return Made(acl["NetworkAclId"], {"Id": acl["NetworkAclId"]})


def _create_entry(place: Place, properties: Properties) -> Made:
    wanted = dict(properties)
    for name in chosen(properties, "PortRange Icmp"):
        wanted[name] = {key: int(value) for key, value in properties[name].items()}
    wanted["IcmpTypeCode"] = wanted.pop("Icmp", None)
    if wanted["IcmpTypeCode"] is None:
        del wanted["IcmpTypeCode"]
    wanted |= {
        "Protocol": str(properties["Protocol"]),
        "RuleNumber": int(properties["RuleNumber"]),
        "Egress": is_true(properties.get("Egress", False)),
    }
    place.ec2.create_network_acl_entry(**wanted)
    return Made(place.logical_id)


def _delete_entry(place: Place, made: Made, properties: Properties) -> None:
    place.ec2.delete_network_acl_entry(
        NetworkAclId=properties["NetworkAclId"],
        RuleNumber=int(properties["RuleNumber"]),
        Egress=is_true(properties.get("Egress", False)),
    )


def _associate_acl(place: Place, properties: Properties) -> Made:
    reply = place.ec2.replace_network_acl_association(
        AssociationId=_association_of(place, properties["SubnetId"]), NetworkAclId=properties["NetworkAclId"]
    )
    return Made(reply["NewAssociationId"], {"AssociationId": reply["NewAssociationId"]})


def _association_of(place: Place, subnet: str) -> str:
    acls = place.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "NetworkAcls"
    ]
    associations = (item for acl in acls for item in acl["Associations"])
    found = next(item for item in associations if item["SubnetId"] == subnet)
    return str(found["NetworkAclAssociationId"])


def _return_to_default(place: Place, made: Made, properties: Properties) -> None:
    """A subnet has an ACL always; without ours it is the VPC's default."""
    subnet = place.ec2.describe_subnets(SubnetIds=[properties["SubnetId"]])["Subnets"][0]
    acls = place.ec2.describe_network_acls(
        Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
    )["NetworkAcls"]
    place.ec2.replace_network_acl_association(
        AssociationId=_association_of(place, subnet["SubnetId"]), NetworkAclId=acls[0]["NetworkAclId"]
    )


def _create_flow_log(place: Place, properties: Properties) -> Made:
    reply = place.ec2.create_flow_logs(
        ResourceIds=[properties["ResourceId"]],
        TagSpecifications=tag_specifications("vpc-flow-log", properties),
        **{name: value for name, value in properties.items() if name not in ("ResourceId", "Tags")},
    )
    if problems := reply.get("Unsuccessful"):
        raise ValueError(problems[0]["Error"]["Message"])
    return Made(reply["FlowLogIds"][0], {"Id": reply["FlowLogIds"][0]})


TYPES = {
    "AWS::EC2::NetworkAcl": ResourceType(
        names("VpcId Tags"),
        _create_acl,
        lambda place, made, _: place.ec2.delete_network_acl(NetworkAclId=made.physical_id),
    ),
    "AWS::EC2::NetworkAclEntry": ResourceType(
        names("NetworkAclId RuleNumber Protocol RuleAction Egress CidrBlock Ipv6CidrBlock PortRange Icmp"),
        _create_entry,
        _delete_entry,
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": ResourceType(
        names("SubnetId NetworkAclId"), _associate_acl, _return_to_default
    ),
    "AWS::EC2::FlowLog": ResourceType(
        names(
            "ResourceId ResourceType TrafficType LogDestinationType LogDestination LogGroupName "
            "DeliverLogsPermissionArn LogFormat MaxAggregationInterval Tags"
        ),
        _create_flow_log,
        lambda place, made, _: place.ec2.delete_flow_logs(FlowLogIds=[made.physical_id]),
    ),
}
