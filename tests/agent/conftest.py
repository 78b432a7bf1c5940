import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing else.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


class _Metadata(BaseHTTPRequestHandler):
    def do_GET(self):
        self._send()

    do_PUT = do_GET

    def _send(self):
        self.send_response(200)
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"document")

    def log_message(self, format, *args):
        """Be quiet."""


@pytest.fixture(scope="session")
def metadata():
    """The address of a metadata service that gives something to anybody."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
