"""What a request may weigh, checked at the port, before anything of it is kept or parsed."""

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings

LONGEST_ADDRESS: Final = 8_000  # bytes of path and query
LARGEST_HEADERS: Final = 32_000  # bytes of all names and values

_WORDS: Final = {
    411: "Say in Content-Length how long the body is.",
    413: "The body of the request is too large.",
    414: "The address is too long.",
    431: "The headers are too large.",
}


def excess(scope: Any) -> int:
    """The status of the answer to a request that weighs too much; 0 for one that does not."""
    if len(scope["path"]) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
        return 414
    headers = list(scope["headers"])
    if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        return 431
    return _excess_of_body(headers)


def _excess_of_body(headers: Iterable[tuple[bytes, bytes]]) -> int:
    told = {name.lower(): value for name, value in headers}
    # Without a length nobody knows when to stop, and Django would take the body for empty.
    if b"transfer-encoding" in told:
        return 411
    length = told.get(b"content-length", b"0")
    fits = length.isdigit() and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return 0 if fits else 413


async def refuse(status: int, send: Any) -> None:
    """Answer without reading the body, and leave the connection: what follows on it is no request."""
    body = _WORDS[status].encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def without_body(receive: Any) -> Any:
    """A ``receive`` of which nothing comes but the end: Django would first write a body to the disk."""
    is_begun = False

    async def received() -> Any:
        nonlocal is_begun
        if not is_begun:
            is_begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return message

    return received
