"""How hosts reach AWS without leaving its network."""

from typing import Any

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.names import HOST
from enclaves.blueprints.aws.zone.parts import names, own_ipv4, refs, tags


def resources(zone_ids: tuple[str, ...], bucket: str) -> cf.Node:
    return {
        "S3Endpoint": _endpoint(
            "s3",
            "Gateway",
            RouteTableIds=[cf.ref("HostsRoutes")],
            PolicyDocument=_for_hosts("s3:PutObject", f"arn:${{AWS::Partition}}:s3:::{bucket}/*"),
        ),
        # A host proves to the portal who it is by a request to STS that it signs.
        "StsEndpoint": _endpoint(
            "sts",
            "Interface",
            PrivateDnsEnabled=True,
            SubnetIds=refs(names("HostsSubnet", zone_ids)),
            SecurityGroupIds=[cf.att("EndpointsGroup", "GroupId")],
            PolicyDocument=_for_hosts("sts:GetCallerIdentity", "*"),
        ),
        "EndpointsGroup": _group(),
    }


def _endpoint(service: str, kind: str, **how: Any) -> cf.Node:
    return cf.resource(
        "EC2::VPCEndpoint",
        VpcId=cf.ref("Vpc"),
        VpcEndpointType=kind,
        ServiceName=cf.sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
        **how,
        Tags=tags(service),
    )


def _group() -> cf.Node:
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": own_ipv4()}
    return cf.resource(
        "EC2::SecurityGroup",
        GroupDescription="Endpoints of AWS: HTTPS from inside the enclave, and nothing out",
        VpcId=cf.ref("Vpc"),
        SecurityGroupIngress=[{"Description": "HTTPS from inside the enclave", **https}],
        # Without a rule, AWS would put one that lets everything out.
        SecurityGroupEgress=[{"Description": "Nowhere", "IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}],
        Tags=tags("endpoints"),
    )


def _for_hosts(action: str, resource: str) -> cf.Node:
    host = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{HOST}"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:PrincipalArn": host}},
    }
    return {"Version": "2012-10-17", "Statement": [cf.substituted(statement)]}
