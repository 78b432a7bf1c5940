"""One gateway, put together: people on one side, hosts on the other, the portal and Redis behind."""

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from http import HTTPStatus
from itertools import batched
from typing import Any

import asyncssh
from redis.asyncio import Redis
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from agent.wire import MOST_FRAME
from gateway import people
from gateway.attached import AttachedHosts
from gateway.authorities import Authorities
from gateway.ending import Live, Reason
from gateway.host_session import Services
from gateway.peers import PATH, HostFinder, PeerDoor
from gateway.portal import Portal, PortalUnreachable, Refused
from gateway.presence import REFRESH_SECONDS, Presence
from gateway.revocations import Revocations
from gateway.settings import Settings
from gateway.spool import Spool
from gateway.tls import AgentsTls

AGENT, ENROL, AGENT_FILE, HEALTH = "/agent", "/enrol", "/enclave-agent.pyz", "/healthz"
HEARTBEAT_SECONDS = 5.0
HEARTBEATS_AT_ONCE = 200  # of 4 KiB each at most; the portal takes a megabyte
_PING_SECONDS = 5.0
_PONG_SECONDS = 10.0
_STOP_SECONDS = 5.0
_GATHER_SECONDS = 0.5  # in which hosts that come together are reported together
_log = logging.getLogger(__name__)


class Gateway:
    """Serves until it is stopped. Nothing that it keeps in memory is needed after that."""

    def __init__(self, settings: Settings, portal: Portal) -> None:
        self._settings = settings
        self._portal = portal
        self._redis: Redis = Redis.from_url(settings.redis_url)
        self._live = Live()
        self._spool = Spool(settings.spool, portal)
        self._attached = AttachedHosts(portal, settings.domain)
        self._presence = Presence(self._redis, settings.own_url)
        self._peers = PeerDoor(self._attached, settings.peer_secret)
        self._revocations = Revocations(portal, self._redis, self._live, self._attached)
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._attached.arrived = self._arrived
        self._attached.left = self._presence.gone
        self.ssh_port = 0
        self.agent_port = 0

    async def start(self) -> None:
        """Listen on both sides; the ports are known then."""
        self._tls = AgentsTls(self._settings)
        roots = self._settings.gateway_roots
        context = ssl.create_default_context(cafile=roots)
        finder = HostFinder(self._attached, self._presence, self._settings.peer_secret, context)
        self._services = Services(self._portal, finder, self._spool, self._live)
        if count := self._spool.resume():
            _log.warning("%s recordings of a gateway before this one are delivered.", count)
        self._hosts_server = await self._listen_for_hosts()
        self._people_server = await self._listen_for_people()
        background = [self._revocations.listen(), self._revocations.ask(), self._tls.follow()]
        background += [self._report(), self._refresh()]
        self._tasks = [asyncio.create_task(_forever(one)) for one in background]

    async def stop(self) -> None:
        """End all sessions, and deliver what can be delivered in a few seconds."""
        self._people_server.close()
        self._live.end_all(Reason.GATEWAY_STOPPED)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._live.empty(_STOP_SECONDS)
        await self._spool.drain(_STOP_SECONDS)
        self._hosts_server.close()
        await self._hosts_server.wait_closed()
        await self._redis.aclose()

    async def _listen_for_people(self) -> asyncssh.SSHAcceptor:
        place = self._settings.ssh
        key = asyncssh.read_private_key(str(self._settings.host_key))
        authorities = Authorities(self._portal)
        acceptor = await people.listen(place.host, place.port, key, self._services, authorities)
        self.ssh_port = acceptor.get_port()
        return acceptor

    async def _listen_for_hosts(self) -> Server:
        place = self._settings.agents
        server = await serve(
            self._serve_host,
            place.host,
            place.port,
            ssl=self._tls.context,
            process_request=self._answer_http,
            max_size=MOST_FRAME,
            compression=None,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PONG_SECONDS,
            close_timeout=1,
        )
        self.agent_port = next(iter(server.sockets)).getsockname()[1]
        return server

    async def _serve_host(self, socket: ServerConnection) -> None:
        assert socket.request  # noqa: S101 -- the handshake is over
        path = socket.request.path
        if path == AGENT:
            await self._attached.serve(socket)
        elif path == ENROL:
            await self._attached.enrol(socket)
        else:
            await self._peers.serve(socket)

    def _answer_http(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer what is no WebSocket: health, and the agent's file for hosts that are being made."""
        if request.path in (AGENT, ENROL) or request.path.startswith(PATH):
            return None
        if request.path == HEALTH:
            return connection.respond(HTTPStatus.OK, "ok\n")
        if request.path == AGENT_FILE and self._settings.agent_file:
            return _file(self._settings.agent_file.read_bytes())
        return connection.respond(HTTPStatus.NOT_FOUND, "There is nothing here.\n")

    async def _arrived(self, host: str) -> None:
        self._news.set()
        await self._presence.here([host])

    async def _report(self) -> None:
        """Pass heartbeats on, and let go of hosts that the portal does not want."""
        while True:
            try:
                for some in batched(self._attached.facts().items(), HEARTBEATS_AT_ONCE):
                    for spiffe_id in await self._portal.heartbeats(dict(some)):
                        await self._attached.detach(spiffe_id)
            except (PortalUnreachable, Refused) as error:
                _log.warning("Heartbeats wait: %s", error)
            await self._next_report()

    async def _next_report(self) -> None:
        """Sooner if a host has come."""
        try:
            await asyncio.wait_for(self._news.wait(), HEARTBEAT_SECONDS)
            await asyncio.sleep(_GATHER_SECONDS)
        except TimeoutError:
            return
        finally:
            self._news.clear()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self._presence.here(self._attached.ids())


def _file(content: bytes) -> Response:
    headers = Headers({"Content-Type": "application/octet-stream", "Content-Length": str(len(content))})
    return Response(HTTPStatus.OK, HTTPStatus.OK.phrase, headers, content)


async def _forever(work: Coroutine[Any, Any, None]) -> None:
    """One piece of background work that fails must be seen, and must not be done without."""
    try:
        await work
    except Exception:
        _log.exception("A part of the gateway failed; it ends, so that it is started anew.")
        asyncio.get_running_loop().call_soon(_fail)


def _fail() -> None:
    raise SystemExit(1)
