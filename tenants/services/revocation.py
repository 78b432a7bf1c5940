"""The end of tokens before their day."""

from django.db.models import QuerySet
from django.db.transaction import atomic
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden
from tenants.kinds import Kind
from tenants.models import ApiToken, Membership
from tenants.policy import Permission
from tenants.services.token_news import forget_end, tell_of_token


@atomic
def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """End a token at once. One that has been revoked is no error.

    Everybody ends their own, and every token itself; admins end those of other people and of service
    accounts.
    """
    require_revocation(token, by)
    for revoked in _revoke(ApiToken.objects.filter(pk=token.pk), by):
        tell_of_token(Kind.TOKEN_REVOKED, revoked, by=by)


def is_revocable(token: ApiToken, *, by: Actor) -> bool:
    """Say whether somebody may revoke a token that is not over yet."""
    try:
        require_revocation(token, by)
    except Forbidden:
        return False
    return token.state in ("active", "suspended")


def require_revocation(token: ApiToken, by: Actor) -> None:
    """Raise Forbidden for who may not end a token."""
    if by.token is not None and by.token.pk == token.pk:
        return
    own = token.is_personal and by.person_id == token.user_id
    if own:
        by.require(Permission.TOKEN_REVOKE)
    else:
        by.require(Permission.TOKEN_MANAGE if token.is_personal else Permission.SERVICE_ACCOUNT_MANAGE)


def revoke_tokens_of(membership: Membership, *, by: Actor) -> None:
    """End all personal tokens of somebody who stops being a member; part of that transaction."""
    mine = ApiToken.objects.filter(tenant=membership.tenant_id, user=membership.user_id)
    for token in _revoke(mine, by):
        forget_end(token)  # that somebody is gone says it all, and is told once


def _revoke(tokens: QuerySet[ApiToken], by: Actor) -> list[ApiToken]:
    revoked = list(tokens.filter(revoked_at=None).select_for_update(no_key=True))
    for token in revoked:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record("token.revoked", token, by=by, name=token.name, prefix=token.prefix)
    return revoked
