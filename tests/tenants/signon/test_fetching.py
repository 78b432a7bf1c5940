"""What a server may do to whoever asks it, and whom the portal never asks."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tenants.signon import fetching
from tenants.signon.fetching import LONGEST, FetchFailed, check_url, fetch_json, is_public

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def serve(settings) -> Iterator[Callable]:
    """Answer the next connection with whatever a function writes: ``url = serve(lambda wire: …)``."""
    settings.SIGN_ON_LOOPBACK = True
    doors: list[socket.socket] = []

    def begin(work: Callable[[socket.socket], None]) -> str:
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)
        threading.Thread(target=_answer, args=(door, work), daemon=True).start()
        return f"http://127.0.0.1:{door.getsockname()[1]}/"

    yield begin
    for door in doors:
        door.close()


def _answer(door: socket.socket, work: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):
        wire, _ = door.accept()
        with wire:
            wire.recv(65536)
            work(wire)


@pytest.fixture
def brief(monkeypatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.3)


def drip(wire: socket.socket, text: bytes, times: int = 1000) -> None:
    for _ in range(times):
        wire.sendall(text)
        time.sleep(0.02)


def test_an_object_is_returned_with_its_status(serve):
    url = serve(
        lambda wire: wire.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 13\r\n\r\n" + b'{"error":"x"}')
    )

    assert fetch_json(url) == (404, {"error": "x"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve, status):
    inside = serve(lambda wire: pytest.fail("it was followed"))
    head = f"HTTP/1.1 {status} There\r\nLocation: {inside}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    url = serve(lambda wire: wire.sendall(head))

    with pytest.raises(FetchFailed, match=f"redirects \\({status}\\)"):
        fetch_json(url)


@pytest.mark.parametrize(
    "head",
    [
        OK + f"Content-Length: {10**12}\r\n\r\n".encode(),
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + b"\r\n",
    ],
)
def test_an_answer_without_an_end_is_read_no_further_than_the_limit(serve, head):
    def flood(wire: socket.socket) -> None:
        wire.sendall(head)
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n" if b"chunked" in head else b"x" * 65536
        for _ in range(1000):
            wire.sendall(chunk)

    with pytest.raises(FetchFailed, match=f"longer than {LONGEST // 1024} KiB"):
        fetch_json(serve(flood))


@pytest.mark.parametrize(
    "work",
    [
        lambda wire: drip(wire, b""),
        lambda wire: drip(wire, b"H"),
        lambda wire: (wire.sendall(b"HTTP/1.1 200 OK\r\nX: "), drip(wire, b"x")),
        lambda wire: (wire.sendall(OK + b"Content-Length: 1000\r\n\r\n"), drip(wire, b"x")),
        lambda wire: (wire.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n"), drip(wire, b"1\r\nx\r\n")),
    ],
    ids=["silence", "status", "header", "body", "chunks"],
)
def test_a_server_that_takes_its_time_is_left_when_the_time_is_over(serve, brief, work):
    with pytest.raises(FetchFailed, match="took longer"):
        fetch_json(serve(work))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'"x"', b"[" * 100_000, b"\xff\xfe\x00", b"NaN"],
    ids=lambda body: str(body[:8]),
)
def test_what_is_no_json_object_is_refused(serve, body):
    url = serve(lambda wire: wire.sendall(OK + f"Content-Length: {len(body)}\r\n\r\n".encode() + body))

    with pytest.raises(FetchFailed, match="without"):
        fetch_json(url)


@pytest.mark.parametrize(
    "junk", [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"\x15\x03\x01\x00\x02\x02", b"HTTP/9 x y\r\n\r\n"]
)
def test_a_server_that_speaks_something_else_is_told_as_one_that_failed(serve, junk):
    with pytest.raises(FetchFailed, match="the connection failed"):
        fetch_json(serve(lambda wire: wire.sendall(junk)))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        "0.0.0.0",  # noqa: S104 -- it is refused
        *("192.0.0.1", "198.51.100.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:a00:1::",
            "2002:808:808::1",
            "64:ff9b::808:808",
            "2001:0:1::1",
        ),
        *("::10.0.0.1", "100::1", "5f00::1", "", "localhost", "1", "0x7f.1"),
    ],
)
def test_an_address_that_is_not_public_is_none_to_ask(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::6810:84e5", "2a00:1450:4001::5"])
def test_a_public_address_is(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["93.184.215.14", "10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["fd00::1"],
        [],
    ],
)
def test_a_name_that_leads_to_a_private_address_is_not_asked(monkeypatch, found):
    asked = []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *args, **how: [(0, 0, 0, "", (one, 443)) for one in found]
    )
    monkeypatch.setattr(socket, "create_connection", lambda *args: asked.append(args))

    with pytest.raises(FetchFailed, match="not public"):
        fetch_json("https://login.example.com/")

    assert asked == []


def test_the_address_that_was_checked_is_the_one_that_is_asked(monkeypatch):
    looked_up, asked = [], []

    def look_up(host: str, *args, **how):
        # A name of two minds: public when it is looked at, private afterwards.
        looked_up.append(host)
        return [(0, 0, 0, "", ("93.184.215.14" if len(looked_up) == 1 else "127.0.0.1", 443))]

    def connect(place: tuple[str, int], *args):
        asked.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchFailed):
        fetch_json("https://login.example.com/")

    assert (looked_up, asked) == (["login.example.com"], [("93.184.215.14", 443)])


BAD = [
    *(
        "",
        "login.example.com",
        "http://login.example.com",
        "ftp://login.example.com",
        "https://",
        "https:///x",
    ),
    *("https://user@login.example.com", "https://:@login.example.com", "https://login.example.com/#x"),
    *("https://login.example.com:22", "https://login.example.com:80", "https://login.example.com:99999"),
    *(
        "https://[::1",
        "file:///etc/passwd",
        "gopher://login.example.com",
        "javascript:alert(1)",
        "//x.example",
    ),
]


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_of_a_provider_is_refused(url):
    with pytest.raises(FetchFailed):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/"]
)
def test_an_address_in_figures_is_looked_at_like_any_other(url):
    with pytest.raises(FetchFailed):
        fetch_json(url)


@pytest.mark.parametrize(
    ("loopback", "production", "url"),
    [
        (False, False, "http://127.0.0.1:9/"),
        (True, True, "http://127.0.0.1:9/"),
        (True, False, "http://localhost:9/"),
        (True, False, "http://127.0.0.2:9/"),
        (True, False, "http://10.0.0.1:9/"),
        (True, False, "http://127.0.0.1.example.com:9/"),
    ],
)
def test_this_machine_is_asked_only_where_a_setting_outside_of_production_says_so(
    settings, loopback, production, url
):
    settings.SIGN_ON_LOOPBACK, settings.PRODUCTION = loopback, production

    with pytest.raises(FetchFailed, match="https://"):
        check_url(url)


def test_slow_servers_hold_three_threads_at_most(serve, brief, monkeypatch):
    monkeypatch.setattr(fetching, "_AT_ONCE", threading.BoundedSemaphore(1))
    fetching._AT_ONCE.acquire()

    with pytest.raises(FetchFailed, match="Too many"):
        fetch_json(serve(lambda wire: None))


def test_the_turn_is_given_back_whatever_came_of_it(serve, monkeypatch):
    monkeypatch.setattr(fetching, "_AT_ONCE", threading.BoundedSemaphore(1))
    for _ in range(2):
        with pytest.raises(FetchFailed, match="without"):
            fetch_json(serve(lambda wire: wire.sendall(OK + b"Content-Length: 2\r\n\r\n[]")))
