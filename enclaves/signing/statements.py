"""What a host is told when it enrols or renews: its certificates, and whom it is to believe from now on.

The gateway only carries a statement. A host believes the signature, never the bearer.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from enclaves.signing import tokens
from enclaves.signing.errors import SigningRefused
from enclaves.signing.names import is_uuid

KIND = "statement+jwt"
LASTS = timedelta(minutes=10)


def host_statement(
    key: ed25519.Ed25519PrivateKey,
    *,
    host: str,
    chain: str,
    host_certificate: str,
    user_ca: Sequence[str],
    grant_keys: Iterable[ed25519.Ed25519PublicKey],
    gateway_ca: str = "",
    now: datetime,
) -> str:
    """Tell a host, by its UUID, what it is to use; raises SigningRefused.

    `chain` is its X.509 identity in PEM, `host_certificate` the SSH one; `user_ca` are the lines of the SSH
    authorities and `grant_keys` the keys of grant tokens that it is to believe, the next ones included;
    `gateway_ca` the roots of gateways in PEM, empty for those that it knows.
    """
    keys = {tokens.key_id(one): _pem(one) for one in grant_keys}
    if not is_uuid(host) or not user_ca or not keys:
        raise SigningRefused("A statement names a host, and somebody whom it is to believe.")
    claims = {
        "aud": f"host:{host}",
        "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()),
        "chain": chain,
        "host_certificate": host_certificate,
        "user_ca": list(user_ca),
        "grant_keys": keys,
        "gateway_ca": gateway_ca,
    }
    return tokens.signed(KIND, claims, key)


def _pem(key: ed25519.Ed25519PublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
