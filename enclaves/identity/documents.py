"""Reading what a machine shows, by the rules of the cloud that it should be in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from enclaves.identity import aws, azure
from enclaves.identity.certificates import aws_certificates, azure_trust
from enclaves.identity.checks import Instance
from enclaves.identity.errors import IdentityRefused


@dataclass(frozen=True, kw_only=True)
class _Shown:
    document: bytes
    nonce: str
    region: str
    now: datetime
    folder: Path


def read_document(
    cloud: str, document: bytes, *, nonce: str, region: str, now: datetime, folder: Path
) -> Instance:
    """What the cloud says of a machine; raises IdentityRefused, or CertificatesMissing.

    ``folder`` holds the clouds' certificates: ``aws/<region>.pem``, ``azure/roots.pem`` and
    ``azure/intermediates.pem``.
    """
    if cloud not in _READERS:
        raise IdentityRefused(f"Nothing is known of documents of {cloud}.")
    return _READERS[cloud](_Shown(document=document, nonce=nonce, region=region, now=now, folder=folder))


def _of_aws(shown: _Shown) -> Instance:
    certificates = aws_certificates(shown.folder / "aws")
    return aws.verify_document(shown.document, shown.region, shown.now, certificates)


def _of_azure(shown: _Shown) -> Instance:
    trust = azure_trust(shown.folder / "azure" / "roots.pem", shown.folder / "azure" / "intermediates.pem")
    return azure.verify_attested(shown.document, shown.nonce, shown.now, trust)


_READERS: Final[Mapping[str, Callable[[_Shown], Instance]]] = {"aws": _of_aws, "azure": _of_azure}
