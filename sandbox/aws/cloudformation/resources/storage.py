"""Keys, buckets and log groups."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.aws.cloudformation.resources.base import (
    Made,
    Place,
    Properties,
    ResourceType,
    chosen,
    is_true,
    names,
)

LIFECYCLE_RULE = names(
    "Id Status Prefix ExpirationInDays NoncurrentVersionExpiration AbortIncompleteMultipartUpload"
)


def _create_key(place: Place, properties: Properties) -> Made:
    kms = place.client("kms")
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", ())]
    key = kms.create_key(
        Policy=json.dumps(properties["KeyPolicy"]),
        Tags=tags,
        **chosen(properties, "Description KeyUsage KeySpec"),
    )["KeyMetadata"]
    if is_true(properties.get("EnableKeyRotation", False)):
        kms.enable_key_rotation(KeyId=key["KeyId"])
    if not is_true(properties.get("Enabled", True)):
        kms.disable_key(KeyId=key["KeyId"])
    return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


def _delete_key(place: Place, made: Made, properties: Properties) -> None:
    days = int(properties.get("PendingWindowInDays", 30))
    place.client("kms").schedule_key_deletion(KeyId=made.physical_id, PendingWindowInDays=days)


def _update_key(place: Place, made: Made, old: Properties, new: Properties) -> None:
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if changed - {"KeyPolicy"}:
        raise ValueError("Of a key, only KeyPolicy can be updated in the sandbox.")
    policy = json.dumps(new["KeyPolicy"])
    place.client("kms").put_key_policy(KeyId=made.physical_id, PolicyName="default", Policy=policy)


def _create_alias(place: Place, properties: Properties) -> Made:
    place.client("kms").create_alias(**properties)
    return Made(properties["AliasName"])


def _create_bucket(place: Place, properties: Properties) -> Made:
    s3 = place.client("s3")
    name = properties.get("BucketName", place.default_name.lower())
    location = {} if place.region == "us-east-1" else {"LocationConstraint": place.region}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": location} if location else {}))
    try:
        _configure_bucket(s3, name, properties)
    except Exception:
        s3.delete_bucket(Bucket=name)
        raise
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{place.region}.amazonaws.com",
        },
    )


def _configure_bucket(s3: Any, bucket: str, properties: Properties) -> None:
    calls: dict[str, Callable[[Any], Any]] = {
        "BucketEncryption": lambda value: s3.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration=_encryption(value)
        ),
        "PublicAccessBlockConfiguration": lambda value: s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration={k: is_true(v) for k, v in value.items()}
        ),
        "OwnershipControls": lambda value: s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls=value
        ),
        "VersioningConfiguration": lambda value: s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration=value
        ),
        "LifecycleConfiguration": lambda value: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [_lifecycle_rule(r) for r in value["Rules"]]}
        ),
        "Tags": lambda value: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": value}),
    }
    for name, call in calls.items():
        if name in properties:
            call(properties[name])


def _encryption(value: Properties) -> Properties:
    """The template says ServerSideEncryptionByDefault where the API says ApplyServer…."""
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        other = {k: is_true(v) for k, v in rule.items() if k != "ServerSideEncryptionByDefault"}
        rules.append({"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"], **other})
    return {"Rules": rules}


def _lifecycle_rule(rule: Properties) -> Properties:
    if unknown := set(rule) - LIFECYCLE_RULE:
        raise ValueError(f"Unknown in a lifecycle rule: {', '.join(sorted(unknown))}.")
    wanted: Properties = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    wanted |= {"ID": rule["Id"]} if "Id" in rule else {}
    wanted |= {"Expiration": {"Days": int(rule["ExpirationInDays"])}} if "ExpirationInDays" in rule else {}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            wanted[name] = {key: int(value) for key, value in rule[name].items()}
    return wanted


def _put_bucket_policy(place: Place, properties: Properties) -> Made:
    policy = json.dumps(properties["PolicyDocument"])
    place.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return Made(properties["Bucket"])


def _update_bucket_policy(place: Place, made: Made, old: Properties, new: Properties) -> None:
    if old["Bucket"] != new["Bucket"]:
        raise ValueError("A change of Bucket replaces the resource, which the sandbox does not do.")
    _put_bucket_policy(place, new)


def _create_log_group(place: Place, properties: Properties) -> Made:
    logs = place.client("logs")
    name = properties.get("LogGroupName", place.default_name)
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
    key = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
    logs.create_log_group(logGroupName=name, **key, **({"tags": tags} if tags else {}))
    if days := properties.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    return Made(name, {"Arn": f"arn:aws:logs:{place.region}:{place.account}:log-group:{name}:*"})


TYPES = {
    "AWS::KMS::Key": ResourceType(
        names("KeyPolicy Description EnableKeyRotation Enabled KeyUsage KeySpec PendingWindowInDays Tags"),
        _create_key,
        _delete_key,
        _update_key,
    ),
    "AWS::KMS::Alias": ResourceType(
        names("AliasName TargetKeyId"),
        _create_alias,
        lambda place, made, _: place.client("kms").delete_alias(AliasName=made.physical_id),
    ),
    "AWS::S3::Bucket": ResourceType(
        names(
            "BucketName BucketEncryption PublicAccessBlockConfiguration OwnershipControls "
            "VersioningConfiguration LifecycleConfiguration Tags"
        ),
        _create_bucket,
        lambda place, made, _: place.client("s3").delete_bucket(Bucket=made.physical_id),
    ),
    "AWS::S3::BucketPolicy": ResourceType(
        names("Bucket PolicyDocument"),
        _put_bucket_policy,
        lambda place, made, _: place.client("s3").delete_bucket_policy(Bucket=made.physical_id),
        _update_bucket_policy,
    ),
    "AWS::Logs::LogGroup": ResourceType(
        names("LogGroupName RetentionInDays KmsKeyId Tags"),
        _create_log_group,
        lambda place, made, _: place.client("logs").delete_log_group(logGroupName=made.physical_id),
    ),
}
