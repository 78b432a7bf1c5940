"""The way through a tenant's identity provider and back; whoever goes it belongs to no tenant yet.

No transaction is open while a provider is asked: it may be slow.
"""

import re
import time
from typing import Final
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.internal import ratelimit
from allauth.mfa.internal.constants import LoginStageKey
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db.transaction import atomic, non_atomic_requests
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tenants.assurance import signed_on_for
from tenants.forms import FindSignOnForm
from tenants.gate import admit_user, memberships_of
from tenants.invitations import SESSION_KEY
from tenants.models import Membership, SignOn, User
from tenants.signon import protocol
from tenants.signon.arriving import OutOfForce, arrive, client_of, find_sign_on, note_problem, pass_test
from tenants.signon.protocol import Attempt, Claims, Client, SignOnFailed
from tenants.signon.sessions import TRYING, SignedOn, keep_attempt, take_attempt

METHOD: Final = "sign_on"  # how allauth's records of a session name it
STARTS: Final = {METHOD: "60/m/ip"}
UNKNOWN_ANSWER: Final = "This answer belongs to no sign-on that this browser began lately. Begin anew."
_ERROR: Final = re.compile(r"[a-z_]{1,60}")


def redirect_uri(tenant: str) -> str:
    """Where the provider of a tenant sends people back to, and no other tenant's does.

    With one address for all, a provider could pass the answer of another one off as its own.
    """
    return settings.BASE_URL + reverse("sign-on-return", args=[tenant])


@require_GET
def sign_on_find(request: HttpRequest) -> HttpResponse:
    form, page = FindSignOnForm(request.GET if "tenant" in request.GET else None), _page(request)
    if form.is_valid():
        there = reverse("sign-on", args=[form.cleaned_data["tenant"]])
        return redirect(f"{there}?{urlencode({'next': page})}" if page else there)
    return render(request, "tenants/signon/find.html", {"form": form, "page": page})


@never_cache
@require_GET
def sign_on_show(request: HttpRequest, name: str) -> HttpResponse:
    sign_on = find_sign_on(name)
    if sign_on is None or sign_on.tenant.sign_on_since is None:
        return _none(request, name)
    context = {
        "name": name,
        "host": urlsplit(sign_on.issuer).hostname,
        "page": _page(request),
        "required": sign_on.tenant.requires_sign_on,
        "again": _is_signed_on(request, sign_on),
    }
    return render(request, "tenants/signon/show.html", context)


def _none(request: HttpRequest, name: str) -> HttpResponse:
    """The same for a tenant without a sign-on in force and for none of this name."""
    return render(request, "tenants/signon/none.html", {"name": name}, status=404)


@never_cache
@require_GET
@non_atomic_requests
def sign_on_start(request: HttpRequest, name: str) -> HttpResponse:
    if not ratelimit.consume(request, app="tenants", action=METHOD, config=STARTS, limit_get=True):
        refusal: HttpResponse = ratelimit.respond_429(request)
        return refusal
    try:
        sign_on, client = _ready(name)
        purpose = _purpose(request, sign_on)
        state, attempt, place = _begin(sign_on, client, purpose, _page(request))
    except OutOfForce:
        return _none(request, name)
    except SignOnFailed as failure:
        return _failed(request, name, failure)
    keep_attempt(request.session, state, attempt)
    return HttpResponseRedirect(place)


def _ready(name: str) -> tuple[SignOn, Client]:
    with atomic():
        sign_on = find_sign_on(name)
    if sign_on is None:
        raise OutOfForce
    return sign_on, client_of(sign_on, redirect_uri(name))


def _purpose(request: HttpRequest, sign_on: SignOn) -> str:
    """Why somebody sets out: an admin tries it, somebody shows again who they are, or signs in."""
    if request.session.pop(TRYING, "") == sign_on.name:
        return "test"
    if sign_on.tenant.sign_on_since is None:
        raise OutOfForce
    return "again" if _is_signed_on(request, sign_on) else "sign-on"


def _is_signed_on(request: HttpRequest, sign_on: SignOn) -> bool:
    return request.user.is_authenticated and signed_on_for(request) == sign_on.tenant_id


def _begin(sign_on: SignOn, client: Client, purpose: str, page: str) -> tuple[str, Attempt, str]:
    try:
        return protocol.begin(client, tenant=sign_on.name, purpose=purpose, page=page)
    except SignOnFailed as failure:
        note_problem(sign_on.tenant_id, str(failure))
        raise


