"""The pretend Azure as a server, in threads of this process: TLS on loopback, plain HTTP for machines."""

import http.server
import logging
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.azure.azure import Azure
from sandbox.azure.tls import Certificates, make_certificates
from sandbox.azure.wire import Reply, Request, reply

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 60
logger = logging.getLogger(__name__)


class EmbeddedAzure(Azure):
    """`arm_url` and `authority_url` are the same address; clients trust it by `ca_file`.

    `metadata_url` tells machines about themselves, and nobody anything else.
    """

    def __init__(
        self, port: int = 0, certificates: Certificates | None = None, metadata_port: int = 0
    ) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-azure-")
        files = certificates or make_certificates(Path(self._folder.name))
        self.ca_file = str(files.ca)
        self._server = _TlsServer(self.answer, port, files)
        self._machines = _Server(self.answer_machine, metadata_port)
        self.url = self.arm_url = self.authority_url = f"https://{LOOPBACK}:{self._server.server_port}"
        self.metadata_url = f"http://{LOOPBACK}:{self._machines.server_port}"
        self.world.base_url = self.url
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name=name)
            for name, server in (("sandbox-azure", self._server), ("sandbox-azure-metadata", self._machines))
        ]

    def start(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        for server in (self._server, self._machines):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[Request], Reply], port: int) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.answer = answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("A caller hung up.", exc_info=True)


class _TlsServer(_Server):
    def __init__(self, answer: Callable[[Request], Reply], port: int, files: Certificates) -> None:
        super().__init__(answer, port)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(files.certificate, files.key)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.settimeout(IDLE_SECONDS)
        # The handshake is left to the connection's own thread, so that a slow caller delays nobody else.
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self._answered(Request.read(self.command, self.path, dict(self.headers.items()), body))
        if given.cut:
            self.close_connection = True
            return
        self.send_response(given.status)
        for name, value in {**given.headers, "Content-Length": str(len(given.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(given.body)
        self.wfile.flush()

    def _answered(self, request: Request) -> Reply:
        try:
            return self.server.answer(request)
        except Exception:
            # The outermost place: the caller is told that the sandbox itself is at fault.
            logger.exception("The sandbox failed at %s %s.", request.method, request.path)
            text = "The sandbox itself failed; its log says why."
            return reply(500, {"error": {"code": "InternalServerError", "message": text}})

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """No line per request: the record of calls says more."""
