"""Azure inside the test's own process: the SDKs' requests are answered without a socket or TLS."""

import io
from typing import TYPE_CHECKING, Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from sandbox.azure.wire import Request

if TYPE_CHECKING:
    from sandbox.azure.azure import Azure


class _Adapter(HTTPAdapter):
    def __init__(self, azure: "Azure") -> None:
        super().__init__()
        self._azure = azure

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = request.body or b""
        if not isinstance(body, str | bytes):
            raise TypeError("The sandbox takes bodies in one piece.")
        raw = body.encode() if isinstance(body, str) else body
        headers = {name: str(value) for name, value in request.headers.items()}
        given = self._azure.answer(Request.read(str(request.method), request.path_url, headers, raw))
        if given.cut:
            raise requests.ConnectionError(ProtocolError("The line was cut."), request=request)
        return self.build_response(
            request,
            HTTPResponse(
                body=io.BytesIO(given.body),
                headers={**given.headers, "Content-Length": str(len(given.body))},
                status=given.status,
                preload_content=False,
            ),
        )


def in_process(azure: "Azure") -> RequestsTransport:
    """A transport for the SDKs' clients and credentials; every https address leads to the sandbox."""
    session = requests.Session()
    session.mount("https://", _Adapter(azure))
    return RequestsTransport(session=session, session_owner=False)
