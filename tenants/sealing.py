"""Secrets that the portal must read again, kept so that the database alone gives nothing away."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """What was sealed with a secret that this portal does not have, or for another purpose."""


def seal(purpose: str, text: str) -> str:
    """Encrypt a text. Only who names the same purpose can read it, so one row's secret fits no other row."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Decrypt a text. Raises Unreadable."""
    try:
        return _keys(purpose).decrypt(sealed).decode()
    except InvalidToken as error:
        raise Unreadable(f"What was sealed for {purpose} cannot be read.") from error


def _keys(purpose: str) -> MultiFernet:
    return MultiFernet(
        [_key(secret, purpose) for secret in (settings.SEALING_SECRET, *settings.SEALING_OLD_SECRETS)]
    )


def _key(secret: str, purpose: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
