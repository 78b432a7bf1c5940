import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.metadata import MetadataUnavailable, identity_document


class Metadata(BaseHTTPRequestHandler):
    """The clouds' metadata services, as their documentation says."""

    def do_PUT(self):
        asked = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self._send(200 if self.path == "/latest/api/token" and asked else 400, "a-token")

    def do_GET(self):
        if self.path == "/latest/dynamic/instance-identity/rsa2048":
            self._send(
                200 if self.headers.get("X-aws-ec2-metadata-token") == "a-token" else 401, "aws document"
            )
        elif self.path.startswith("/metadata/attested/document?"):
            nonce = self.path.partition("nonce=")[2]
            answer = {"encoding": "pkcs7", "signature": f"azure document {nonce}"}
            self._send(200 if self.headers.get("Metadata") == "true" else 400, json.dumps(answer))
        else:
            self._send(200, "[]" if self.path.startswith("/odd/metadata") else "x" * 100_000)

    def _send(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format, *args):
        """Be quiet."""


@pytest.fixture(scope="module")
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_aws_is_asked_with_a_token(url):
    assert identity_document("aws", url, "0123456789") == "aws document"


def test_azure_is_asked_with_the_nonce(url):
    assert identity_document("azure", f"{url}/", "0123456789") == "azure document 0123456789"


@pytest.mark.parametrize(
    ("cloud", "base"), [("azure", "/odd"), ("aws", "/odd"), ("azure", None), ("aws", None)], ids=range(4)
)
def test_what_does_not_answer_as_it_should_is_told(url, cloud, base):
    where = "http://127.0.0.1:9" if base is None else url + base

    with pytest.raises(MetadataUnavailable):
        identity_document(cloud, where, "0123456789")
