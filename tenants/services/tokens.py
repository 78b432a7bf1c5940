"""Keys for programs: making them and ending them."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.models import ApiToken
from tenants.policy import Permission, covers
from tenants.services.members import known_roles
from tenants.tokens import TOKEN_PREFIX, digest_of

LONGEST_TOKEN_LIFE = timedelta(days=366)


@atomic
def create_token(name: str, roles: Iterable[str], expires_at: datetime, *, by: Actor) -> tuple[ApiToken, str]:
    """Make a token, and return it with its secret, which is not kept and cannot be shown again.

    Nobody gives a token a role that they lack.
    """
    by.require(Permission.TOKEN_CREATE)
    chosen = known_roles(roles)
    _may_give(chosen, expires_at, by)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        tenant=by.tenant,
        name=name.strip(),
        roles=chosen,
        prefix=secret[:8],
        digest=digest_of(secret),
        expires_at=expires_at,
        created_by=by.membership.user if by.membership else None,
    )
    given = ("name", "roles", "prefix", "digest", "expires_at")
    others = {field.name for field in ApiToken._meta.fields}.difference(given)
    token.full_clean(exclude=others, validate_unique=False, validate_constraints=False)
    token.save()
    audit.record("token.created", token, by=by, name=token.name, roles=chosen, expires_at=expires_at)
    return token, secret


def _may_give(roles: list[str], expires_at: datetime, by: Actor) -> None:
    if not covers(by.roles, roles):
        raise Forbidden("Nobody can give a token a role that they lack.")
    now = timezone.now()
    if expires_at <= now:
        raise ValidationError({"expires_at": "The end must lie in the future."})
    if expires_at > now + LONGEST_TOKEN_LIFE:
        raise ValidationError({"expires_at": f"A token lives {LONGEST_TOKEN_LIFE.days} days at most."})


@atomic
def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """End a token at once. One that has been revoked is no error."""
    by.require(Permission.TOKEN_REVOKE)
    if not covers(by.roles, token.roles):
        raise Forbidden("This token has a role that you lack; ask an admin.")
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record("token.revoked", token, by=by, name=token.name)
