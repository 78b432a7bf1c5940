"""Azure: the only place where its SDK is used, and loaded no earlier than a worker first needs it."""

from enclaves.providers.azure.config import AzureConfig
from enclaves.providers.azure.provider import AzureProvider

__all__ = ["AzureConfig", "AzureProvider"]
