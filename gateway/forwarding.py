"""Port forwarding, where a grant allows it: all of a connection's within one session on the host.

What passes is no text; the recording tells where to, when, and how much.
"""

import asyncio
import logging

import asyncssh

from agent.wire import CHUNK
from gateway.ending import Reason
from gateway.host_session import HostSession, Services, ask
from gateway.portal import Caller, PortalUnreachable, Refused
from gateway.sessions import header_for
from gateway.spool import Recorder

_log = logging.getLogger(__name__)


class NotForwarded(Exception):
    """The portal or the host does not allow it."""


class Forwarding:
    """The forwarded connections of one person's connection."""

    def __init__(self, services: Services, caller: Caller) -> None:
        self._services = services
        self._caller = caller
        self._on_host: HostSession | None = None
        self._ready: asyncio.Future[tuple[asyncssh.SSHClientConnection, Recorder]] | None = None
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def end(self, reason: Reason) -> None:
        self._over.set()
        if self._on_host:
            self._on_host.end(reason)

    async def serve(
        self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes], host: str, port: int
    ) -> None:
        """Carry one connection to an address as the host sees it."""
        try:
            connection, recorder = await self._start()
            far_reader, far_writer = await connection.open_connection(host, port)
        except (NotForwarded, asyncssh.Error, OSError) as error:
            _log.info("Nothing was forwarded to %s: %s", host, error)
            writer.close()
            return
        recorder.recording.event("m", f"forward to {host}:{port} opened")
        sent, received = await _both_ways(reader, writer, far_reader, far_writer)
        text = f"forward to {host}:{port} closed, {sent} bytes there, {received} bytes back"
        recorder.recording.event("m", text)

    async def _start(self) -> tuple[asyncssh.SSHClientConnection, Recorder]:
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run())
        return await asyncio.shield(self._ready)

    async def _run(self) -> None:
        try:
            allowed = await ask(self._services.portal, self._caller)
            if not allowed.session.allow_port_forwarding:
                raise Refused("This access does not allow forwarding.")
        except (Refused, PortalUnreachable) as error:
            self._fail(str(error))
            return
        self._on_host = HostSession(self._services, allowed, _log.info)
        header = {"width": 80, "height": 24, **header_for(allowed.session, self._caller, "forwarding")}
        await self._on_host.run(header, self._work)
        self._fail("The session is over.")

    async def _work(self, connection: asyncssh.SSHClientConnection, recorder: Recorder) -> None:
        if self._ready and not self._ready.done():
            self._ready.set_result((connection, recorder))
        await self._over.wait()

    def _fail(self, text: str) -> None:
        if self._ready and not self._ready.done():
            self._ready.set_exception(NotForwarded(text))


async def _both_ways(
    near_reader: asyncssh.SSHReader[bytes],
    near_writer: asyncssh.SSHWriter[bytes],
    far_reader: asyncssh.SSHReader[bytes],
    far_writer: asyncssh.SSHWriter[bytes],
) -> tuple[int, int]:
    """Relay until both sides are done; how many bytes went there and came back."""
    there = asyncio.create_task(_copy(near_reader, far_writer))
    back = asyncio.create_task(_copy(far_reader, near_writer))
    sizes = await asyncio.gather(there, back)
    near_writer.close()
    far_writer.close()
    return sizes[0], sizes[1]


async def _copy(source: asyncssh.SSHReader[bytes], target: asyncssh.SSHWriter[bytes]) -> int:
    size = 0
    try:
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
            size += len(data)
        target.write_eof()
    except (OSError, asyncssh.Error):
        return size
    return size
