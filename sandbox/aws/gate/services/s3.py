"""S3: the action follows from method and sub-resource, and the bucket's own policy counts."""

from collections.abc import Iterator
from typing import Any

from sandbox.aws import engine
from sandbox.aws.gate.authorization import NOBODY, Check
from sandbox.aws.gate.call import Call, Plan
from sandbox.aws.gate.conditions import ContextValue, as_list
from sandbox.aws.gate.services import kms
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
# What a bucket's default key is needed for.
KEY_ACTIONS = {"s3:PutObject": "kms:GenerateDataKey", "s3:GetObject": "kms:Decrypt"}
# All others have no delete action of their own: removing is a put.
DELETED_BY_NAME = ("policy", "website")


def plan(call: Call) -> Plan:
    name, _, key = call.request.path.lstrip("/").partition("/")
    if not name:
        return _listing(call)
    action = _object_action(call) if key else _bucket_action(call)
    owner, bucket = _find_bucket(name)
    suffix = f"/{key}" if key else "/*" if action == "s3:DeleteObject" else ""
    resource, context = f"arn:aws:s3:::{name}{suffix}", call.context.plus(_keys(call))
    plan = Plan(action, account=owner or None)
    if action == "s3:CreateBucket":
        plan.check(resource, context)
    else:
        plan.checks = [Check(action, resource, context, owner, _policy(bucket))]
    plan.checks += _key_checks(call, action, bucket)
    return plan


def _listing(call: Call) -> Plan:
    plan = Plan("s3:ListAllMyBuckets")
    plan.check("*", call.context)
    return plan


def _keys(call: Call) -> dict[str, ContextValue]:
    queried = {f"s3:{name}": call.request.query.get(name) for name in ("prefix", "delimiter", "max-keys")}
    sent = (
        "x-amz-acl",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-content-sha256",
    )
    return {**queried, **{f"s3:{name}": call.request.header(name) for name in sent}}


def _key_checks(call: Call, action: str, bucket: Any | None) -> Iterator[Check]:
    """S3 uses the bucket's key in the caller's name."""
    key = _default_key(bucket)
    if key and action in KEY_ACTIONS:
        via = call.context.plus({"kms:ViaService": f"s3.{call.region}.amazonaws.com"})
        yield kms.key_check(call, KEY_ACTIONS[action], key, via)


def _default_key(bucket: Any | None) -> str | None:
    rules = ((getattr(bucket, "encryption", None) or {}).get("Rule")) or []
    defaults = (rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in as_list(rules))
    return next((default.get("KMSMasterKeyID") for default in defaults), None)


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


def _find_bucket(name: str) -> tuple[str, Any | None]:
    found = ((account, bucket) for account, bucket in engine.buckets() if bucket.name == name)
    return next(found, (NOBODY, None))


def _policy(bucket: Any | None) -> str | None:
    policy = bucket.policy if bucket is not None else None
    return policy.decode() if isinstance(policy, bytes) else policy or None
