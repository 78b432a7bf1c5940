"""The portal as an issuer of OIDC tokens: what it asserts of itself, and the keys that it signs with.

Others keep the published keys for hours. So the next key is published a day before it signs, and an old
one for a day after its last signature.
"""

import hashlib
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from enclaves.blueprints.azure.names import AUDIENCE
from enclaves.models import SigningKey
from enclaves.providers.base import ProviderError, Trouble

log = logging.getLogger(__name__)

ALGORITHM = "RS256"
ASSERTION_LASTS = timedelta(minutes=5)
KEY_SIGNS = timedelta(days=30)
NOTICE = timedelta(days=1)  # how long a key is published before its first and after its last signature
_KEY_SIZE = 2048  # bits


def sign(subject: str) -> str:
    """Assert for five minutes that the portal is this subject.

    Raises ProviderError while there is no key to sign with, which says nothing about any account.
    """
    now = timezone.now()
    key = _rows().filter(signs_from__lte=now).last()
    if key is None:
        raise _cannot_sign("The portal has no key yet to sign with; its worker makes one within seconds.")
    issued = int(now.timestamp())
    claims = {
        "iss": settings.ISSUER_URL,
        "sub": subject,
        "aud": AUDIENCE,
        "jti": str(uuid4()),
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(ASSERTION_LASTS.total_seconds()),
    }
    return jwt.encode(claims, _unlocked(key), ALGORITHM, headers={"kid": key.kid})


def published_keys() -> list[dict[str, Any]]:
    """The public halves that others may find a signature of the portal made with, the newest first."""
    published = SigningKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()))
    return list(published.order_by("-created_at").values_list("public", flat=True))


def keep_keys() -> None:
    """Make the first key, publish each next one in time, and forget those that nobody needs.

    Does nothing where the secret is missing: that process may not hold the private halves.
    """
    if not settings.SIGNING_SECRET:
        return
    now = timezone.now()
    newest = _rows().filter(ends_at=None).defer("private").first()
    if newest is None:
        _make_first(now)
    elif now >= newest.signs_from + KEY_SIGNS - NOTICE:
        _publish_next(newest, signs_from=now + NOTICE)
    _rows().filter(ends_at__lte=now).delete()


def _rows() -> QuerySet[SigningKey]:
    return SigningKey.objects.using("system")


def _make_first(now: datetime) -> None:
    try:
        with transaction.atomic(using="system"):
            _add(signs_from=now)
    except IntegrityError:
        log.info("Another sweep has made the first signing key.")


def _publish_next(newest: SigningKey, *, signs_from: datetime) -> None:
    """Add a successor. Whoever makes it signs on with the old key until the new one is known everywhere."""
    with transaction.atomic(using="system"):
        # Of two sweeps only one ends the key; the other finds that it has an end already.
        ended = _rows().filter(kid=newest.kid, ends_at=None).update(ends_at=signs_from + NOTICE)
        if ended:
            _add(signs_from=signs_from)


def _add(*, signs_from: datetime) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_SIZE)
    public = _public_half(private)
    _rows().create(
        kid=public["kid"],
        public=public,
        private=_locked(private),
        created_at=timezone.now(),
        signs_from=signs_from,
    )
    log.info("The signing key %s is published; it signs from %s.", public["kid"], signs_from)


def _public_half(private: rsa.RSAPrivateKey) -> dict[str, Any]:
    numbers = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    needed = {name: numbers[name] for name in ("e", "kty", "n")}
    return {**needed, "kid": _thumbprint(needed), "use": "sig", "alg": ALGORITHM}


def _thumbprint(needed: Mapping[str, str]) -> str:
    """The name of a key that follows from the key alone (RFC 7638)."""
    canonical = json.dumps(needed, sort_keys=True, separators=(",", ":")).encode()
    return urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def _locked(private: rsa.RSAPrivateKey) -> str:
    how = serialization.BestAvailableEncryption(settings.SIGNING_SECRET.encode())
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


def _unlocked(key: SigningKey) -> rsa.RSAPrivateKey:
    if not settings.SIGNING_SECRET:
        raise _cannot_sign("Only a worker that has PORTAL_SIGNING_SECRET signs.")
    try:
        return _read(key.private, settings.SIGNING_SECRET)
    except ValueError as error:
        log.error("PORTAL_SIGNING_SECRET is not the one that the key %s was locked with.", key.kid)
        raise _cannot_sign("The portal cannot read its own signing key.") from error


@lru_cache(maxsize=4)  # reading one takes 50 ms: it is tested for soundness
def _read(private: str, secret: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(private.encode(), secret.encode())
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 -- no other is ever written
    return key


def _cannot_sign(message: str) -> ProviderError:
    return ProviderError(message, trouble=Trouble.UNAVAILABLE, code="NoSigningKey")
