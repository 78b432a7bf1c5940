"""How a caller of the API says who they are: the session of a browser, or a token of a tenant."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.gate import CHALLENGE
from tenants.tokens import BadToken, find_token, presented


class TokenHolder(AnonymousUser):
    """Whoever presents a token: a program, no user. What it may do is said by ``request.auth``."""

    # A class attribute in Django too, only there it is a property.
    is_authenticated = True  # type: ignore[assignment]


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of somebody who signed in; changes need the CSRF token as on pages."""


class BearerAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer ep_…``"""

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        secret = presented(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        try:
            return TokenHolder(), find_token(secret)
        except BadToken as error:
            raise AuthenticationFailed(str(error)) from error
