import pytest


def test_a_network_in_use_cannot_be_deleted(network, code):
    instance = network.launch()[0]["InstanceId"]
    calls = [
        (network.ec2.delete_subnet, {"SubnetId": network.subnet}),
        (network.ec2.delete_security_group, {"GroupId": network.group}),
        (network.ec2.delete_vpc, {"VpcId": network.vpc}),
    ]
    before = [code(call, **arguments) for call, arguments in calls]

    network.ec2.terminate_instances(InstanceIds=[instance])

    assert before == ["DependencyViolation"] * 3
    assert [code(call, **arguments) for call, arguments in calls] == ["ok"] * 3


def test_a_group_that_a_rule_names_cannot_be_deleted(network, code):
    other = network.ec2.create_security_group(VpcId=network.vpc, GroupName="o", Description="o")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": network.group}]}
    network.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])

    answers = [code(network.ec2.delete_security_group, GroupId=group) for group in (network.group, other)]

    assert answers == ["DependencyViolation", "ok"]


@pytest.mark.parametrize("kind", ["internet", "egress"])
def test_a_vpc_with_a_gateway_cannot_be_deleted(network, code, kind):
    ec2 = network.ec2
    ec2.delete_security_group(GroupId=network.group)
    ec2.delete_subnet(SubnetId=network.subnet)
    if kind == "internet":
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(VpcId=network.vpc, InternetGatewayId=gateway)
    else:
        ec2.create_egress_only_internet_gateway(VpcId=network.vpc)

    assert code(ec2.delete_vpc, VpcId=network.vpc) == "DependencyViolation"


def test_a_group_of_an_endpoint_cannot_be_deleted(network, code):
    endpoint = network.ec2.create_vpc_endpoint(
        VpcId=network.vpc,
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[network.subnet],
        SecurityGroupIds=[network.group],
    )["VpcEndpoint"]["VpcEndpointId"]
    before = code(network.ec2.delete_security_group, GroupId=network.group)

    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])

    assert [before, code(network.ec2.delete_security_group, GroupId=network.group)] == [
        "DependencyViolation",
        "ok",
    ]


def test_a_nat_gateway_leaves_its_subnet(network, code):
    address = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = network.ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=address)["NatGateway"]
    before = code(network.ec2.delete_subnet, SubnetId=network.subnet)

    network.ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])

    assert [before, code(network.ec2.delete_subnet, SubnetId=network.subnet)] == ["DependencyViolation", "ok"]
