import http.server
import ssl
import stat
import threading
from collections.abc import Iterator

import pytest

from portal.runtime.certificates import Authority
from portal.runtime.readiness import answers_http


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "certificates")


@pytest.fixture
def served(authority) -> Iterator[int]:
    """A server that shows a certificate of the authority; its port."""
    files = authority.certify("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_port
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def test_who_trusts_the_authority_believes_its_servers(authority, served):
    assert answers_http(served, "/", ca_file=authority.ca_file)()


def test_who_trusts_another_authority_does_not(served, tmp_path):
    stranger = Authority(tmp_path / "elsewhere")

    assert not answers_http(served, "/", ca_file=stranger.ca_file)()


def test_no_key_is_readable_by_others_and_that_of_the_authority_is_nowhere(authority):
    files = authority.certify("server")

    kept = sorted(path.name for path in authority.ca_file.parent.iterdir())
    assert kept == ["ca.pem", "server.key", "server.pem"]
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700
