"""Allauth's pages for second factors, where ours do more: a new one counts at once, and leads on."""

from typing import Any, Final

from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.factors import FactorAdapter

_ONWARD: Final = "onward"  # in the session: where somebody was headed who had to set up a factor first


class FactorsView(IndexView):  # type: ignore[misc]  # allauth has no types
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page = request.GET.get("next", "")
        if page and url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
            request.session[_ONWARD] = page
        answer: HttpResponse = super().get(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "onward": _onward(self.request)}


class RecoveryCodesView(ViewRecoveryCodesView):  # type: ignore[misc]  # allauth has no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "onward": _onward(self.request)}


class ActivateView(ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        _count_at_once(self.request, Authenticator.Type.TOTP)
        return answer


class AddPasskeyView(AddWebAuthnView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        _count_at_once(self.request, Authenticator.Type.WEBAUTHN)
        return answer


class RemovePasskeyView(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    def form_valid(self, form: Any) -> HttpResponse:
        if FactorAdapter().can_delete_authenticator(self.get_object()):
            answer: HttpResponse = super().form_valid(form)
            return answer
        messages.error(self.request, "Staff keep at least one second factor. Add another one first.")
        return redirect("mfa_index")


def _count_at_once(request: HttpRequest, kind: str) -> None:
    # Whoever set it up has just shown that they hold it.
    newest = Authenticator.objects.filter(user=request.user, type=kind).latest("pk")
    post_authentication(request, newest, reauthenticated=True)


def _onward(request: HttpRequest) -> str:
    page: str = request.session.get(_ONWARD, "")
    return page
