"""AWS' instance identity documents, from /latest/dynamic/instance-identity/rsa2048 of an instance.

Each region has its own certificate, and the document names none. So it is the region where the portal
launched the instance that decides, never the document. A document has no nonce and no end, and every
process on the instance can read it: `checks.matches` decides what it is good for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from enclaves.identity.cms import open_envelope
from enclaves.identity.content import SKEW, from_base64, read_object, read_text, read_time
from enclaves.identity.errors import IdentityRefused

type Certificates = Mapping[str, Sequence[x509.Certificate]]

_FORMS = {
    "accountId": re.compile(r"[0-9]{12}"),
    "region": re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"),
    "availabilityZone": re.compile(r"[a-z0-9-]{5,60}"),
    "instanceId": re.compile(r"i-[0-9a-f]{8,32}"),
    "instanceType": re.compile(r"[a-z0-9.-]{3,60}"),
    "imageId": re.compile(r"ami-[0-9a-f]{8,32}"),
    "architecture": re.compile(r"x86_64|arm64|i386"),
    "pendingTime": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
    "version": re.compile(r"2017-09-30"),
}


@dataclass(frozen=True, kw_only=True)
class AwsInstance:
    """What AWS says about an instance. `pending_time` is when it was last started."""

    account: str
    region: str
    availability_zone: str
    instance_id: str
    instance_type: str
    image_id: str
    architecture: str
    pending_time: datetime


def verify_document(pkcs7: bytes, region: str, now: datetime, certificates: Certificates) -> AwsInstance:
    """What AWS says in a document (base64, as it is handed out); raises IdentityRefused.

    `certificates` are AWS' own, by region; a region may have a next one beside the present one.
    """
    envelope = open_envelope(from_base64(pkcs7))
    signer = next((one for one in certificates.get(region, ()) if envelope.is_of(one)), None)
    if signer is None:
        raise IdentityRefused(f"The document is not signed by AWS in {region}, as far as is known here.")
    if not signer.not_valid_before_utc <= now < signer.not_valid_after_utc:
        raise IdentityRefused(f"The certificate of AWS in {region} is not valid now.")
    found = _read(read_object(envelope.verify(signer)))
    if found.region != region:
        raise IdentityRefused(f"The document is about an instance in {found.region}.")
    if found.pending_time > now + SKEW:
        raise IdentityRefused("The instance is from the future.")
    return found


def _read(document: Mapping[str, object]) -> AwsInstance:
    texts = {name: read_text(document, name, form) for name, form in _FORMS.items()}
    return AwsInstance(
        account=texts["accountId"],
        region=texts["region"],
        availability_zone=texts["availabilityZone"],
        instance_id=texts["instanceId"],
        instance_type=texts["instanceType"],
        image_id=texts["imageId"],
        architecture=texts["architecture"],
        pending_time=read_time(texts["pendingTime"], "%Y-%m-%dT%H:%M:%S"),
    )
