"""Telling pages and streams that something changed: a row first, then a message that may get lost."""

import json
import logging
from collections.abc import Mapping
from functools import cache, partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError

from enclaves.models import Event, Operation

log = logging.getLogger(__name__)


def channel(tenant_id: UUID | str) -> str:
    """Name the Valkey channel on which a tenant's events are published."""
    return f"events:{tenant_id}"


def nudge(tenant_id: UUID, *topics: str) -> None:
    """Say that these things changed, so that whoever looks at them looks again."""
    for topic in dict.fromkeys(topics):
        _tell(Event(tenant_id=tenant_id, topic=topic))


def log_line(operation: Operation, text: str, *, by: str, tone: str = "") -> None:
    """Add a line to the log of an operation."""
    _tell(
        Event(
            tenant_id=operation.tenant_id,
            topic=f"operation:{operation.pk}",
            operation=operation,
            by=by,
            tone=tone,
            text=text,
        )
    )


def as_message(event: Event) -> dict[str, object]:
    """Return what a stream sends of an event; it names things and holds no secret."""
    return {"id": event.pk, "topic": event.topic, "text": event.text, "tone": event.tone}


def _tell(event: Event) -> None:
    event.save()
    transaction.on_commit(partial(_publish, event), robust=True)


def _publish(event: Event) -> None:
    publish(channel(event.tenant_id), as_message(event))


def publish(to: str, message: Mapping[str, object]) -> None:
    """Send a message to whoever listens on a channel now. It may get lost: the rows tell the same later."""
    try:
        _valkey().publish(to, json.dumps(message))
    except RedisError as error:
        log.warning("Nobody on %s could be told: %s", to, error)


@cache
def _valkey() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2)
