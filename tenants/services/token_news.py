"""What people are told of tokens: when one is made, replaced or revoked, and before one ends."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.transaction import atomic
from django.urls import reverse
from django.utils import timezone

from tenants.actors import Actor
from tenants.kinds import Kind
from tenants.models import ApiToken, Notification
from tenants.notifications import clear, notify
from tenants.scope import tenant_scope

EARLY: Final = timedelta(
    days=7
)  # before the end; a token with a shorter life is spoken of in its second half
AT_ONCE: Final = 1_000
_DEEDS: Final = {
    Kind.TOKEN_CREATED: "was made",
    Kind.TOKEN_ROTATED: "was replaced by a new one",
    Kind.TOKEN_REVOKED: "was revoked",
}


def tell_of_token(kind: Kind, token: ApiToken, *, by: Actor) -> None:
    """Tell the admins, and the person who holds it, what was done with a token."""
    what = f"The token {token.name} of {token.holder} {_DEEDS[kind]}"
    _tell(kind, token, what, detail=f"By {by.label}.", by=by)
    if kind != Kind.TOKEN_CREATED:
        forget_end(token)


def forget_end(token: ApiToken) -> None:
    """Nobody has to care for the end of this token any more."""
    clear(Kind.TOKEN_EXPIRING, tenant=token.tenant, source=_source(token.pk))


def watch_tokens() -> None:
    """Tell of all tokens that are about to end, each once, and of no others any more."""
    ending = dict(_ending(ApiToken.objects.using("system")).values_list("pk", "tenant_id")[:AT_ONCE])
    told = dict(_told())
    for token_id in ending.keys() - told.keys():
        with atomic(), tenant_scope(ending[token_id]):
            # Read once more: it may have been revoked a moment ago.
            for token in _ending(ApiToken.objects.filter(pk=token_id)).select_related(
                "tenant", "user", "service_account"
            ):
                _tell(Kind.TOKEN_EXPIRING, token, _end_of(token), detail=_ADVICE)
    for token_id in told.keys() - ending.keys():
        with atomic(), tenant_scope(told[token_id]):
            forget_end(ApiToken.objects.select_related("tenant").get(pk=token_id))


_ADVICE: Final = "What uses it is refused from then on. Rotate it: the new one works at once beside it."


def _ending(tokens: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
    now = timezone.now()
    standing = tokens.filter(revoked_at=None, successor=None, service_account__disabled_at=None)
    soon = standing.filter(expires_at__gt=now, expires_at__lt=now + EARLY)
    return soon.filter(expires_at__lt=now + (F("expires_at") - F("created_at")) / 2)


def _told() -> Iterator[tuple[UUID, UUID]]:
    open_ = Notification.objects.using("system").filter(kind=Kind.TOKEN_EXPIRING, ended_at=None)
    for source, tenant_id in open_.values_list("source", "tenant_id"):
        yield UUID(source.partition(":")[2]), tenant_id


def _end_of(token: ApiToken) -> str:
    return f"The token {token.name} of {token.holder} ends on {token.expires_at:%-d %B %Y, %H:%M} UTC"


def _source(token_id: UUID) -> str:
    return f"token:{token_id}"


def _tell(kind: Kind, token: ApiToken, title: str, *, detail: str, by: Actor | None = None) -> None:
    notify(
        kind,
        tenant=token.tenant,
        source=_source(token.pk),
        title=title,
        detail=detail,
        link=reverse("token-list", args=[token.tenant.name]),
        people=[token.user_id] if token.user_id else [],
        by=by,
    )
