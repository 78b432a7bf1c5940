"""Signature Version 4: whether a request was signed with the secret of the key that it names."""

import hashlib
import hmac
import re
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.aws.wire import AwsError, Request

ALGORITHM = "AWS4-HMAC-SHA256"
HEADER = re.compile(
    rf"{ALGORITHM} Credential=([^/]+)/(\d{{8}})/([^/]+)/([^/]+)/aws4_request,\s*"
    r"SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)"
)
SKEW = timedelta(minutes=5)
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True)
class Signature:
    """What a request says about its own signature; nothing of it is proved yet."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    value: str
    timestamp: str
    token: str | None
    lifetime: timedelta | None = None

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_signature(request: Request) -> Signature:
    """Raises AwsError if the request carries none."""
    found = HEADER.match(request.header("authorization") or "")
    if found:
        key, date, region, service, headers, value = found.groups()
        moment, token = request.header("x-amz-date") or "", request.header("x-amz-security-token")
        return Signature(key, date, region, service, headers, value, moment, token)
    if "X-Amz-Signature" in request.query:
        return _presigned(request.query)
    raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token")


def _presigned(query: dict[str, str]) -> Signature:
    try:
        key, date, region, service, _ = query["X-Amz-Credential"].split("/")
        return Signature(
            key,
            date,
            region,
            service,
            query["X-Amz-SignedHeaders"],
            query["X-Amz-Signature"],
            query["X-Amz-Date"],
            query.get("X-Amz-Security-Token"),
            timedelta(seconds=int(query.get("X-Amz-Expires", 900))),
        )
    except (KeyError, ValueError):
        raise AwsError("AuthorizationQueryParametersError", "The presigned query is incomplete.") from None


def verify(request: Request, signature: Signature, secret: str, now: datetime | None = None) -> None:
    """Raises AwsError unless the signature is right, fresh, and covers this very body."""
    _check_time(signature, now or datetime.now(UTC))
    _check_body(request)
    expected = hmac.new(
        _signing_key(secret, signature), _string_to_sign(request, signature).encode(), hashlib.sha256
    ).hexdigest()
    if not hmac.compare_digest(expected, signature.value):
        raise AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )


def _check_time(signature: Signature, now: datetime) -> None:
    try:
        moment = datetime.strptime(signature.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AwsError("IncompleteSignature", "The date of the request is missing or malformed.") from None
    if not signature.timestamp.startswith(signature.date):
        raise AwsError("SignatureDoesNotMatch", "Date in Credential scope does not match the date.")
    latest = moment + (signature.lifetime if signature.lifetime is not None else SKEW)
    if now > latest and signature.lifetime is not None:
        raise AwsError("AccessDenied", "Request has expired")
    if now > latest:
        raise AwsError("SignatureDoesNotMatch", f"Signature expired: {moment:%c} is earlier than 5 min. ago.")
    if moment > now + SKEW:
        raise AwsError("SignatureDoesNotMatch", f"Signature not yet current: {moment:%c} is in the future.")


def _check_body(request: Request) -> None:
    claimed = request.header("x-amz-content-sha256")
    if claimed is None or claimed == UNSIGNED or claimed.startswith("STREAMING-"):
        return
    if claimed != hashlib.sha256(request.body).hexdigest():
        raise AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )


def _signing_key(secret: str, signature: Signature) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in signature.scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _string_to_sign(request: Request, signature: Signature) -> str:
    digest = hashlib.sha256(_canonical_request(request, signature).encode()).hexdigest()
    return "\n".join([ALGORITHM, signature.timestamp, signature.scope, digest])


def _canonical_request(request: Request, signature: Signature) -> str:
    path = request.raw_path if signature.service == "s3" else urllib.parse.quote(request.raw_path, safe="/~")
    headers = "".join(f"{name}:{_header(request, name)}\n" for name in signature.signed_headers.split(";"))
    parts = [request.method, path, _canonical_query(request), headers, signature.signed_headers]
    return "\n".join([*parts, _payload_hash(request, signature)])


def _canonical_query(request: Request) -> str:
    pairs = urllib.parse.parse_qsl(request.environ.get("QUERY_STRING", ""), keep_blank_values=True)
    quoted = (
        (urllib.parse.quote(key, safe="-_.~"), urllib.parse.quote(value, safe="-_.~"))
        for key, value in pairs
        if key != "X-Amz-Signature"
    )
    return "&".join(f"{key}={value}" for key, value in sorted(quoted))


def _header(request: Request, name: str) -> str:
    return " ".join((request.header(name) or "").split())


def _payload_hash(request: Request, signature: Signature) -> str:
    if signature.lifetime is not None and signature.service == "s3":
        return UNSIGNED
    return request.header("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
