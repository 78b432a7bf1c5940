"""The agent's one connection: outwards, to whichever gateway answers; named by the host's certificate."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import random
import time
from collections.abc import Coroutine, Iterator
from typing import Any, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from agent import facts
from agent.config import Config
from agent.identity import Identity
from agent.metadata import MetadataUnavailable, identity_document
from agent.sessions import Sessions
from agent.tokens import TokenRefused
from agent.warden import WardenGone
from agent.wire import (
    MOST_FRAME,
    Link,
    ProtocolViolation,
    Stream,
    StreamClosed,
    number_in,
    read_message,
    text_in,
)

PING_SECONDS = 5.0
PONG_SECONDS = 10.0  # a gateway that says nothing for so long is gone, and its sessions end
_OPEN_SECONDS = 10.0
_ENROL_SECONDS = 30.0
_RENEW_AGAIN = 20.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
_STABLE = 10.0  # seconds after which a lost connection is no sign of trouble
_log = logging.getLogger(__name__)
_EXPECTED = (
    OSError,
    WebSocketException,
    ProtocolViolation,
    StreamClosed,
    TokenRefused,
    MetadataUnavailable,
    asyncio.TimeoutError,
)


class Connection:
    """Keeps the host reachable for its gateways, for as long as the agent runs."""

    def __init__(self, config: Config, identity: Identity, sessions: Sessions) -> None:
        self._config = config
        self._identity = identity
        self._sessions = sessions
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: dict[int, Callable[[], None]] = {}

    async def run(self) -> None:
        """Connect, serve, connect again. Raises WardenGone, after which only a new start helps."""
        pauses = _pauses()
        for url in self._gateways():
            began = time.monotonic()
            try:
                await self._enrol_if_needed(url)
                await self._serve(url)
            except _EXPECTED as error:
                _log.warning("%s: %s", url, error or type(error).__name__)
            if time.monotonic() - began > _STABLE:
                pauses = _pauses()
            await asyncio.sleep(next(pauses))

    def _gateways(self) -> Iterator[str]:
        """All gateways in turn, beginning anywhere, so that hosts spread over them."""
        urls = list(self._config.gateway_urls)
        random.shuffle(urls)
        return itertools.cycle(url.rstrip("/") for url in urls)

    async def _enrol_if_needed(self, url: str) -> None:
        if not self._identity.is_valid(time.time()):
            await asyncio.wait_for(self._enrol(url), _ENROL_SECONDS)

    async def _enrol(self, url: str) -> None:
        """Show the cloud's word on this machine, and get certificates for our keys."""
        async with self._connect(f"{url}/enrol", named=False) as socket:
            await socket.send(json.dumps({"op": "ask", "host": self._config.host_id}))
            nonce = text_in(_answer(await socket.recv(), "challenge"), "nonce")
            place = (self._config.cloud, self._config.metadata_url)
            document = await asyncio.to_thread(identity_document, *place, nonce)
            request = {"op": "enrol", "document": document, **self._identity.request()}
            await socket.send(json.dumps(request))
            answer = _answer(await socket.recv(), "statement")
        self._identity.take(text_in(answer, "statement"), time.time())
        _log.info("Enrolled.")

    def _connect(self, url: str, *, named: bool) -> connect:
        return connect(
            url,
            ssl=self._identity.client_context(named=named),
            max_size=MOST_FRAME,
            compression=None,
            proxy=None,  # whatever the environment names, this leads to the gateway
            open_timeout=_OPEN_SECONDS,
            close_timeout=1,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
        )

    async def _serve(self, url: str) -> None:
        """Serve one gateway until the connection ends. All sessions end with it."""
        async with self._connect(f"{url}/agent", named=True) as socket:
            await self._serve_on(socket)

    async def _serve_on(self, socket: ClientConnection) -> None:
        link = Link(socket, lambda message: self._take(link, message))
        work = [link.run(), self._beat(link), self._renew(link)]
        running = [asyncio.ensure_future(one) for one in work]
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            self._sessions.end_all()
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._streams.clear()

    async def _beat(self, link: Link) -> None:
        standing = facts.standing(self._config, self._sessions.cage)
        grants = self._sessions.grants()
        await link.tell(op="hello", facts=standing, grants=grants)
        _log.info("Connected.")
        while True:
            await link.tell(op="heartbeat", facts={**standing, **facts.moving(self._config)})
            await asyncio.sleep(self._config.heartbeat_seconds)

    async def _renew(self, link: Link) -> None:
        while lifetime := self._identity.lifetime():
            await asyncio.sleep(max(0.0, lifetime.renew_at() - time.time()))
            await link.tell(op="renew", **self._identity.request())
            await asyncio.sleep(_RENEW_AGAIN)

    def _take(self, link: Link, message: dict[str, Any]) -> None:
        """Answer a control message. What this version does not know is for a later one."""
        operation = message["op"]
        if operation == "open":
            stream = link.open(number_in(message))
            self._spawn(self._open(link, stream, text_in(message, "token")))
        elif operation == "close":
            self._streams.get(number_in(message), _nothing)()
        elif operation == "verify":
            self._spawn(self._verify(link, text_in(message, "grant")))
        elif operation == "statement":
            self._believe(text_in(message, "statement"))
        elif operation == "denied":
            _log.warning("The portal says: %s", message.get("reason"))

    def _believe(self, statement: str) -> None:
        try:
            self._identity.take(statement, time.time())
        except TokenRefused as error:
            _log.warning("A statement was not believed: %s", error)

    async def _open(self, link: Link, stream: Stream, token: str) -> None:
        try:
            session, bytes_ = self._sessions.open(token)
        except TokenRefused as error:
            _log.warning("A session was refused: %s", error)
            link.forget(stream)
            await link.tell(op="refused", stream=stream.number, reason=str(error))
            return
        self._streams[stream.number] = session.end
        await _tell(link, op="opened", stream=stream.number)
        outcome = await self._sessions.serve(session, bytes_, stream)
        self._streams.pop(stream.number, None)
        link.forget(stream)
        await _tell(link, op="closed", stream=stream.number, **outcome)

    async def _verify(self, link: Link, grant: str) -> None:
        left = await self._sessions.verify(grant)
        await _tell(link, op="verified", grant=grant, left=left)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._is_done)

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, WardenGone):
            # Sessions could be neither started nor ended in time: better to start anew.
            raise SystemExit("The warden is gone.")
        if error and not isinstance(error, _EXPECTED):
            _log.error("A session failed.", exc_info=error)


async def _tell(link: Link, **message: Any) -> None:
    with contextlib.suppress(StreamClosed, OSError, WebSocketException):  # the gateway left; all is ended
        await link.tell(**message)


def _answer(frame: str | bytes, wanted: str) -> dict[str, Any]:
    """The gateway's answer; raises TokenRefused with the portal's reason if it is a denial."""
    message = read_message(frame)
    if message["op"] != wanted:
        raise TokenRefused(f"The portal says: {message.get('reason', 'nothing that is known')}")
    return message


def _pauses() -> Iterator[float]:
    """How long to wait before the next try: longer each time, and never in step with other hosts."""
    for step in itertools.count():
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(step, 10))
        yield random.uniform(longest / 4, longest)  # noqa: S311 -- not for secrecy


def _nothing() -> None:
    """There is no such stream any more."""
