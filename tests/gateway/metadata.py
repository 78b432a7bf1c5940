"""The clouds' metadata services, pretended for all hosts of a world."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.gateway.portal import FakePortal


class Metadata:
    """One server, with a path for each host."""

    def __init__(self, portal: FakePortal) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.portal = portal
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self._send(200, "a-token")

    def do_GET(self) -> None:
        host = self.server.portal.hosts[self.path.split("/")[1]]
        if self.headers.get("Metadata") == "true":
            self._send(200, json.dumps({"encoding": "pkcs7", "signature": host.document}))
        elif self.headers.get("X-aws-ec2-metadata-token") == "a-token":
            self._send(200, host.document)
        else:
            self._send(401, "")

    def _send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""
