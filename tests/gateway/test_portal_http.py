import asyncio
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.portal import Caller, Closing, PortalUnreachable, Refused
from gateway.portal_http import HttpPortal

CALLER = Caller(
    grant="grant-7",
    host_name="",
    key_fingerprint="SHA256:a",
    certificate_serial=7,
    authority_fingerprint="SHA256:b",
    source="198.51.100.7",
    hop_key="ssh-ed25519 AAAA",
)


class Portal(BaseHTTPRequestHandler):
    """Answers as a test says, and remembers what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        status, text = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        self.close_connection = self.server.hangs_up

    def log_message(self, format, *args):
        """Be quiet."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    made.daemon_threads = True
    made.asked, made.answer, made.hangs_up = [], (200, "null"), False
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def portal(server):
    made = HttpPortal(f"http://127.0.0.1:{server.server_address[1]}/signer/gateway/", "secret")
    yield made
    made.close()


def test_each_question_is_a_post_that_names_the_gateway(portal, server):
    asyncio.run(portal.opened("one"))

    assert server.asked == [("/signer/gateway/opened", "Bearer secret", {"session": "one"})]


def test_how_a_session_ended_is_told_whole(portal, server):
    asyncio.run(portal.closed("one", Closing(reason="revoked", sha256="ab", size=3, left=None)))

    assert server.asked[0][2] == {
        "session": "one",
        "reason": "revoked",
        "sha256": "ab",
        "size": 3,
        "left": None,
    }


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_says_why(portal, server, status):
    server.answer = (status, json.dumps({"detail": "This access was revoked."}))

    with pytest.raises(Refused, match=r"This access was revoked\."):
        asyncio.run(portal.authorize(CALLER))


@pytest.mark.parametrize("answer", [(403, "no json"), (403, "[]"), (404, "")], ids=range(3))
def test_a_refusal_without_a_reason_is_one_too(portal, server, answer):
    server.answer = answer

    with pytest.raises(Refused):
        asyncio.run(portal.authorize(CALLER))


@pytest.mark.parametrize(
    "answer", [(500, "{}"), (502, ""), (401, "{}"), (302, ""), (200, "no json")], ids=range(5)
)
def test_what_is_neither_yes_nor_no_is_no_yes(portal, server, answer):
    server.answer = answer

    with pytest.raises(PortalUnreachable):
        asyncio.run(portal.revocations())


@pytest.mark.parametrize("text", ["{}", "null", "7", '{"id": "one"}', '"yes"', "[7]"], ids=range(6))
def test_an_answer_of_another_shape_is_as_good_as_none(portal, server, text):
    server.answer = (200, text)

    for question in (
        portal.authorize(CALLER),
        portal.challenge("one"),
        portal.enrol("one", {}),
        portal.renew("one", {}),
        portal.heartbeats({}),
    ):
        with pytest.raises(PortalUnreachable):
            asyncio.run(question)


def test_a_portal_that_is_not_there_is_told(server):
    server.server_close()
    portal = HttpPortal(f"http://127.0.0.1:{server.server_address[1]}", "secret")
    with contextlib.closing(portal), pytest.raises(PortalUnreachable):
        asyncio.run(portal.user_authorities())


def test_a_connection_that_was_closed_meanwhile_is_made_anew(portal, server):
    server.hangs_up = True

    async def scene():
        for _ in range(20):
            await portal.opened("one")

    asyncio.run(scene())
    assert len(server.asked) >= 20
