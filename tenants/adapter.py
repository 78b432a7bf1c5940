"""How allauth works with our users."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from tenants.invitations import SESSION_KEY, find_invitation
from tenants.models import User
from tenants.signon.sessions import note_sign_on


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Addresses are kept in lower case, whatever was typed."""
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if commit:
            user.save()
        return user

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Who signs up to accept an invitation came by a link that only this address was sent."""
        invitation = find_invitation(request.session.get(SESSION_KEY, ""))
        if invitation is None or invitation.state != "pending":
            return False
        return invitation.email == email.lower()

    def post_login(
        self, request: HttpRequest, user: User, *, signal_kwargs: dict[str, Any] | None, **facts: Any
    ) -> HttpResponse:
        """Every way to sign in ends here, so that none inherits on whose word an earlier one rested."""
        note_sign_on(request.session, (signal_kwargs or {}).get("sign_on"))
        response: HttpResponse = super().post_login(request, user, signal_kwargs=signal_kwargs, **facts)
        return response
