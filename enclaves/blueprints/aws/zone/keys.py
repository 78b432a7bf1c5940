"""The tenant's keys: one for the disks of hosts, one for the log archive."""

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.names import archive_key_alias, disk_key_alias
from enclaves.blueprints.aws.zone.parts import tags


def resources(zone: str) -> cf.Node:
    return {
        "DiskKey": _key("Enclave Portal: disks of hosts", "disk-key"),
        "DiskKeyAlias": _alias(disk_key_alias(zone), "DiskKey"),
        "ArchiveKey": _key("Enclave Portal: log archive", "archive-key"),
        "ArchiveKeyAlias": _alias(archive_key_alias(zone), "ArchiveKey"),
    }


def _key(description: str, service: str) -> cf.Node:
    key = cf.resource(
        "KMS::Key",
        Description=description,
        EnableKeyRotation=True,
        PendingWindowInDays=30,
        KeyPolicy={
            "Version": "2012-10-17",
            # The tenant's own identity policies decide, among them those of the account template.
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": cf.sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        },
        Tags=tags(service),
    )
    # What a lost key encrypted is lost: a stack deleted by mistake must not take it along.
    return cf.kept(key)


def _alias(name: str, key: str) -> cf.Node:
    return cf.resource("KMS::Alias", AliasName=name, TargetKeyId=cf.ref(key))
