"""The zone template: a network that lets nothing in, the tenant's own keys, and the log archive."""

import zlib

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.names import archive_bucket
from enclaves.blueprints.aws.zone import archive, keys, nat, network, private, walls
from enclaves.blueprints.base import TEMPLATE_VERSION, Binding, Spot

TITLE = """\
Enclave Portal: zone template, version {version}, for zone {zone} in AWS account {account}.

You apply it with your own rights, in region {region}. It makes one network, two keys and a log archive.
The portal cannot change any of them: they are yours."""

__all__ = ["default_network", "zone_template"]


def zone_template(binding: Binding, place: Spot) -> str:
    return cf.render(
        TITLE.format(version=TEMPLATE_VERSION, zone=place.zone, account=binding.account, region=place.region),
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": f"Enclave Portal: zone {place.zone} (version {TEMPLATE_VERSION})",
            "Parameters": _parameters(binding, place),
            "Rules": {"RightPlace": _right_place(binding, place)},
            "Conditions": {"WithNat": {"Fn::Equals": [cf.ref("EnableNat"), "true"]}},
            "Resources": {
                **network.resources(place.availability_zone_ids),
                **walls.resources(),
                **nat.resources(place.availability_zone_ids),
                **private.resources(place.availability_zone_ids, archive_bucket(binding.account, place.zone)),
                **keys.resources(place.zone),
                **archive.resources(archive_bucket(binding.account, place.zone)),
            },
            "Outputs": {
                "Vpc": {"Value": cf.ref("Vpc")},
                "DiskKey": {"Value": cf.att("DiskKey", "Arn")},
                "ArchiveKey": {"Value": cf.att("ArchiveKey", "Arn")},
                "Archive": {"Value": cf.ref("Archive")},
            },
        },
    )


def default_network(account: str, zone: str) -> str:
    """Choose a /16 in 10/8; zones of an account differ, so that a tenant can connect them later."""
    # 10.0 to 10.15 is what most people take first, so it is left to them.
    return f"10.{16 + zlib.crc32(f'{account}/{zone}'.encode()) % 240}.0.0/16"


def _parameters(binding: Binding, place: Spot) -> cf.Node:
    return {
        "RegistrationId": {
            "Type": "String",
            "Description": "The registration of this account with the portal.",
            "Default": binding.registration,
            "MinLength": 1,
        },
        "Zone": {
            "Type": "String",
            "Description": "The zone; the portal finds everything by it.",
            "Default": place.zone,
            "AllowedValues": [place.zone],
        },
        "VpcCidr": {
            "Type": "String",
            "Description": "The network's IPv4 range, a /16 in 10/8. It is seen only inside the network.",
            "Default": default_network(binding.account, place.zone),
            "AllowedPattern": r"10\.\d{1,3}\.0\.0/16",
        },
        "EnableNat": {
            "Type": "String",
            "Description": "Whether hosts may also reach IPv4 addresses, by a NAT gateway that costs extra.",
            "Default": "false",
            "AllowedValues": ["false", "true"],
        },
    }


def _right_place(binding: Binding, place: Spot) -> cf.Node:
    return {
        "Assertions": [
            {
                "Assert": {"Fn::Equals": [cf.ref("AWS::AccountId"), binding.account]},
                "AssertDescription": f"This template was made for AWS account {binding.account}.",
            },
            {
                "Assert": {"Fn::Equals": [cf.ref("AWS::Region"), place.region]},
                "AssertDescription": f"This template was made for region {place.region}.",
            },
        ]
    }
