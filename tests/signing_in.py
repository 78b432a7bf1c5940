"""Sessions as allauth leaves them: who authenticated how, and how long ago."""

import base64
import secrets
import time

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.test import Client

from tenants.models import User

PASSWORD, TOTP, PASSKEY = "password", "totp", "webauthn"
JUST_NOW = 1.0
TOO_LONG = 16 * 60.0  # seconds; what matters asks for 15 minutes


def sign_in(client: Client, user: User, *, ago: float = JUST_NOW, factor: str = "", factor_ago: float = -1):
    """Sign somebody in as if it had been ``ago`` seconds ago; with a second factor, if its kind is named."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": PASSWORD, "at": time.time() - ago}]
    if factor:
        given = time.time() - (ago if factor_ago < 0 else factor_ago)
        session["account_authentication_methods"].append({"method": "mfa", "type": factor, "at": given})
    session.save()
    return client


def give_totp(user: User) -> str:
    """Set up an authenticator app for somebody, and return its secret."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    data = {"secret": get_adapter().encrypt(secret)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    return secret
