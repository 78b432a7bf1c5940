"""The log archive: a bucket of the tenant that hosts write to and nobody else may open."""

from enclaves.blueprints.aws import cloudformation as cf
from enclaves.blueprints.aws.names import ARCHIVE_DAYS
from enclaves.blueprints.aws.zone.parts import tags

ENCRYPTION = "x-amz-server-side-encryption"


def resources(bucket: str) -> cf.Node:
    return {"Archive": _bucket(bucket), "ArchivePolicy": _policy()}


def _bucket(bucket: str) -> cf.Node:
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": cf.att("ArchiveKey", "Arn")}
    made = cf.resource(
        "S3::Bucket",
        BucketName=bucket,
        BucketEncryption={
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": encryption}
            ]
        },
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        VersioningConfiguration={"Status": "Enabled"},
        LifecycleConfiguration={"Rules": [_expiry()]},
        Tags=tags("archive"),
    )
    guarded = cf.skipping(
        made, CKV_AWS_18="It holds logs itself; logs about them would need a bucket in turn."
    )
    # CloudFormation refuses to delete a bucket that holds anything, so no log is lost with the stack, and
    # an empty archive does not stand in the way of the next one.
    return {**guarded, "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"}


def _expiry() -> cf.Node:
    return {
        "Id": "expire",
        "Status": "Enabled",
        "ExpirationInDays": ARCHIVE_DAYS,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }


def _policy() -> cf.Node:
    everything = [cf.att("Archive", "Arn"), cf.sub("${Archive.Arn}/*")]
    return cf.resource(
        "S3::BucketPolicy",
        Bucket=cf.ref("Archive"),
        PolicyDocument={
            "Version": "2012-10-17",
            "Statement": [
                _deny("TlsOnly", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
                _deny(
                    "OurKeyOnly",
                    "s3:PutObject",
                    cf.sub("${Archive.Arn}/*"),
                    # An upload that says nothing of encryption gets the bucket's own key; AES256, or a key of
                    # AWS's, would be another.
                    {
                        "Null": {f"s3:{ENCRYPTION}": "false"},
                        "StringNotEquals": {f"s3:{ENCRYPTION}-aws-kms-key-id": cf.att("ArchiveKey", "Arn")},
                    },
                ),
            ],
        },
    )


def _deny(name: str, action: str, what: object, when: cf.Node) -> cf.Node:
    return {
        "Sid": name,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": what,
        "Condition": when,
    }
