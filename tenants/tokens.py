"""The secrets of programs: their shape, what is kept of one, and whose token it is."""

import hashlib
import re
import secrets
import zlib
from datetime import timedelta
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants import scope
from tenants.models import ApiToken, Membership, ServiceAccount

TOKEN_PREFIX: Final = "ep_"  # noqa: S105 -- how a secret begins, no secret
SHOWN: Final = 8  # characters of a secret that are kept, to recognise it by
NOTED_EVERY: Final = timedelta(minutes=1)  # the last use of a token; more often would be a write per request

_CHECKED: Final = re.compile(r"(ep_[A-Za-z0-9_-]{43})([A-Za-z0-9]{6})")
# Secrets that were given out before there were checksums; none lives longer than a year.
_UNCHECKED: Final = re.compile(r"ep_[A-Za-z0-9_-]{43}")
_BASE62: Final = digits + ascii_uppercase + ascii_lowercase


class BadToken(Exception):
    """No token that is in force has this secret."""


def new_secret() -> str:
    """A secret of 256 random bits, with a checksum by which a scanner knows it from chance."""
    body = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return body + _checksum(body)


def _checksum(body: str) -> str:
    number, places = zlib.crc32(body.encode()), []
    for _ in range(6):
        number, place = divmod(number, len(_BASE62))
        places.append(_BASE62[place])
    return "".join(reversed(places))


def is_well_formed(secret: str) -> bool:
    """Say whether this could be a secret of ours; it takes no look at any row."""
    if checked := _CHECKED.fullmatch(secret):
        return _checksum(checked[1]) == checked[2]
    return _UNCHECKED.fullmatch(secret) is not None


def digest_of(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def presented(header: str) -> str | None:
    """The secret in an Authorization header; None if it is of another scheme, or empty."""
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def find_token(secret: str) -> ApiToken:
    """The token of a secret; enters the scope of its tenant, and notes the use. Raises BadToken."""
    if not is_well_formed(secret):
        raise BadToken("This is no token of the portal.")
    token = _token_of(digest_of(secret))
    if token is None:
        raise BadToken("This token is unknown.")
    if token.state != "active":
        raise BadToken(f"This token is {_said(token)}.")
    _note_use(token)
    return token


def _token_of(digest: str) -> ApiToken | None:
    scope.enter_token(digest)
    tenant_id = ApiToken.objects.filter(digest=digest).values_list("tenant_id", flat=True).first()
    if tenant_id is None:
        return None
    # Its holder can be seen from inside the tenant only.
    scope.enter_tenant(tenant_id)
    return with_holders(ApiToken.objects.filter(digest=digest)).first()


def _said(token: ApiToken) -> str:
    if token.state != "suspended":
        return token.state
    return "suspended: " + (
        "its holder is not active here any more" if token.is_personal else "its service account is disabled"
    )


def with_holders(tokens: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
    """Add to each token who holds it and the roles they have at this moment, null where they may nothing."""
    # Whoever was removed and let in again does not find the tokens of their first time at work.
    person = Membership.objects.filter(
        tenant=OuterRef("tenant"),
        user=OuterRef("user"),
        user__is_active=True,
        joined_at__lte=OuterRef("created_at"),
    )
    program = ServiceAccount.objects.filter(pk=OuterRef("service_account"), disabled_at=None)
    roles = Coalesce(
        Subquery(person.values("roles")[:1]),
        Subquery(program.values("roles")[:1]),
        output_field=ArrayField(CharField(max_length=20)),
    )
    return tokens.select_related("tenant", "service_account", "user").annotate(holder_roles=roles)


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
