import json

import pytest
from botocore.exceptions import ClientError

WITH_A_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"


@pytest.fixture
def bucket(root, account):
    """A bucket that denies uploads which name another key than "ours"."""
    name = f"bucket-{account}"
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"Null": {WITH_A_KEY: "false"}, "StringNotEquals": {WITH_A_KEY: "ours"}},
    }
    root("s3").create_bucket(Bucket=name)
    root("s3").put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    return name


def test_a_deny_whose_conditions_do_not_hold_denies_nothing(root, bucket):
    root("s3").put_object(Bucket=bucket, Key="a", Body=b"a")

    assert root("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == b"a"


def test_a_deny_whose_conditions_hold_denies_even_the_owner(root, bucket):
    with pytest.raises(ClientError, match="AccessDenied"):
        root("s3").put_object(
            Bucket=bucket, Key="a", Body=b"a", ServerSideEncryption="aws:kms", SSEKMSKeyId="theirs"
        )
