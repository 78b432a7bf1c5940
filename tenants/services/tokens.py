"""Keys for programs: making them, and replacing one by another without a gap."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.kinds import Kind
from tenants.models import ApiToken, ServiceAccount
from tenants.policy import Permission, covers
from tenants.services.members import known_roles
from tenants.services.token_news import tell_of_token
from tenants.tokens import SHOWN, digest_of, new_secret, with_holders

LONGEST_LIFE: Final = timedelta(days=366)
OVERLAP: Final = timedelta(hours=24)
LONGEST_OVERLAP: Final = timedelta(days=7)


def visible_tokens(*, by: Actor) -> QuerySet[ApiToken]:
    """One's own and those of service accounts; for admins also those of other people."""
    by.require(Permission.TOKEN_VIEW)
    tokens = with_holders(by.tenant.apitokens.select_related("created_by", "successor"))
    if by.may(Permission.TOKEN_MANAGE):
        return tokens
    return tokens.filter(Q(user=by.person_id) | Q(user=None))


@atomic
def create_token(name: str, roles: Iterable[str], expires_at: datetime, *, by: Actor) -> tuple[ApiToken, str]:
    """Make a token of the person who asks, and return it with its secret, which is not kept.

    It never may more than this person, and ends when they leave. Nobody gives it a role that they lack.
    """
    by.require(Permission.TOKEN_CREATE)
    if by.membership is None:
        raise Forbidden("A personal token is made by a person who signed in, not with another token.")
    chosen = known_roles(roles)
    _covers(by, chosen)
    return _make(by, name=name, user=by.membership.user, roles=chosen, expires_at=expires_at)


@atomic
def create_service_token(
    account: ServiceAccount, name: str, expires_at: datetime, *, by: Actor
) -> tuple[ApiToken, str]:
    """Make a token of a service account, and return it with its secret, which is not kept.

    It may what its account may, also when that changes. Raises Refused for one that is disabled.
    """
    may_hand_out(account, by)
    if account.disabled_at is not None:
        raise Refused(f"{account.name} is disabled. Enable it first.")
    return _make(by, name=name, service_account=account, roles=[], expires_at=expires_at)


def may_hand_out(account: ServiceAccount, by: Actor) -> None:
    """Raise Forbidden for who may not give others what a service account may."""
    by.require(Permission.SERVICE_ACCOUNT_MANAGE)
    _covers(by, account.roles)
    not_by_a_personal_token(by)


def not_by_a_personal_token(by: Actor) -> None:
    """Raise Forbidden for a personal token: what it makes would outlive it, and its person's time here."""
    if by.token is not None and by.token.is_personal:
        raise Forbidden("A personal token makes no keys that would outlive it. Sign in to do this.")


@atomic
def rotate_token(token: ApiToken, *, overlap: timedelta = OVERLAP, by: Actor) -> tuple[ApiToken, str]:
    """Make a successor that lives as long again, and return it with its secret; the old one ends after
    the overlap.

    A personal token is rotated by its person alone, because who rotates it sees the secret; one of a
    service account also by itself. Raises Refused for one that is over, or has a successor.
    """
    require_rotation(token, by)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError({"overlap_hours": f"Choose 0 to {LONGEST_OVERLAP.days * 24} hours."})
    token = _to_rotate(token)
    now, life = timezone.now(), token.expires_at - token.created_at
    of = {"user": token.user, "service_account": token.service_account, "roles": token.roles}
    successor, secret = _new(by, name=token.name, expires_at=now + life, replaces=token, **of)
    token.expires_at = min(token.expires_at, now + overlap)
    token.save(update_fields=["expires_at"])
    told = {**_told(token), "successor": successor.prefix, "successor_expires_at": successor.expires_at}
    audit.record("token.rotated", token, by=by, **told)
    tell_of_token(Kind.TOKEN_ROTATED, token, by=by)
    return successor, secret


def is_rotatable(token: ApiToken, *, by: Actor) -> bool:
    """Say whether somebody may rotate a token that visible_tokens showed them."""
    try:
        require_rotation(token, by)
    except Forbidden:
        return False
    return token.state == "active" and not hasattr(token, "successor")


def require_rotation(token: ApiToken, by: Actor) -> None:
    """Raise Forbidden for who may not rotate a token."""
    if token.is_personal:
        by.require(Permission.TOKEN_CREATE)
        if by.membership is None or by.person_id != token.user_id:
            raise Forbidden("A personal token is rotated by its own person, who signed in.")
        _covers(by, token.roles)
    elif token.service_account and (by.token is None or by.token.pk != token.pk):
        may_hand_out(token.service_account, by)


def _to_rotate(token: ApiToken) -> ApiToken:
    # Locked, so that of two who rotate it at the same time the second finds the successor of the first.
    ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
    found = with_holders(ApiToken.objects.filter(pk=token.pk)).get()
    if found.state != "active":
        raise Refused(f"This token is {found.state}. Make a new one.")
    if ApiToken.objects.filter(replaces=found).exists():
        raise Refused("This token was rotated already. Rotate its successor.")
    return found


def _covers(by: Actor, roles: Iterable[str]) -> None:
    if not covers(by.roles, roles):
        raise Forbidden("Nobody can give a token a role that they lack.")


def _make(by: Actor, **facts: Any) -> tuple[ApiToken, str]:
    _lives_a_while(facts["expires_at"])
    token, secret = _new(by, **facts)
    audit.record("token.created", token, by=by, **_told(token))
    tell_of_token(Kind.TOKEN_CREATED, token, by=by)
    return token, secret


def _new(by: Actor, **facts: Any) -> tuple[ApiToken, str]:
    secret = new_secret()
    made_by = by.membership.user if by.membership else None
    kept = {"prefix": secret[:SHOWN], "digest": digest_of(secret)}
    token = ApiToken(tenant=by.tenant, created_by=made_by, **kept, **facts)
    token.name = token.name.strip()
    token.clean_fields(exclude={field.name for field in ApiToken._meta.fields} - {"name"})
    token.save()
    return with_holders(ApiToken.objects.filter(pk=token.pk)).get(), secret


def _told(token: ApiToken) -> dict[str, Any]:
    holder = {"member": token.holder} if token.is_personal else {"service_account": token.holder}
    return {**holder, "roles": list(token.roles_now), "prefix": token.prefix, "expires_at": token.expires_at}


def _lives_a_while(expires_at: datetime) -> None:
    now = timezone.now()
    if expires_at <= now:
        raise ValidationError({"expires_at": "The end must lie in the future."})
    if expires_at > now + LONGEST_LIFE:
        raise ValidationError({"expires_at": f"A token lives {LONGEST_LIFE.days} days at most."})
