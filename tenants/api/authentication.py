"""How a caller of the API says who they are: the session of a browser, or a token of a tenant."""

import hmac
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants import scope
from tenants.models import ApiToken
from tenants.services import TOKEN_PREFIX, digest_of

NOTED_EVERY = timedelta(minutes=1)  # the last use of a token; more often would be a write per request


class TokenHolder(AnonymousUser):
    """Whoever presents a token: a program, no user. What it may do is said by ``request.auth``."""

    # A class attribute in Django too, only there it is a property.
    is_authenticated = True  # type: ignore[assignment]


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of somebody who signed in; changes need the CSRF token as on pages."""


class BearerAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer ep_…``"""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Enclave Portal"'

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = _token(secret.strip())
        _note_use(token)
        return TokenHolder(), token


def _token(secret: str) -> ApiToken:
    """The token of a secret, in the scope of its tenant, or AuthenticationFailed."""
    if not secret.startswith(TOKEN_PREFIX):
        raise AuthenticationFailed("This is no token of the portal.")
    digest = digest_of(secret)
    scope.enter_token(digest)
    token = ApiToken.objects.select_related("tenant").filter(digest=digest).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        raise AuthenticationFailed("This token is unknown.")
    if token.state != "active":
        raise AuthenticationFailed(f"This token is {token.state}.")
    scope.enter_tenant(token.tenant_id)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
