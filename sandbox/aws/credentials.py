"""Access keys."""

import base64
import secrets
import string
from dataclasses import dataclass, field

ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Credentials:
    """An access key; `session_token` only for an assumed role."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def new_credentials(prefix: str, token: str | None = None) -> Credentials:
    key = prefix + "".join(secrets.choice(ALPHABET) for _ in range(16))
    return Credentials(key, base64.b64encode(secrets.token_bytes(30)).decode(), token)
