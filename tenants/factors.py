"""How allauth's second factors work with our users, our database and our address."""

import struct
from typing import Any, Final
from urllib.parse import urlsplit

import qrcode
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.core.cache import cache

from tenants import lockout
from tenants.models import User
from tenants.sealing import seal, unseal

_SEALED_FOR = "second factor"
_REMEMBERED_SECONDS = 5 * 60
_QUIET_ZONE = 4  # modules of white that readers of a QR code want around it


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    def encrypt(self, text: str) -> str:
        return seal(_SEALED_FOR, text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(_SEALED_FOR, encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the portal's own name, whatever name a request came by."""
        return {"id": urlsplit(settings.BASE_URL).hostname or "", "name": settings.MFA_TOTP_ISSUER}

    def build_totp_svg(self, url: str) -> str:
        """A QR code without styles of its own: the page's policy lets none through."""
        code = qrcode.QRCode(border=_QUIET_ZONE)
        code.add_data(url)
        rows = code.get_matrix()
        path = "".join(
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
        )
        box = f"0 0 {len(rows)} {len(rows)}"
        return f'<svg class="qr" viewBox="{box}" role="img" aria-label="QR code"><path d="{path}"/></svg>'

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep at least one second factor: without it they could not even sign in to set up another."""
        if not authenticator.user.is_staff:
            return True
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user=user, type=type).count()
        return "Passkey" if count == 0 else f"Passkey {count + 1}"


# What the library raises where a browser would never send such a thing.
_MALFORMED: Final = (LookupError, TypeError, ValueError, AttributeError, struct.error)


class _Careful:
    """Takes whatever is sent for a passkey's answer, and calls it wrong instead of failing."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]  # of the form that this is mixed into
        except _MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyForm(_Careful, AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    pass


class PasskeyAgainForm(_Careful, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    pass


class PasskeyAloneForm(_Careful, LoginWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    pass


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    passwordless = forms.BooleanField(
        label="Sign in with it alone, without the password",
        required=False,
        initial=True,
        help_text="It then also asks for your finger, your face or a PIN, each time.",
    )

    def clean(self) -> Any:
        try:
            return super().clean()
        except _MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class _Counted:
    """Counts wrong codes like wrong passwords, so that nobody's own device is shut out by somebody else's."""

    user: User

    def clean_code(self) -> Any:
        attempt = lockout.begin(context.request, self.user.email, "code")
        code = super().clean_code()  # type: ignore[misc]  # of the form that this is mixed into
        self._use_up(str(code))
        attempt.forgive()
        return code

    def _use_up(self, code: str) -> None:
        # With a tolerance for slow clocks a code is good for longer than allauth remembers that it was used.
        digits = "".join(filter(str.isdigit, code))
        if not cache.add(f"code-used:{self.user.pk}:{digits}", True, timeout=_REMEMBERED_SECONDS):
            raise get_adapter().validation_error("incorrect_code")


class CodeForm(_Counted, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class CodeAgainForm(_Counted, ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass
