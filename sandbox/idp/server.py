"""The pretend provider over HTTP, on the loopback address."""

import json
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.idp.provider import NotAsked, Provider, Wrong

ADDRESS = "127.0.0.1"
MOST = 65536  # bytes of a form

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>{title} · pretend identity provider</title>
<main><h1>{title}</h1>{content}
<p>This is no real identity provider. It believes whatever you choose.</p></main>
"""


class IdentityProvider:
    """A provider that listens, from ``start`` to ``stop``."""

    def __init__(self, provider: Provider, server: ThreadingHTTPServer) -> None:
        self.provider, self.server = provider, server

    @classmethod
    def listening(cls, port: int = 0, kind: type[Provider] = Provider, **facts: Any) -> "IdentityProvider":
        """Take a port, any free one for 0; the issuer is named after it."""
        server = ThreadingHTTPServer((ADDRESS, port), _Handler)
        server.daemon_threads = True
        provider = kind(issuer=f"http://{ADDRESS}:{server.server_address[1]}", **facts)
        server.provider = provider  # type: ignore[attr-defined]  # what its handlers look for
        return cls(provider, server)

    def start(self) -> None:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    @property
    def provider(self) -> Provider:
        found: Provider = self.server.provider  # type: ignore[attr-defined]  # set above
        return found

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        match parts.path:
            case "/.well-known/openid-configuration":
                self._json(self.provider.configuration())
            case "/keys":
                self._json(self.provider.keys())
            case "/authorize":
                self._ask(dict(parse_qsl(parts.query)))
            case _:
                self._page(HTTPStatus.NOT_FOUND, "Nothing here", "")

    def do_POST(self) -> None:
        form = self._form()
        match urlsplit(self.path).path:
            case "/authorize":
                self._answer(form)
            case "/token":
                self._redeem(form)
            case _:
                self._page(HTTPStatus.NOT_FOUND, "Nothing here", "")

    def _form(self) -> dict[str, str]:
        length = min(int(self.headers.get("Content-Length", "0")), MOST)
        return dict(parse_qsl(self.rfile.read(length).decode()))

    def _ask(self, asked: dict[str, str]) -> None:
        try:
            self.provider.check(asked)
        except NotAsked as refusal:
            return self._page(
                HTTPStatus.BAD_REQUEST, "This is not answered", f"<p>{escape(str(refusal))}</p>"
            )
        kept = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in asked.items()
        )
        people = "".join(
            f'<p><button name="subject" value="{escape(one.subject)}">{escape(one.name)}</button>'
            f" {escape(one.email)}{'' if one.email_verified else ' (not verified)'}</p>"
            for one in self.provider.people
        )
        refuse = '<p><button name="refuse" value="1">Refuse</button></p>'
        form = f'<form method="post" action="/authorize">{kept}{people}{refuse}</form>'
        return self._page(HTTPStatus.OK, "Who are you?", form)

    def _answer(self, form: dict[str, str]) -> None:
        subject, refuses = form.pop("subject", ""), form.pop("refuse", "")
        try:
            self.provider.check(form)
            refused = self.provider.back(form, {"error": "access_denied"})
            place = refused if refuses else self.provider.sign_in(form, subject)
        except NotAsked as refusal:
            return self._page(
                HTTPStatus.BAD_REQUEST, "This is not answered", f"<p>{escape(str(refusal))}</p>"
            )
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        return self.end_headers()

    def _refuse(self, refusal: NotAsked) -> None:
        self._page(HTTPStatus.BAD_REQUEST, "This is not answered", f"<p>{escape(str(refusal))}</p>")

    def _redeem(self, form: dict[str, str]) -> None:
        try:
            self._json(self.provider.redeem(form, self.headers.get("Authorization", "")))
        except Wrong as wrong:
            self._json({"error": str(wrong)}, HTTPStatus.BAD_REQUEST)

    def _json(self, body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, "application/json", json.dumps(body))

    def _page(self, status: HTTPStatus, title: str, content: str) -> None:
        self._send(status, "text/html; charset=utf-8", _PAGE.format(title=escape(title), content=content))

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Codes stand in addresses; they are nobody's business, even here."""