def _page(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is a page of ours."""
    page = request.GET.get("next", "")
    own = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if own and len(page) < 1_000 else ""  # noqa: PLR2004 -- longer than any of ours


@never_cache
@require_GET
@non_atomic_requests
def sign_on_return(request: HttpRequest, name: str) -> HttpResponse:
    attempt = take_attempt(request.session, request.GET.get("state", ""))
    # Of whose attempt it is says the address, which each provider knows of its own tenant only.
    if attempt is None or attempt.tenant != name:
        return _failed(request, name, SignOnFailed(UNKNOWN_ANSWER), status=400)
    try:
        claims = _asked(request, attempt)
        return _ARRIVALS[attempt.purpose](request, attempt, claims)
    except SignOnFailed as failure:
        _note(name, failure)
        return _failed(request, name, failure)


def _asked(request: HttpRequest, attempt: Attempt) -> Claims:
    """What the provider says when it is asked about the code; the browser's word alone is worth nothing."""
    if error := request.GET.get("error"):
        reason = error if _ERROR.fullmatch(error) else "it gave no reason"
        raise SignOnFailed(f"The provider refused: {reason}.")
    sign_on, client = _ready(attempt.tenant)
    if (sign_on.issuer, sign_on.client_id) != (attempt.issuer, attempt.client_id):
        raise SignOnFailed(UNKNOWN_ANSWER)
    code = request.GET.get("code", "")
    if not code:
        raise SignOnFailed("The provider's answer has no code.")
    return protocol.finish(client, attempt, code=code, issuer=request.GET.get("iss"))


def _note(name: str, failure: SignOnFailed) -> None:
    with atomic():
        sign_on = find_sign_on(name)
    if sign_on is not None:
        note_problem(sign_on.tenant_id, str(failure))


def _sign_in(request: HttpRequest, attempt: Attempt, claims: Claims) -> HttpResponse:
    membership = arrive(claims, attempt, invitation=request.session.get(SESSION_KEY, ""))
    # Nothing of what this browser was signed in as before goes over into the new session.
    logout(request)
    _record(request, membership.user, claims)
    signed_on: SignedOn = {"tenant": str(membership.tenant_id)}
    home = reverse("tenant-home", args=[membership.tenant.name])
    login = Login(
        user=membership.user,
        email_verification="none",
        redirect_url=attempt.page or home,
        signal_kwargs={"sign_on": signed_on},
        state={"stages": _stages_done(membership)},
    )
    response: HttpResponse = perform_login(request, login)
    return response


def _stages_done(membership: Membership) -> dict[str, dict[str, bool]]:
    """What allauth need not ask: the second factor, where the tenant takes its provider's word for it."""
    if not membership.tenant.trusts_sign_on_factor:
        return {}
    return {LoginStageKey.MFA_AUTHENTICATE.value: {"handled": True}}


def _record(request: HttpRequest, user: User, claims: Claims) -> None:
    """Note when the person last showed who they are: the provider may not have asked them now."""
    if claims.authenticated_at is not None:
        record_authentication(request, user, METHOD, at=min(claims.authenticated_at, time.time()))


def _confirm(request: HttpRequest, attempt: Attempt, claims: Claims) -> HttpResponse:
    membership = arrive(claims, attempt, invitation="")
    if request.user != membership.user or signed_on_for(request) != membership.tenant_id:
        raise SignOnFailed("You came back as somebody else. Sign out first.")
    _record(request, membership.user, claims)
    return redirect(attempt.page or reverse("tenant-home", args=[attempt.tenant]))


def _try(request: HttpRequest, attempt: Attempt, claims: Claims) -> HttpResponse:
    if not request.user.is_authenticated:
        raise SignOnFailed("You are not signed in any more. Sign in, then try it again.")
    with atomic():
        mine = memberships_of(request.user, only=signed_on_for(request))
        pass_test(claims, attempt, by=admit_user(mine, attempt.tenant))
    messages.success(request, "It works: you came back as yourself. The sign-on is in force.")
    return redirect("sign-on-settings", attempt.tenant)


_ARRIVALS: Final = {"sign-on": _sign_in, "again": _confirm, "test": _try}


def _failed(request: HttpRequest, name: str, failure: SignOnFailed, status: int = 403) -> HttpResponse:
    context = {"name": name, "failure": str(failure)}
    return render(request, "tenants/signon/failed.html", context, status=status)
