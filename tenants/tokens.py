"""The secrets of programs: what is kept of one, and whose token it is."""

import hashlib
import hmac
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from tenants import scope
from tenants.models import ApiToken

TOKEN_PREFIX = "ep_"  # noqa: S105 -- how a secret begins, no secret
NOTED_EVERY = timedelta(minutes=1)  # the last use of a token; more often would be a write per request


class BadToken(Exception):
    """No token that is in force has this secret."""


def digest_of(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def presented(header: str) -> str | None:
    """The secret in an Authorization header; None if it is of another scheme, or empty."""
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def find_token(secret: str) -> ApiToken:
    """The token of a secret; enters the scope of its tenant, and notes the use. Raises BadToken."""
    if not secret.startswith(TOKEN_PREFIX):
        raise BadToken("This is no token of the portal.")
    digest = digest_of(secret)
    scope.enter_token(digest)
    token = ApiToken.objects.select_related("tenant").filter(digest=digest).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        raise BadToken("This token is unknown.")
    if token.state != "active":
        raise BadToken(f"This token is {token.state}.")
    scope.enter_tenant(token.tenant_id)
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
