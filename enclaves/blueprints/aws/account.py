"""The account template: the three roles that the portal works through, and whom they trust."""

from collections.abc import Iterable
from typing import Any

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.names import HOST, OBSERVER, PROVISIONER
from enclaves.blueprints.base import TEMPLATE_VERSION, Binding, Permission

TITLE = """\
Enclave Portal: account template, version {version}, for AWS account {account}.

You apply it with your own rights. It makes three roles and nothing else:
  enclave-observer     reads what the portal made and what this template and the zone templates made
  enclave-provisioner  launches and ends hosts, only with our tags and only in the enclaves' networks
  enclave-host         what a host itself may do: put its logs into the archive
The portal can use the first two only with the external id below, which was made for this registration.
To end all access, delete the stack."""

SESSION_SECONDS = 3600


def account_template(binding: Binding, permissions: Iterable[Permission] = manifest.PERMISSIONS) -> str:
    return cf.render(
        TITLE.format(version=TEMPLATE_VERSION, account=binding.account),
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": f"Enclave Portal: the portal's roles in this account (version {TEMPLATE_VERSION})",
            "Parameters": _parameters(binding),
            "Rules": {"RightAccount": _right_account(binding)},
            "Resources": _resources(tuple(permissions)),
            "Outputs": {
                "ObserverRole": {"Value": cf.att("Observer", "Arn")},
                "ProvisionerRole": {"Value": cf.att("Provisioner", "Arn")},
                "HostRole": {"Value": cf.att("Host", "Arn")},
            },
        },
    )


def _parameters(binding: Binding) -> cf.Node:
    return {
        "ExternalId": {
            "Type": "String",
            "Description": "Made by the portal for this registration; never reused.",
            "Default": binding.external_id,
            "NoEcho": True,
            "MinLength": 16,
        },
        "RegistrationId": {
            "Type": "String",
            "Description": "The registration of this account with the portal.",
            "Default": binding.registration,
            "MinLength": 1,
        },
        "PortalPrincipalArn": {
            "Type": "String",
            "Description": "Who may use the roles: the portal, and nobody else.",
            "Default": binding.portal_principal,
            "AllowedPattern": r"arn:aws:iam::\d{12}:(role|user)/.+",
        },
        "ImageOwner": {
            "Type": "String",
            "Description": "The AWS account whose host images may be launched.",
            "Default": binding.image_owner,
            "AllowedPattern": r"\d{12}",
        },
    }


def _right_account(binding: Binding) -> cf.Node:
    mine = {"Fn::Equals": [cf.ref("AWS::AccountId"), binding.account]}
    told = f"This template was made for AWS account {binding.account}."
    return {"Assertions": [{"Assert": mine, "AssertDescription": told}]}


def _resources(permissions: tuple[Permission, ...]) -> cf.Node:
    portal = {
        "Effect": "Allow",
        "Principal": {"AWS": cf.ref("PortalPrincipalArn")},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": cf.ref("ExternalId")}},
    }
    machine = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Observer": _role(OBSERVER, "Reads health and drift for the portal.", portal, permissions),
        "Provisioner": _role(PROVISIONER, "Launches and ends hosts for the portal.", portal, permissions),
        "Host": _role(HOST, "What a host may do.", machine, permissions),
        "HostProfile": cf.resource("IAM::InstanceProfile", InstanceProfileName=HOST, Roles=[cf.ref("Host")]),
    }


def _role(name: str, purpose: str, trust: cf.Node, permissions: tuple[Permission, ...]) -> cf.Node:
    own = [permission for permission in permissions if permission.role == name]
    return cf.resource(
        "IAM::Role",
        RoleName=name,
        Description=purpose,
        MaxSessionDuration=SESSION_SECONDS,
        AssumeRolePolicyDocument=_document([trust]),
        Policies=[{"PolicyName": name, "PolicyDocument": _document(manifest.statements(own))}],
        Tags=cf.tags(),
    )


def _document(statements: list[dict[str, Any]]) -> cf.Node:
    return {"Version": "2012-10-17", "Statement": cf.substituted(statements)}
