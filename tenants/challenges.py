"""How somebody is asked to show again who they are: pages lead there and back, the API answers a problem."""

from typing import Final
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from tenants.assurance import Lack, has_second_factor, signed_on_for
from tenants.errors import Unassured
from tenants.models import Tenant

_SET_ONE_UP: Final = "This needs a second factor: set up a passkey or an authenticator app, then go on."
_NOTHING_DONE: Final = "Nothing was done: you signed in a while ago. Look once more at what you wanted to do."
_TOLD: Final = {
    Lack.SIGN_ON: "This tenant wants you to sign in with its identity provider.",
    Lack.SECOND_FACTOR: "This needs a second factor, and none was given in this session.",
    Lack.REAUTHENTICATION: "This needs an authentication of the last 15 minutes, with your second factor if "
    "you have one.",
}


def refuse(lack: Lack) -> Unassured:
    """The error that tells a program, or a script in a page, what its session lacks."""
    return Unassured(_TOLD[lack], lack)


def challenge(request: HttpRequest, lack: Lack, tenant: Tenant | None = None) -> HttpResponse:
    """Lead to where the person shows what the session lacks, and from there back to this page.

    A form that was sent is not sent again by itself: they come back to the page with the question.
    """
    if request.method != "GET":
        messages.warning(request, _NOTHING_DONE)
    back = request.path if request.method != "GET" else request.get_full_path()
    way = f"{_way(request, lack, tenant)}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        # A script follows redirects in silence and would take the other page for a part of this one.
        return HttpResponse(status=403, headers={"HX-Redirect": way})
    return HttpResponseRedirect(way)


def _way(request: HttpRequest, lack: Lack, tenant: Tenant | None) -> str:
    if tenant and (lack is Lack.SIGN_ON or _is_signed_on(request, lack, tenant)):
        return reverse("sign-on", args=[tenant.name])
    if lack is Lack.SECOND_FACTOR and not has_second_factor(request.user):
        messages.warning(request, _SET_ONE_UP)
        return reverse("mfa_index")
    ways = get_adapter().get_reauthentication_methods(request.user)
    return str(ways[0]["url"]) if ways else reverse("account_reset_password")


def _is_signed_on(request: HttpRequest, lack: Lack, tenant: Tenant) -> bool:
    return lack is Lack.REAUTHENTICATION and signed_on_for(request) == tenant.pk
