"""The authenticator apps of the demo's people, who have no phone."""

import time

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value

from tenants.models import User

_PERIOD = 30  # seconds that a code is shown


def new_secret() -> str:
    """What an app is given once, and makes its codes of."""
    return str(generate_totp_secret())


def give_app(user: User, secret: str) -> None:
    """Set an app up for somebody, with recovery codes as the page would make them."""
    data = {"secret": get_adapter().encrypt(secret)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    RecoveryCodes.activate(user)


def code_of(secret: str, *, later: int = 0) -> str:
    """What the app shows now, or so many periods later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // _PERIOD + later)))
