"""S3: the action follows from method and sub-resource, and the bucket's own policy counts."""

from typing import Any

from sandbox.aws import engine
from sandbox.aws.gate.authorization import Check
from sandbox.aws.gate.call import Call, Plan
from sandbox.aws.wire import AwsError

BUCKET_PARTS = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
BUCKET_ACTIONS = {
    ("GET", "uploads"): "s3:ListBucketMultipartUploads",
    ("GET", "versions"): "s3:ListBucketVersions",
    ("POST", "delete"): "s3:DeleteObject",
    ("GET", None): "s3:ListBucket",
    ("HEAD", None): "s3:ListBucket",
    ("PUT", None): "s3:CreateBucket",
    ("DELETE", None): "s3:DeleteBucket",
}
OBJECT_ACTIONS = {
    ("GET", "acl"): "s3:GetObjectAcl",
    ("GET", "tagging"): "s3:GetObjectTagging",
    ("GET", "uploadId"): "s3:ListMultipartUploadParts",
    ("PUT", "acl"): "s3:PutObjectAcl",
    ("PUT", "tagging"): "s3:PutObjectTagging",
    ("DELETE", "tagging"): "s3:DeleteObjectTagging",
    ("DELETE", "uploadId"): "s3:AbortMultipartUpload",
    ("GET", None): "s3:GetObject",
    ("HEAD", None): "s3:GetObject",
    ("PUT", None): "s3:PutObject",
    ("PUT", "uploadId"): "s3:PutObject",
    ("POST", "uploadId"): "s3:PutObject",
    ("POST", "uploads"): "s3:PutObject",
    ("DELETE", None): "s3:DeleteObject",
}
# These have no delete action of their own: removing is a put.
DELETED_BY_NAME = ("policy", "website")


def plan(call: Call) -> Plan:
    bucket, _, key = call.request.path.lstrip("/").partition("/")
    if not bucket:
        return _listing(call)
    action = _object_action(call) if key else _bucket_action(call)
    plan = Plan(action)
    owner, policy = _owner_and_policy(bucket)
    plan.account = owner
    suffix = f"/{key}" if key else "/*" if action == "s3:DeleteObject" else ""
    context = call.context.plus(
        {
            "s3:prefix": call.request.query.get("prefix"),
            "s3:delimiter": call.request.query.get("delimiter"),
            "s3:max-keys": call.request.query.get("max-keys"),
            "s3:x-amz-acl": call.request.header("x-amz-acl"),
            "s3:x-amz-server-side-encryption": call.request.header("x-amz-server-side-encryption"),
            "s3:x-amz-server-side-encryption-aws-kms-key-id": call.request.header(
                "x-amz-server-side-encryption-aws-kms-key-id"
            ),
        }
    )
    created = action == "s3:CreateBucket"
    resource = f"arn:aws:s3:::{bucket}{suffix}"
    plan.checks = [Check(action, resource, context, *((None, None) if created else (owner, policy)))]
    return plan


def _listing(call: Call) -> Plan:
    plan = Plan("s3:ListAllMyBuckets")
    plan.check("*", call.context)
    return plan


def _bucket_action(call: Call) -> str:
    method = call.request.method
    part = next((name for name in BUCKET_PARTS if name in call.request.query), None)
    if part:
        verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete" if part in DELETED_BY_NAME else "Put"}
        return f"s3:{verb[method]}{BUCKET_PARTS[part]}"
    return _looked_up(call, BUCKET_ACTIONS)


def _object_action(call: Call) -> str:
    action = _looked_up(call, OBJECT_ACTIONS)
    versioned = "versionId" in call.request.query and action in ("s3:GetObject", "s3:DeleteObject")
    return f"{action}Version" if versioned else action


def _looked_up(call: Call, actions: dict[tuple[str, str | None], str]) -> str:
    query = call.request.query
    part = next((p for m, p in actions if p in query and m == call.request.method), None)
    action = actions.get((call.request.method, part))
    if action is None:
        raise AwsError("MethodNotAllowed", "The sandbox does not know this S3 request.", 405)
    return action


def _owner_and_policy(name: str) -> tuple[str | None, Any]:
    for account, bucket in engine.buckets():
        if bucket.name == name:
            policy = bucket.policy
            return account, policy.decode() if isinstance(policy, bytes) else policy or None
    return None, None
