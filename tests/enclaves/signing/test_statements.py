import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.grants import CLAIMS, KIND, read_grant_token
from enclaves.signing.statements import host_statement
from enclaves.signing.tokens import key_id, verified
from tests.enclaves.signing.made import HOST, NOW

KEY, NEXT_KEY = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
UNTIMED = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
KEYS = {key_id(KEY.public_key()): KEY.public_key()}


def statement(**changes):
    wish = {
        "host": HOST,
        "chain": "CHAIN",
        "host_certificate": "ssh-ed25519-cert-v01@openssh.com AAAA",
        "user_ca": ["ssh-ed25519 AAAA"],
        "grant_keys": [KEY.public_key(), NEXT_KEY.public_key()],
        "gateway_ca": "ROOTS",
        "now": NOW,
    }
    return host_statement(KEY, **{**wish, **changes})


def test_a_host_is_told_its_certificates_and_whom_to_believe():
    token = statement()
    claims = jwt.decode(
        token, KEY.public_key(), ["EdDSA"], options={"verify_aud": False, "verify_exp": False}
    )

    assert jwt.get_unverified_header(token) == {
        "alg": "EdDSA",
        "kid": key_id(KEY.public_key()),
        "typ": "statement+jwt",
    }
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (f"host:{HOST}", 600)
    assert (claims["chain"], claims["user_ca"]) == ("CHAIN", ["ssh-ed25519 AAAA"])
    assert claims["gateway_ca"] == "ROOTS"
    told = {kid: serialization.load_pem_public_key(pem.encode()) for kid, pem in claims["grant_keys"].items()}
    assert told == {key_id(key.public_key()): key.public_key() for key in (KEY, NEXT_KEY)}


@pytest.mark.parametrize("change", [{"host": "*"}, {"user_ca": []}, {"grant_keys": []}])
def test_a_host_is_never_told_to_believe_nobody(change):
    with pytest.raises(SigningRefused):
        statement(**change)


def test_a_statement_is_no_grant():
    with pytest.raises(NotTrusted):
        read_grant_token(statement(), KEYS, host=HOST, now=NOW)
    with pytest.raises(NotTrusted):
        verified(KIND, statement(), KEYS, CLAIMS)
