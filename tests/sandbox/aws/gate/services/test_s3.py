import json
import urllib.request

import pytest
from botocore.config import Config

from tests.sandbox.aws.conftest import policy

LOGS = {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/acme/*/logs/*"}


@pytest.fixture
def bucket(root, account):
    root("s3").create_bucket(Bucket=f"archive-{account}")
    return f"archive-{account}"


@pytest.mark.parametrize(("key", "answer"), [("acme/app/logs/x", "ok"), ("acme/app/data/x", "AccessDenied")])
def test_objects_are_checked_by_their_name(acting, bucket, code, key, answer):
    assert code(acting("s3", LOGS).put_object, Bucket=bucket, Key=key, Body=b"x") == answer


def test_putting_is_not_reading_or_deleting(acting, bucket, root, code):
    root("s3").put_object(Bucket=bucket, Key="acme/a/logs/x", Body=b"x")
    s3 = acting("s3", LOGS)

    answers = [code(call, Bucket=bucket, Key="acme/a/logs/x") for call in (s3.get_object, s3.delete_object)]

    assert answers == ["AccessDenied", "AccessDenied"]


@pytest.mark.parametrize(("prefix", "answer"), [("acme/", "ok"), ("globex/", "AccessDenied")])
def test_listings_are_checked_by_their_prefix(acting, bucket, code, prefix, answer):
    only = {"Action": "s3:ListBucket", "Condition": {"StringLike": {"s3:prefix": "acme/*"}}}

    assert code(acting("s3", only).list_objects_v2, Bucket=bucket, Prefix=prefix) == answer


READS = {
    "get_bucket_encryption": "s3:GetEncryptionConfiguration",
    "get_bucket_tagging": "s3:GetBucketTagging",
    "get_bucket_versioning": "s3:GetBucketVersioning",
    "get_public_access_block": "s3:GetBucketPublicAccessBlock",
    "get_bucket_lifecycle_configuration": "s3:GetLifecycleConfiguration",
    "get_bucket_ownership_controls": "s3:GetBucketOwnershipControls",
    "get_bucket_policy": "s3:GetBucketPolicy",
    "get_bucket_location": "s3:GetBucketLocation",
}


@pytest.mark.parametrize("call", READS)
def test_each_part_of_a_bucket_has_its_action(acting, bucket, code, call):
    allowed, other = acting("s3", {"Action": READS[call]}), acting("s3", {"Action": "s3:ListBucket"})

    answers = [code(getattr(s3, call), Bucket=bucket) for s3 in (allowed, other)]

    assert (answers[0] != "AccessDenied", answers[1]) == (True, "AccessDenied")


def test_a_buckets_policy_can_deny_even_root(root, bucket, code):
    denying = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    root("s3").put_object(Bucket=bucket, Key="x", Body=b"x")
    root("s3").put_bucket_policy(Bucket=bucket, Policy=policy(denying))

    assert code(root("s3").delete_object, Bucket=bucket, Key="x") == "AccessDenied"


def test_another_accounts_bucket_stays_shut_until_it_opens_itself(root, new_account, bucket, code):
    theirs = root("s3", stranger := new_account())
    before = code(theirs.list_objects_v2, Bucket=bucket)
    opening = {
        "Effect": "Allow",
        "Principal": {"AWS": stranger},
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
    }

    root("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [opening]}))

    assert [before, code(theirs.list_objects_v2, Bucket=bucket)] == ["AccessDenied", "ok"]


@pytest.mark.parametrize(("service", "answer"), [("s3.*", "ok"), ("ec2.*", "AccessDenied")])
def test_a_bucket_with_a_key_needs_the_key_as_well(root, acting, bucket, code, service, answer):
    key = root("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    root("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    using = {
        "Action": "kms:GenerateDataKey",
        "Resource": key,
        "Condition": {"StringLike": {"kms:ViaService": f"{service}.amazonaws.com"}},
    }

    assert code(acting("s3", LOGS, using).put_object, Bucket=bucket, Key="acme/a/logs/x", Body=b"") == answer


def test_presigned_addresses_work(root, bucket, aws):
    root("s3").put_object(Bucket=bucket, Key="x", Body=b"hello")
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})

    address = root("s3", config=config).generate_presigned_url("get_object", {"Bucket": bucket, "Key": "x"})

    with urllib.request.urlopen(address) as reply:  # noqa: S310 -- the sandbox
        assert reply.read() == b"hello"
