"""How allauth works with our users."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.core import context
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tenants import lockout
from tenants.assurance import has_second_factor, is_fresh, signed_on_for
from tenants.invitations import SESSION_KEY, find_invitation
from tenants.models import User
from tenants.sessions import note_sign_in
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

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Who had to confirm an address before they could accept an invitation goes on to accept it."""
        if SESSION_KEY in context.request.session:
            return reverse("invitation")
        return str(super().get_email_verification_redirect_url(email_address))

    def post_login(
        self, request: HttpRequest, user: User, *, signal_kwargs: dict[str, Any] | None, **facts: Any
    ) -> HttpResponse:
        """Every way to sign in ends here, so that none inherits on whose word an earlier one rested."""
        note_sign_on(request.session, (signal_kwargs or {}).get("sign_on"))
        note_sign_in(request)
        if facts["signup"]:
            # Who has just chosen a password need not give it again for what matters.
            record_authentication(request, user, method="password")
        response: HttpResponse = super().post_login(request, user, signal_kwargs=signal_kwargs, **facts)
        if signed_on_for(request) is None:
            lockout.remember_device(request, response, user.email)
        return response

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Allauth's own count knows no devices, and anybody could fill it up for somebody else."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        attempt = lockout.begin(request, credentials.get("email", ""))
        user: User | None = super().authenticate(request, **credentials)
        if user:
            attempt.forgive()
        return user

    def set_password(self, user: User, password: str) -> None:
        """However a person came to set it, by the old one or by a letter, they are the person."""
        super().set_password(user, password)
        lockout.trust_for_now(context.request, user.email)

    def is_reauthentication_required(self, *, app: str, **facts: Any) -> bool:
        """One rule for allauth's pages and for ours."""
        return not is_fresh(context.request)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Who has a second factor shows that one: the password would not do."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and has_second_factor(user):
            return [way for way in ways if way["id"] != "reauthenticate"]
        return ways
