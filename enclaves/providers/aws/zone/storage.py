"""Finding the tenant's keys and the log archive of a zone."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from enclaves.blueprints.aws.names import (
    ARCHIVE_DAYS,
    REGISTRATION_TAG,
    archive_bucket,
    archive_key_alias,
    disk_key_alias,
)
from enclaves.providers.aws import findings
from enclaves.providers.aws.errors import translated
from enclaves.providers.aws.findings import Mismatch
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.aws.zone.found import apply_again
from enclaves.providers.base import CheckDefinition, Claim, Finding, Place, ProviderError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# How S3 says that a bucket has no such setting.
UNSET = frozenset(
    {
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


class Storage:
    """A look at the keys and the archive of one zone; each test is one line of the page."""

    def __init__(self, claim: Claim, place: Place, sessions: Sessions) -> None:
        self._claim = claim
        self._place = place
        self._sessions = sessions
        self.bucket = archive_bucket(claim.account, place.zone)
        self.disk_key_arn = ""
        self.archive_key_arn = ""

    def test_disk_key(self, check: CheckDefinition) -> Finding:
        self.disk_key_arn = self._key(disk_key_alias(self._place.zone))
        return findings.passed(check, f"{disk_key_alias(self._place.zone)} → {self.disk_key_arn}")

    def test_archive_key(self, check: CheckDefinition) -> Finding:
        self.archive_key_arn = self._key(archive_key_alias(self._place.zone))
        return findings.passed(check, f"{archive_key_alias(self._place.zone)} → {self.archive_key_arn}")

    def test_archive(self, check: CheckDefinition) -> Finding:
        tags = self._tags()
        if tags.get(REGISTRATION_TAG) != self._claim.registration:
            raise Mismatch(
                f"The log archive {self.bucket} carries another registration",
                apply_again(self._place),
                f"{self.bucket}: {REGISTRATION_TAG} = {tags.get(REGISTRATION_TAG, 'nothing')}",
            )
        wrong = [told for told, is_right in self._settings.items() if not is_right()]
        if wrong:
            raise Mismatch(
                f"The log archive {self.bucket} is {' and '.join(wrong)}",
                apply_again(self._place),
                self.bucket,
            )
        return findings.passed(check, self.bucket)

    def _key(self, alias: str) -> str:
        kms = self._sessions.kms(self._place.region)
        try:
            with translated("kms:DescribeKey"):
                key = kms.describe_key(KeyId=alias)["KeyMetadata"]
        except ProviderError as error:
            if error.code not in ("NotFoundException", "AccessDeniedException"):
                raise
            # Without the alias, our permission for this key ends too: AWS says no to what is not there.
            raise Mismatch(
                f"There is no key {alias}", apply_again(self._place), findings.evidence_of(error)
            ) from None
        if key["KeyState"] != "Enabled":
            advice = f"Enable the key {key['KeyId']} in KMS. The check runs again by itself."
            raise Mismatch(f"The key {alias} is {key['KeyState'].lower()}", advice, key["Arn"])
        with translated("kms:GetKeyRotationStatus"):
            rotates = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
        if not rotates:
            advice = f"Switch on the rotation of the key {key['KeyId']}. The check runs again by itself."
            raise Mismatch(f"The key {alias} is not rotated", advice, key["Arn"])
        return key["Arn"]

    def _tags(self) -> dict[str, str]:
        try:
            with translated("s3:GetBucketTagging"):
                answer = self._s3.get_bucket_tagging(
                    Bucket=self.bucket, ExpectedBucketOwner=self._claim.account
                )
        except ProviderError as error:
            if error.code in UNSET:
                return {}
            if error.code not in ("NoSuchBucket", "AccessDenied"):
                raise
            # AWS answers the same for no bucket and for somebody else's bucket of that name.
            title = f"There is no log archive {self.bucket} in this account"
            raise Mismatch(title, apply_again(self._place), findings.evidence_of(error)) from None
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    @property
    def _settings(self) -> Mapping[str, Callable[[], bool]]:
        return {
            "not encrypted with your key": self._is_encrypted,
            "not closed to the public": self._is_closed,
            "not versioned": self._is_versioned,
            f"not expiring after {ARCHIVE_DAYS} days": self._expires,
        }

    def _is_encrypted(self) -> bool:
        answer = self._setting("s3:GetEncryptionConfiguration", self._s3.get_bucket_encryption)
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        wanted = ("aws:kms", self.archive_key_arn)
        defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
        return wanted in [(each.get("SSEAlgorithm"), each.get("KMSMasterKeyID")) for each in defaults]

    def _is_closed(self) -> bool:
        answer = self._setting("s3:GetBucketPublicAccessBlock", self._s3.get_public_access_block)
        settings = answer.get("PublicAccessBlockConfiguration", {})
        wanted = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        return all(settings.get(name) for name in wanted)

    def _is_versioned(self) -> bool:
        answer = self._setting("s3:GetBucketVersioning", self._s3.get_bucket_versioning)
        return bool(answer.get("Status") == "Enabled")

    def _expires(self) -> bool:
        answer = self._setting("s3:GetLifecycleConfiguration", self._s3.get_bucket_lifecycle_configuration)
        enabled = [rule for rule in answer.get("Rules", []) if rule["Status"] == "Enabled"]
        return ARCHIVE_DAYS in [rule.get("Expiration", {}).get("Days") for rule in enabled]

    def _setting(self, action: str, ask: Callable[..., Any]) -> Mapping[str, Any]:
        """Read one setting of the bucket; empty if the bucket has none."""
        try:
            with translated(action):
                answer: Mapping[str, Any] = ask(Bucket=self.bucket, ExpectedBucketOwner=self._claim.account)
        except ProviderError as error:
            if error.code not in UNSET:
                raise
            return {}
        return answer

    @property
    def _s3(self) -> "S3Client":
        return self._sessions.s3(self._place.region)
