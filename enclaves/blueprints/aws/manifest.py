"""Every action that the portal uses in a tenant's AWS account: one table, and nothing beside it.

The account template grants exactly this, the account page shows it line by line, and each proof of an
account asks AWS's policy simulator for it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from enclaves.blueprints.aws.names import HOST, HOST_TAG, OBSERVER, PROVISIONER, REGISTRATION_TAG, SERVICE_TAG
from enclaves.blueprints.base import Permission

type Conditions = Mapping[str, Mapping[str, str]]

ANYTHING = "*"  # for reads only: AWS knows no resource for them
OUR_ROLES = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/enclave-*"
HOST_ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/enclave-host"
HOST_PROFILE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/enclave-host"
KEYS = "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"
ARCHIVES = "arn:${AWS::Partition}:s3:::enclave-archive-${AWS::AccountId}-*"
ARCHIVED_LOGS = f"{ARCHIVES}/*/logs/*"

OURS = {f"aws:ResourceTag/{REGISTRATION_TAG}": "${RegistrationId}"}
TAGGED_OURS = {f"aws:RequestTag/{REGISTRATION_TAG}": "${RegistrationId}"}
# Bucket names are global: without the account, somebody else's bucket of a fitting name would do.
IN_THIS_ACCOUNT = {"StringEquals": {"aws:ResourceAccount": "${AWS::AccountId}"}}


def _ec2(kind: str) -> str:
    return f"arn:${{AWS::Partition}}:ec2:*:${{AWS::AccountId}}:{kind}/*"


def _key(alias: str, service: str, **more: Mapping[str, str]) -> Conditions:
    return {
        "ForAnyValue:StringLike": {"kms:ResourceAliases": f"alias/enclave-*-{alias}"},
        "StringLike": {"kms:ViaService": f"{service}.*.amazonaws.com"},
        **more,
    }


READS = {
    "ec2:DescribeVpcs": "Find the zone's one network by its tags.",
    "ec2:DescribeSubnets": "Find the subnets for hosts and load balancers, and see that they are whole.",
    "ec2:DescribeSecurityGroups": "See that the security group of the hosts is there and lets nothing in.",
    "ec2:DescribeRouteTables": "See that hosts can only get out, never be reached.",
    "ec2:DescribeEgressOnlyInternetGateways": "See that the way out is there and leads one way.",
    "ec2:DescribeNetworkAcls": "See that the subnets are closed by a second wall.",
    "ec2:DescribeVpcEndpoints": "See that hosts reach AWS without leaving its network.",
    "ec2:DescribeInstances": "Compare the hosts that exist with those that you deployed.",
    "ec2:DescribeInstanceStatus": "See which hosts are healthy.",
    "ec2:DescribeInstanceTypes": "Know which machine sizes a region has.",
    "ec2:DescribeInstanceTypeOfferings": "Know which machine sizes an availability zone has.",
    "ec2:DescribeImages": "Find the newest host image.",
}
ARCHIVE_READS = {
    "s3:GetBucketTagging": "See that the log archive belongs to this registration.",
    "s3:GetEncryptionConfiguration": "See that the log archive is encrypted with your key.",
    "s3:GetBucketPublicAccessBlock": "See that nothing in the log archive can become public.",
    "s3:GetBucketVersioning": "See that logs cannot be overwritten without a trace.",
    "s3:GetLifecycleConfiguration": "See that logs expire.",
}

PERMISSIONS: tuple[Permission, ...] = (
    *(Permission(OBSERVER, action, ANYTHING, why) for action, why in READS.items()),
    Permission(OBSERVER, "iam:GetRole", OUR_ROLES, "Read the registration and the version on the roles."),
    Permission(
        OBSERVER,
        "iam:SimulatePrincipalPolicy",
        OUR_ROLES,
        "Ask AWS whether a permission of this list is missing.",
    ),
    Permission(OBSERVER, "iam:GetInstanceProfile", HOST_PROFILE, "See that hosts can be given their role."),
    *(
        Permission(
            OBSERVER,
            action,
            KEYS,
            why,
            {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/enclave-*"}},
        )
        for action, why in {
            "kms:DescribeKey": "Find the keys of a zone, and see that they are enabled.",
            "kms:GetKeyRotationStatus": "See that the keys of a zone are rotated.",
        }.items()
    ),
    *(Permission(OBSERVER, action, ARCHIVES, why, IN_THIS_ACCOUNT) for action, why in ARCHIVE_READS.items()),
    Permission(
        PROVISIONER,
        "ec2:RunInstances",
        _ec2("instance"),
        "Launch hosts: only with our tags, and only where IMDSv2 guards their credentials.",
        {
            "StringEquals": {**TAGGED_OURS, "ec2:MetadataHttpTokens": "required"},
            "Null": {f"aws:RequestTag/{HOST_TAG}": "false"},
        },
    ),
    Permission(
        PROVISIONER,
        "ec2:RunInstances",
        _ec2("volume"),
        "Give hosts a disk: only with our tags, and only encrypted.",
        {"StringEquals": TAGGED_OURS, "Bool": {"ec2:Encrypted": "true"}},
    ),
    Permission(
        PROVISIONER,
        "ec2:RunInstances",
        _ec2("network-interface"),
        "Connect hosts: only with our tags, and never with a public IPv4 address.",
        {"StringEquals": TAGGED_OURS, "Bool": {"ec2:AssociatePublicIpAddress": "false"}},
    ),
    *(
        Permission(
            PROVISIONER,
            "ec2:RunInstances",
            _ec2(kind),
            why,
            {"StringEquals": {**OURS, f"aws:ResourceTag/{SERVICE_TAG}": "hosts"}},
        )
        for kind, why in {
            "subnet": "Place hosts in the subnets of your enclaves and in no other.",
            "security-group": "Put hosts behind the security group of your enclaves and no other.",
        }.items()
    ),
    Permission(
        PROVISIONER,
        "ec2:RunInstances",
        "arn:${AWS::Partition}:ec2:*::image/*",
        "Start hosts from the vendor's images and no others.",
        {"StringEquals": {"ec2:Owner": "${ImageOwner}"}},
    ),
    *(
        Permission(
            PROVISIONER,
            "ec2:CreateTags",
            _ec2(kind),
            f"Tag {what} in the moment of its launch, and never later.",
            {"StringEquals": {**TAGGED_OURS, "ec2:CreateAction": "RunInstances"}},
        )
        for kind, what in {
            "instance": "a host",
            "volume": "a host's disk",
            "network-interface": "a host's network interface",
        }.items()
    ),
    Permission(
        PROVISIONER,
        "ec2:TerminateInstances",
        _ec2("instance"),
        "End hosts: only those that carry our tags.",
        {"StringEquals": OURS, "Null": {f"aws:ResourceTag/{HOST_TAG}": "false"}},
    ),
    Permission(
        PROVISIONER,
        "iam:PassRole",
        HOST_ROLE,
        "Give hosts the role enclave-host; no other role, and to nothing but EC2.",
        {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    ),
    Permission(
        PROVISIONER,
        "kms:CreateGrant",
        KEYS,
        "Let EC2 unlock a host's disk with your key, for as long as the disk is attached.",
        _key("disk", "ec2", Bool={"kms:GrantIsForAWSResource": "true"}),
    ),
    Permission(
        PROVISIONER,
        "kms:GenerateDataKeyWithoutPlaintext",
        KEYS,
        "Let EC2 encrypt a host's disk with your key; the key itself is shown to nobody.",
        _key("disk", "ec2"),
    ),
    Permission(
        HOST,
        "s3:PutObject",
        ARCHIVED_LOGS,
        "Put logs into the archive; not read, not delete.",
        IN_THIS_ACCOUNT,
    ),
    Permission(
        HOST,
        "kms:GenerateDataKey",
        KEYS,
        "Let S3 encrypt those logs with your key.",
        _key("archive", "s3"),
    ),
)


def of_role(role: str) -> tuple[Permission, ...]:
    return tuple(permission for permission in PERMISSIONS if permission.role == role)


def filled(permission: Permission, values: Mapping[str, str]) -> Permission:
    """Put an account's values in the place of the ``${Names}``."""

    def fill(text: str) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda name: values[name[1]], text)

    conditions = {
        operator: {key: fill(wanted) for key, wanted in keys.items()}
        for operator, keys in permission.conditions.items()
    }
    return replace(permission, resource=fill(permission.resource), conditions=conditions)


def statements(permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    """Write permissions as the statements of a policy; neighbours that differ in the action share one."""
    return [
        {
            "Effect": "Allow",
            "Action": [permission.action for permission in group],
            "Resource": resource,
            **({"Condition": {name: dict(keys) for name, keys in conditions.items()}} if conditions else {}),
        }
        for (resource, conditions), group in groupby(
            permissions, lambda each: (each.resource, each.conditions)
        )
    ]
