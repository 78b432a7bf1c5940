"""What the AWS provider must be told about the portal itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AwsConfig:
    portal_account_id: str
    principal_arn: str
    endpoint_url: str = ""  # of the sandbox; empty for AWS itself
    image_owner: str = ""  # the portal's own account unless somebody else makes the images
    image_name: str = "enclave-host-*"

    @property
    def images_of(self) -> str:
        return self.image_owner or self.portal_account_id
