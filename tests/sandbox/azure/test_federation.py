import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.azure.azure import Azure
from sandbox.azure.tls import make_certificates

ISSUER = "https://portal.example"
SCOPE = "https://management.azure.com/.default"
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_an_assertion_of_the_issuer_becomes_a_token(new_identity, federated, issuer, code):
    assert code(federated(new_identity(), issuer.sign()).get_token, SCOPE) == "ok"


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"iss": "https://portal.example/"}, "AADSTS700211"),
        ({"iss": "https://other.example"}, "AADSTS700211"),
        ({"aud": "api://azureadtokenexchange"}, "AADSTS700212"),
        ({"aud": ["api://AzureADTokenExchange", "else"]}, "AADSTS700212"),
        ({"sub": "Somebody"}, "AADSTS700213"),
        ({"sub": "somebody "}, "AADSTS700213"),
        ({"exp": 1_000_000}, "AADSTS700024"),
        ({"nbf": time.time() + 3600}, "AADSTS700024"),
        ({"signer": OTHER_KEY}, "AADSTS700027"),
        ({"kid": "two"}, "AADSTS7000272"),
        ({"algorithm": "RS512"}, "AADSTS5002738"),
        ({"algorithm": "HS256", "signer": "a shared secret of more than 32 bytes"}, "AADSTS5002738"),
    ],
)
def test_an_assertion_must_fit_to_the_letter(new_identity, federated, issuer, code, claims, number):
    assertion = issuer.sign(**claims)

    assert code(federated(new_identity(), assertion).get_token, SCOPE) == number


def test_what_is_no_assertion_is_refused(new_identity, federated, code):
    assert code(federated(new_identity(), "nonsense").get_token, SCOPE) == "AADSTS50027"


def test_an_identity_without_federated_credentials_trusts_nobody(
    azure, new_identity, federated, issuer, code
):
    identity = new_identity()
    azure.world.drop(f"{identity.resource}/federatedIdentityCredentials/portal")

    assert code(federated(identity, issuer.sign()).get_token, SCOPE) == "AADSTS70025"


def test_an_identity_that_is_gone_has_no_tokens(azure, new_identity, federated, issuer, code):
    identity = new_identity()
    azure.world.drop(identity.resource)

    assert code(federated(identity, issuer.sign()).get_token, SCOPE) == "AADSTS700016"


def test_an_identity_is_unknown_in_another_directory(new_identity, new_owner, federated, issuer, code):
    elsewhere = new_owner().directory_id

    assert code(federated(new_identity(), issuer.sign(), elsewhere).get_token, SCOPE) == "AADSTS700016"


def test_a_key_that_the_issuer_withdrew_opens_nothing(new_identity, federated, issuer, code):
    identity = new_identity()
    before = code(federated(identity, issuer.sign()).get_token, SCOPE)

    issuer.documents[f"{issuer.url}/jwks"] = {"keys": []}

    assert (before, code(federated(identity, issuer.sign()).get_token, SCOPE)) == ("ok", "AADSTS7000272")


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"issuer": ISSUER, "jwks_uri": 1},
        {"issuer": "https://other.example", "jwks_uri": "https://portal.example/jwks"},
        {"issuer": ISSUER},
    ],
)
def test_an_issuer_that_speaks_nonsense_is_not_believed(new_identity, federated, issuer, code, document):
    issuer.documents[f"{issuer.url}/.well-known/openid-configuration"] = document

    assert code(federated(new_identity(), issuer.sign()).get_token, SCOPE) == "AADSTS50166"


@pytest.fixture
def issuer_over_tls(tmp_path, issuer):
    """The issuer's documents on a port with a certificate of an authority of its own."""
    files = make_certificates(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/moved/.well-known/openid-configuration":
                self.send_response(302)
                self.send_header("Location", "/.well-known/openid-configuration")
                self.end_headers()
                return
            found = self.server.documents.get(self.path)
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://127.0.0.1:{server.server_port}"
    server.documents = {
        "/.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/jwks"},
        "/jwks": issuer.documents[f"{issuer.url}/jwks"],
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield url, str(files.ca)
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_issuers_keys_come_by_tls_from_whom_it_trusts(
    azure, new_identity, federated, issuer, issuer_over_tls, code
):
    url, ca_file = issuer_over_tls
    azure.federation.fetch = Azure().federation.fetch
    identity = new_identity(issuer_url=url)
    suspicious = code(federated(identity, issuer.sign(iss=url)).get_token, SCOPE)

    trusting = Azure()
    trusting.trust(ca_file)
    azure.federation.fetch = trusting.federation.fetch

    assert (suspicious, code(federated(identity, issuer.sign(iss=url)).get_token, SCOPE)) == (
        "AADSTS50166",
        "ok",
    )


def test_an_issuer_that_sends_elsewhere_is_not_followed(issuer_over_tls):
    url, ca_file = issuer_over_tls
    azure = Azure()
    azure.trust(ca_file)

    with pytest.raises(HTTPError, match="302"):
        azure.federation.fetch(f"{url}/moved/.well-known/openid-configuration")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "file:///etc/passwd"])
def test_nothing_but_tls_is_fetched(url):
    with pytest.raises(ValueError, match="not https"):
        Azure().federation.fetch(url)
