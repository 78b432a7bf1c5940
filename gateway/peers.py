"""Between gateways: who lacks a host's agent gets a stream from the gateway that has it.

One WebSocket for each stream, with the same messages as an agent's. The host checks the grant token, and
the bytes are SSH between the asking gateway and the host's sshd: the one between sees neither.
"""

import asyncio
import contextlib
import hmac
import logging
import ssl
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import WebSocketException

from agent.wire import MOST_FRAME, Link, Stream, StreamClosed, number_in, text_in
from gateway.attached import FORBIDDEN, AttachedHosts
from gateway.hosts import HostLink, HostStream, HostUnavailable, Outcome
from gateway.presence import Presence

PATH = "/peer/"
_OPEN_SECONDS = 5.0
_log = logging.getLogger(__name__)


class HostFinder:
    """Opens streams to hosts, wherever they are connected."""

    def __init__(
        self, attached: AttachedHosts, presence: Presence, secret: str, context: ssl.SSLContext
    ) -> None:
        self._attached = attached
        self._presence = presence
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str, token: str) -> HostStream:
        """Raises HostUnavailable."""
        link = self._attached.link(host)
        if link:
            return await link.open(token)
        url = await self._presence.elsewhere(host)
        if url is None:
            raise HostUnavailable("The host is not connected now.")
        return await self._open_there(url, host, token)

    async def _open_there(self, url: str, host: str, token: str) -> HostStream:
        try:
            socket = await connect(
                f"{url}{PATH}{host}",
                ssl=self._context,
                additional_headers=self._headers,
                max_size=MOST_FRAME,
                compression=None,
                proxy=None,
                open_timeout=_OPEN_SECONDS,
                ping_interval=5,
                ping_timeout=10,
            )
        except (OSError, WebSocketException) as error:
            raise HostUnavailable("The gateway that has the host cannot be reached.") from error
        link = HostLink(socket, {})
        self._keep(link)
        try:
            stream = await link.open(token)
        except HostUnavailable:
            await link.close(1000, "")
            raise
        stream.ended.add_done_callback(lambda _: self._spawn(link.close(1000, "")))
        return stream

    def _keep(self, link: HostLink) -> None:
        self._spawn(link.run())

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class PeerDoor:
    """Lets other gateways in to the hosts that are connected here."""

    def __init__(self, attached: AttachedHosts, secret: str) -> None:
        self._attached = attached
        self._wanted = f"Bearer {secret}"

    async def serve(self, socket: ServerConnection) -> None:
        """Serve one stream of another gateway."""
        assert socket.request  # noqa: S101 -- the handshake is over
        given = socket.request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), self._wanted.encode()):
            await socket.close(FORBIDDEN, "This is for gateways.")
            return
        host = socket.request.path.removeprefix(PATH)
        await _Bridge(socket, self._attached.link(host)).run()


class _Bridge:
    """One stream from another gateway to a host's agent."""

    def __init__(self, socket: ServerConnection, host: HostLink | None) -> None:
        self._link = Link(socket, self._take)
        self._host = host
        self._work: asyncio.Task[None] | None = None
        self._stream: HostStream | None = None
        self._closing: asyncio.Task[Outcome] | None = None

    async def run(self) -> None:
        try:
            await self._link.run()
        finally:
            if self._stream:
                await self._stream.close()
            if self._work:
                await asyncio.gather(self._work, return_exceptions=True)

    def _take(self, message: dict[str, Any]) -> None:
        if message["op"] == "open" and self._work is None:
            near = self._link.open(number_in(message))
            self._work = asyncio.create_task(self._bridge(near, text_in(message, "token")))
        elif message["op"] == "close" and self._stream:
            self._closing = asyncio.create_task(self._stream.close())

    async def _bridge(self, near: Stream, token: str) -> None:
        with contextlib.suppress(StreamClosed, OSError):
            try:
                far = await self._open(token)
            except HostUnavailable as error:
                await self._link.tell(op="refused", stream=near.number, reason=str(error))
                return
            self._stream = far
            await self._link.tell(op="opened", stream=near.number)
            await self._relay(near, far)

    async def _open(self, token: str) -> HostStream:
        if self._host is None:
            raise HostUnavailable("The host is not connected now.")
        return await self._host.open(token)

    async def _relay(self, near: Stream, far: HostStream) -> None:
        ways = [asyncio.create_task(_into(near, far)), asyncio.create_task(_out(far, near))]
        outcome = await far.ended
        await asyncio.wait(ways[1:], timeout=_OPEN_SECONDS)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        left = {} if outcome.left is None else {"left": outcome.left}
        await self._link.tell(op="closed", stream=near.number, why=outcome.why, **left)


async def _into(near: Stream, far: HostStream) -> None:
    with contextlib.suppress(StreamClosed):
        while data := await near.read():
            await far.write(data)


async def _out(far: HostStream, near: Stream) -> None:
    with contextlib.suppress(StreamClosed):
        while data := await far.read():
            await near.write(data)
