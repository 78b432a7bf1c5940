"""What travels: one request to AWS taken apart, and replies in the dialect that its SDK expects."""

import json
import re
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.sax.saxutils import escape

type Environ = dict[str, Any]
type Parameters = dict[str, str]
type StartResponse = Callable[..., Any]

EC2_CODES = {
    "AccessDenied": "UnauthorizedOperation",
    "InvalidClientTokenId": "AuthFailure",
    "SignatureDoesNotMatch": "AuthFailure",
    "ExpiredToken": "RequestExpired",
}
JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "ExpiredToken": "ExpiredTokenException",
    "Throttling": "ThrottlingException",
}
STATUS = {
    "DryRunOperation": 412,
    "InternalError": 500,
    "InternalFailure": 500,
    "InsufficientInstanceCapacity": 500,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
    "Unavailable": 503,
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "SignatureDoesNotMatch": 403,
}


class AwsError(Exception):
    """A refusal that reaches the caller as an AWS error of this code."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUS.get(code, 400)


@dataclass
class Reply:
    """A finished answer; `outcome` is "ok" or the error code that it carries."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    outcome: str = "ok"


@dataclass
class Request:
    """One HTTP request; `service` and `region` come from the signature, once it was checked."""

    environ: Environ
    body: bytes
    service: str = ""
    region: str = "us-east-1"
    query: Parameters = field(default_factory=dict)

    @classmethod
    def read(cls, environ: Environ) -> "Request":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        stream = environ["wsgi.input"]
        endless = not length and environ.get("wsgi.input_terminated")
        body = stream.read() if endless else stream.read(length)
        query = urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        return cls(environ, body, query=dict(query))

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return urllib.parse.unquote(self.environ["PATH_INFO"])

    @property
    def raw_path(self) -> str:
        raw = self.environ.get("RAW_URI") or self.environ["PATH_INFO"]
        return str(raw).split("?")[0] or "/"

    def header(self, name: str) -> str | None:
        key = name.upper().replace("-", "_")
        prefix = "" if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_"
        return self.environ.get(prefix + key)

    @property
    def target(self) -> str | None:
        return self.header("x-amz-target")

    @cached_property
    def parameters(self) -> Parameters:
        """The flat parameters of a query-protocol call, as in `TagSpecification.1.Tag.2.Key`."""
        if "x-www-form-urlencoded" not in (self.header("content-type") or ""):
            return self.query
        form = urllib.parse.parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {**self.query, **dict(form)}

    @cached_property
    def document(self) -> dict[str, Any]:
        """The JSON body of a JSON-protocol call."""
        if not self.target:
            return {}
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError:
            raise AwsError("SerializationException", "The body of the request is not JSON.") from None
        return parsed if isinstance(parsed, dict) else {}

    @property
    def operation(self) -> str:
        return self.target.split(".")[-1] if self.target else self.parameters.get("Action", "")

    def members(self, prefix: str) -> list[str]:
        """The values of a numbered list in order: `InstanceId.1`, `ActionNames.member.2`."""
        pattern = re.compile(re.escape(prefix) + r"(?:\.member)?\.(\d+)$")
        found = [(int(m[1]), v) for k, v in self.parameters.items() if (m := pattern.match(k))]
        return [value for _, value in sorted(found)]

    def pairs(self, prefix: str, key: str = "Key", value: str = "Value") -> dict[str, str]:
        """A numbered list of key and value as a dict: `Tags.member.1.Key`."""
        pattern = re.compile(re.escape(prefix) + rf"(?:\.member)?\.\d+\.{key}$")
        return {
            name: self.parameters.get(path[: -len(key)] + value, "")
            for path, name in self.parameters.items()
            if pattern.match(path)
        }


def error_reply(request: Request, error: AwsError) -> Reply:
    """The error as the service of this request would write it."""
    request_id = str(uuid.uuid4())
    code, content_type, body = _error_body(request, error, request_id)
    headers = [("Content-Type", content_type), ("x-amzn-RequestId", request_id)]
    payload = b"" if request.method == "HEAD" else body.encode()
    return Reply(f"{error.status} Refused", [*headers, _length(payload)], payload, outcome=code)


def _error_body(request: Request, error: AwsError, request_id: str) -> tuple[str, str, str]:
    message = escape(error.message)
    if request.service == "ec2":
        code = EC2_CODES.get(error.code, error.code)
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return code, "text/xml", f"<Response>{inner}<RequestID>{request_id}</RequestID></Response>"
    code = error.code
    if request.service == "s3":
        inner = f"<Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
        return code, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'
    if request.target:
        code = JSON_CODES.get(code, code)
        return code, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": error.message})
    inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return code, "text/xml", f"<ErrorResponse>{inner}<RequestId>{request_id}</RequestId></ErrorResponse>"


def query_reply(operation: str, namespace: str, result: str) -> Reply:
    """A success in the query protocol of IAM and STS; `result` is XML already."""
    body = (
        f'<{operation}Response xmlns="{namespace}"><{operation}Result>{result}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
    ).encode()
    return Reply("200 OK", [("Content-Type", "text/xml"), _length(body)], body)


def json_reply(value: object, status: str = "200 OK") -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, [("Content-Type", "application/json"), _length(body)], body)


def outcome_of(status: str, body: bytes) -> str:
    """ "ok", or the error code that an answer of the engine carries."""
    if status[:1] in "123":
        return "ok"
    found = re.search(rb'<Code>([^<]+)|"__type":\s*"(?:[^"#]*#)?([^"]+)"', body[:4000])
    return (found[1] or found[2]).decode() if found else status.split(maxsplit=1)[0]


def _length(body: bytes) -> tuple[str, str]:
    return "Content-Length", str(len(body))
