"""Live pages: one stream of server-sent events per tab, one Valkey subscription per process.

A stream sends what stands in the event table; Valkey only says that there is something new. So a
client that reconnects with Last-Event-ID gets what it missed, and a lost message costs nothing but time.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET
from redis.asyncio import Redis
from redis.exceptions import RedisError

from enclaves.models import Event
from enclaves.provisioning import live
from tenants.assurance import signed_on_at
from tenants.gate import Actor, TenantRequest, may_still, tenant_page
from tenants.policy import Permission
from tenants.scope import enter_tenant

PING_SECONDS = 15
PROVE_SECONDS = 1  # who was shut out hears nothing any more after this time
LONGEST_SECONDS = 900  # then the browser reconnects, and proves again that it may listen
REPLAY = 500
BACKLOG = 200  # events that a slow client may fall behind before the oldest are dropped

type Message = dict[str, Any]


@dataclass(frozen=True)
class Listener:
    """Who hears a stream, and by which session; a program has none."""

    actor: Actor
    session: str
    signed_on_at: float | None

    def may_still(self) -> bool:
        session, came = self.session, self.signed_on_at
        return may_still(self.actor, Permission.OPERATION_VIEW, session=session, signed_on_at=came)


@require_GET
@transaction.non_atomic_requests
@tenant_page(Permission.OPERATION_VIEW)
async def event_stream(request: TenantRequest) -> HttpResponseBase:
    """Send the tenant's events as they happen; with Last-Event-ID, first those that were missed."""
    key, came = request.session.session_key or "", signed_on_at(request, request.actor.tenant)
    listener = Listener(request.actor, key, came)
    stream = _messages(listener, _last_seen(request))
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _last_seen(request: HttpRequest) -> int | None:
    given = request.headers.get("Last-Event-ID", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None  # noqa: PLR2004


async def _messages(listener: Listener, after: int | None) -> AsyncIterator[bytes]:
    tenant_id = listener.actor.tenant_id
    queue = _hub.listen(tenant_id)
    try:
        yield b"retry: 2000\n\n"
        for missed in await _missed(tenant_id, after):
            yield _as_sent(missed)
        async for message in _live(listener, queue):
            yield message
    finally:
        _hub.forget(tenant_id, queue)


async def _live(listener: Listener, queue: asyncio.Queue[Message]) -> AsyncIterator[bytes]:
    """What is told from now on, for as long as the listener may hear it."""
    clock = asyncio.get_running_loop().time
    end, proven = clock() + LONGEST_SECONDS, clock()
    while clock() < end:
        message = await _next(queue)
        if clock() - proven >= PROVE_SECONDS:
            if not await sync_to_async(listener.may_still)():
                return
            proven = clock()
        yield message


async def _next(queue: asyncio.Queue[Message]) -> bytes:
    try:
        return _as_sent(await asyncio.wait_for(queue.get(), PING_SECONDS))
    except TimeoutError:
        return b": ping\n\n"


def _as_sent(message: Message) -> bytes:
    return f"id: {message['id']}\ndata: {json.dumps(message)}\n\n".encode()


async def _missed(tenant_id: UUID, after: int | None) -> list[Message]:
    return [] if after is None else await sync_to_async(_events_after)(tenant_id, after)


def _events_after(tenant_id: UUID, after: int) -> list[Message]:
    with transaction.atomic():
        enter_tenant(tenant_id)
        events = Event.objects.filter(tenant_id=tenant_id, pk__gt=after).order_by("pk")[:REPLAY]
        return [live.as_message(event) for event in events]


class _Hub:
    """The one subscription of this process, and who listens to it."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[Message]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    def listen(self, tenant_id: UUID) -> asyncio.Queue[Message]:
        queue: asyncio.Queue[Message] = asyncio.Queue(BACKLOG)
        self._queues[live.channel(tenant_id)].add(queue)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.get_running_loop().create_task(self._read())
        return queue

    def forget(self, tenant_id: UUID, queue: asyncio.Queue[Message]) -> None:
        channel = live.channel(tenant_id)
        self._queues[channel].discard(queue)
        if not self._queues[channel]:
            del self._queues[channel]

    async def _read(self) -> None:
        while True:
            with suppress(RedisError):
                await self._subscribe()
            await asyncio.sleep(1)

    async def _subscribe(self) -> None:
        async with Redis.from_url(settings.REDIS_URL) as valkey, valkey.pubsub() as pubsub:
            await pubsub.psubscribe(live.channel("*"))
            async for message in pubsub.listen():
                if message["type"] == "pmessage":
                    self._deliver(message["channel"].decode(), json.loads(message["data"]))

    def _deliver(self, channel: str, message: Message) -> None:
        for queue in self._queues.get(channel, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)


_hub = _Hub()
