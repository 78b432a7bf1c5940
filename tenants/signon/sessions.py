"""What a sign-on leaves in a browser's session: attempts on their way, and on whose word it rests."""

import time
from datetime import timedelta
from typing import Any, Final, TypedDict

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from tenants.assurance import SIGNED_ON_AT, SIGNED_ON_FOR
from tenants.signon.protocol import Attempt

ATTEMPTS: Final = "sign_on_attempts"
TRYING: Final = "sign_on_trying"  # the tenant whose admin wants to try it in this browser
MOST_ATTEMPTS: Final = 5  # in one browser; the oldest gives way
# Whoever leaves the tenant's company is out within a day, without anybody telling the portal.
LIFE: Final = timedelta(hours=12)


class SignedOn(TypedDict):
    """What allauth carries through a sign-in that came by a tenant's provider."""

    tenant: str


def keep_attempt(session: SessionBase, state: str, attempt: Attempt) -> None:
    kept = [*session.get(ATTEMPTS, {}).items()][1 - MOST_ATTEMPTS :]
    session[ATTEMPTS] = {**dict(kept), state: attempt.as_kept()}


def take_attempt(session: SessionBase, state: str) -> Attempt | None:
    """The attempt that has this state; it is taken once, and not when it is too old."""
    attempts: dict[str, Any] = session.get(ATTEMPTS, {})
    kept = attempts.pop(state, None)
    session[ATTEMPTS] = attempts
    attempt = Attempt.read(kept) if kept else None
    return None if attempt is None or attempt.is_over else attempt


def note_sign_on(session: SessionBase, by: SignedOn | None) -> None:
    """Say whose word a session rests on that begins now: a provider's, or the person's own."""
    if by is None:
        session.pop(SIGNED_ON_FOR, None)
        session.pop(SIGNED_ON_AT, None)
        return
    session[SIGNED_ON_FOR], session[SIGNED_ON_AT] = by["tenant"], time.time()
    session.set_expiry(timezone.now() + LIFE)
