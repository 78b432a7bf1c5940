"""The portal's own pages over TLS, for the pretend Entra, which fetches an issuer's keys itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.db import connections
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.runtime.certificates import Authority


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None: ...


@contextmanager
def serving_issuer(folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve, and say where, and which authority to trust."""
    authority = Authority(folder)
    files = authority.certify("issuer")
    shown = (str(files.certificate), str(files.key))
    server = make_server("127.0.0.1", 0, _pages, threaded=True, request_handler=Quiet, ssl_context=shown)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", authority.ca_file
    server.shutdown()
    server.server_close()
    thread.join()


def _pages(environ, start_response):
    # Each request has a thread of its own, whose connections nobody would close.
    try:
        return [b"".join(get_wsgi_application()(environ, start_response))]
    finally:
        connections.close_all()
