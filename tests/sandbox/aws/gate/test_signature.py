import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.aws.gate.signature import read_signature, verify
from sandbox.aws.wire import AwsError, Request

SECRET = "a secret"
BODY = b"Action=DescribeVpcs"


def request_of(signed, body=None):
    prepared = signed.prepare()
    body = (prepared.body or b"") if body is None else body
    path, _, query = prepared.url.removeprefix("http://127.0.0.1").partition("?")
    headers = {f"HTTP_{k.upper().replace('-', '_')}": _text(v) for k, v in prepared.headers.items()}
    headers["CONTENT_TYPE"] = headers.pop("HTTP_CONTENT_TYPE", "")
    headers.setdefault("HTTP_HOST", "127.0.0.1")
    environ = {"REQUEST_METHOD": prepared.method, "RAW_URI": path, "PATH_INFO": path, "QUERY_STRING": query}
    length = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    return Request.read({**environ, **headers, **length})


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def signed(auth=SigV4Auth, service="ec2", path="/", **options):
    address, headers = f"http://127.0.0.1{path}", {"Host": "127.0.0.1"}
    request = AWSRequest("GET", address, headers) if options else AWSRequest("POST", address, headers, BODY)
    auth(Credentials("AKIA", SECRET), service, "eu-west-1", **options).add_auth(request)
    return request


def refusal(request, secret=SECRET, now=None):
    try:
        verify(request, read_signature(request), secret, now)
    except AwsError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"path": "/?a=b&c=%2F%20d&A=1"},
        {"auth": S3SigV4Auth, "service": "s3", "path": "/bucket/a%20b/%C3%A9"},
        {"auth": SigV4QueryAuth, "service": "sts", "path": "/?Action=GetCallerIdentity", "expires": 3600},
        {"auth": S3SigV4QueryAuth, "service": "s3", "path": "/bucket/key", "expires": 3600},
    ],
)
def test_what_botocore_signs_is_accepted(wanted):
    assert refusal(request_of(signed(**wanted))) == "ok"


def test_service_and_region_come_from_the_signature():
    found = read_signature(request_of(signed(service="kms")))

    assert (found.access_key_id, found.service, found.region) == ("AKIA", "kms", "eu-west-1")


def test_another_secret_is_refused():
    assert refusal(request_of(signed()), secret="another") == "SignatureDoesNotMatch"


def test_another_body_is_refused():
    assert refusal(request_of(signed(), body=b"Action=DeleteVpc")) == "SignatureDoesNotMatch"


def test_a_body_hash_that_is_not_the_bodys_is_refused():
    request = request_of(signed(S3SigV4Auth, "s3", "/bucket/key"), body=b"Something else")

    assert refusal(request) == "XAmzContentSHA256Mismatch"


def test_a_header_that_was_changed_is_refused():
    request = request_of(signed(S3SigV4Auth, "s3"))
    request.environ["HTTP_X_AMZ_CONTENT_SHA256"] = hashlib.sha256(b"x").hexdigest()
    request.body = b"x"

    assert refusal(request) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("minutes", "answer"),
    [(-6, "SignatureDoesNotMatch"), (-4, "ok"), (4, "ok"), (6, "SignatureDoesNotMatch")],
)
def test_a_clock_may_be_off_by_five_minutes(minutes, answer):
    assert refusal(request_of(signed()), now=datetime.now(UTC) + timedelta(minutes=minutes)) == answer


@pytest.mark.parametrize(("seconds", "answer"), [(3500, "ok"), (3700, "AccessDenied")])
def test_a_presigned_address_ends_when_it_says(seconds, answer):
    request = request_of(signed(SigV4QueryAuth, expires=3600))

    assert refusal(request, now=datetime.now(UTC) + timedelta(seconds=seconds)) == answer


def test_a_request_without_a_signature_is_refused():
    with pytest.raises(AwsError) as refused:
        read_signature(request_of(AWSRequest("GET", "http://127.0.0.1/")))

    assert refused.value.code == "MissingAuthenticationToken"
