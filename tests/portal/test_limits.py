"""What weighs too much is refused at the port, by the application that production serves."""

import asyncio

import pytest

from portal import asgi, limits

MEGABYTE = 1_000_000


def asked(*, method="POST", path="/healthz", query=b"", headers=()):
    """The status that the port answers, and how much of the body was read for it."""
    sent, read = [], []
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method}
    scope |= {"path": path, "raw_path": path.encode(), "query_string": query, "root_path": ""}
    scope |= {"scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "headers": headers}

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(message):
        sent.append(message)

    asyncio.run(asgi.application(scope, receive, send))
    return sent[0]["status"], len(read)


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/tenants/", "/events/acme/"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", str(MEGABYTE + 1).encode())], 413),
        ([(b"Content-Length", b"9" * 30)], 413),
        ([(b"content-length", b"-1")], 413),
        ([(b"content-length", b"1e3")], 413),
        ([(b"transfer-encoding", b"chunked")], 411),
        ([(b"cookie", b"x" * limits.LARGEST_HEADERS)], 431),
        ([(b"x-%d" % number, b"x" * 400) for number in range(100)], 431),
    ],
)
def test_what_weighs_too_much_is_refused_unread(path, headers, status):
    assert asked(path=path, headers=headers) == (status, 0)


@pytest.mark.parametrize(
    ("path", "query"),
    [("/" + "x" * limits.LONGEST_ADDRESS, b""), ("/healthz", b"x" * limits.LONGEST_ADDRESS)],
)
def test_an_address_that_is_too_long_is_refused(path, query):
    assert asked(method="GET", path=path, query=query) == (414, 0)


def test_a_request_of_ordinary_weight_passes():
    headers = [(b"host", b"127.0.0.1"), (b"content-length", str(MEGABYTE).encode()), (b"cookie", b"x" * 4000)]

    assert limits.excess({"path": "/t/acme/", "query_string": b"q=x", "headers": headers}) == 0


def test_a_stream_takes_no_body_but_hears_the_end():
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])

    async def walk():
        async def receive():
            return next(messages)

        received = limits.without_body(receive)
        return [await received(), await received()]

    assert asyncio.run(walk()) == [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]
