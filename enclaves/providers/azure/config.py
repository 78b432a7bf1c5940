"""What the Azure provider must be told about the portal itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.core.pipeline.transport import HttpTransport


@dataclass(frozen=True)
class AzureConfig:
    """``sign`` makes the assertion with which the portal says to Entra that it is a subject."""

    issuer: str
    sign: Callable[[str], str] = field(repr=False)
    authority_url: str = "https://login.microsoftonline.com"
    arm_url: str = "https://management.azure.com"
    ca_file: str | None = None  # of the sandbox; Azure's own certificates are known everywhere
    image_gallery: str = ""  # the public name of the community gallery with the host images
    transport: "HttpTransport[Any, Any] | None" = field(default=None, repr=False)  # instead of sockets
