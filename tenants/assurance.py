"""How sure we are of who holds a session: when and by what they authenticated in it, and for which tenant."""

import time
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from tenants.errors import Forbidden
from tenants.models import Tenant, User

# How long an authentication is good for what cannot be taken back.
FRESH: Final = timedelta(minutes=15)
# Where a sign-on notes in the session which tenant's identity provider vouched for the person.
SIGNED_ON_FOR: Final = "signed_on_for"
SIGNED_ON_AT: Final = "signed_on_at"
SECOND_FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_NEVER: Final = timedelta.max


class Lack(StrEnum):
    """What a session has to show before something may be done in it."""

    SECOND_FACTOR = "second-factor"  # none was given in it
    SIGN_ON = "sign-on"  # the tenant wants its own identity provider to vouch for the person, now
    REAUTHENTICATION = "reauthenticate"  # what was given is too old for something that matters


def lack(request: HttpRequest, *, fresh: bool = False, second_factor: bool = False) -> Lack | None:
    """What this session lacks of what is wanted of it: a late authentication, a second factor, or both."""
    if second_factor and not second_factor_used(request):
        return Lack.SECOND_FACTOR
    if fresh and not is_fresh(request):
        return Lack.REAUTHENTICATION
    return None


def second_factor_used(request: HttpRequest) -> bool:
    """Say whether a second factor was given in this session, at sign-in or later."""
    return second_factor_ago(request) is not None


def second_factor_ago(request: HttpRequest) -> timedelta | None:
    """How long ago a second factor was given in this session, if it ever was."""
    return _ago([record for record in _records(request) if record.get("method") == "mfa"])


def authenticated_ago(request: HttpRequest) -> timedelta:
    """How long ago the person last showed who they are, by whatever means; for ever, if nobody knows."""
    found = _ago(_records(request))
    return _NEVER if found is None else found


def signed_on_for(request: HttpRequest) -> UUID | None:
    """The only tenant of a session that a tenant's own identity provider vouched for."""
    tenant = request.session.get(SIGNED_ON_FOR)
    return UUID(tenant) if tenant else None


def own_session(request: HttpRequest) -> None:
    """Raise Forbidden in a session that a tenant's provider vouched for: it is good for that tenant alone."""
    if signed_on_for(request) is not None:
        raise Forbidden("Your tenant's identity provider signed you in here. Sign in by yourself for this.")


def sign_on_is_over(request: HttpRequest, tenant: Tenant) -> bool:
    """Say whether a session rests on a sign-on of this tenant that is no longer in force."""
    return not sign_on_lasts(tenant, signed_on_at(request, tenant))


def signed_on_at(request: HttpRequest, tenant: Tenant) -> float | None:
    """When a session that this tenant's provider vouched for began; None for any other session."""
    if signed_on_for(request) != tenant.pk:
        return None
    return float(request.session.get(SIGNED_ON_AT, 0))


def sign_on_lasts(tenant: Tenant, began: float | None) -> bool:
    """Say whether a session that began so is good still, as far as the tenant's sign-on goes."""
    if began is None:
        return True
    return tenant.sign_on_since is not None and tenant.sign_on_since.timestamp() <= began


def is_fresh(request: HttpRequest) -> bool:
    """Say whether the person authenticated lately, and that with the second factor if they have one.

    Queries only where a second factor was not given lately.
    """
    second = second_factor_ago(request)
    if second is not None and second <= FRESH:
        return True
    if authenticated_ago(request) > FRESH:
        return False
    return signed_on_for(request) is not None or not has_second_factor(request.user)


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Say whether a person set up a second factor. Recovery codes alone are none."""
    found: bool = Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS).exists()
    return found


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    # Kept by allauth with the user whom they belong to; those of another user are left out.
    found: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return found


def _ago(records: list[dict[str, Any]]) -> timedelta | None:
    if not records:
        return None
    return timedelta(seconds=time.time() - max(record["at"] for record in records))
