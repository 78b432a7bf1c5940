"""AWS: the only place where its SDK is used."""

from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.provider import AwsProvider

__all__ = ["AwsConfig", "AwsProvider"]
