"""The sessions of this host: opened for a token of the portal, relayed, ended, and looked for afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import pwd
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent import cages, sshd
from agent.config import Config
from agent.identity import Identity
from agent.spent import SpentSessions
from agent.tokens import Grant, TokenRefused, read_grant
from agent.warden import PATIENCE, Order, Warden
from agent.wire import CHUNK, Stream, StreamClosed

MOST_SESSIONS = 64
_AGAIN = 0.02  # seconds between looking whether the killed are gone
_DRAIN = 5.0  # seconds that the last output of an ended session may take
_log = logging.getLogger(__name__)


@dataclass
class Session:
    """One that runs. Closing `line` ends it."""

    grant: Grant
    line: socket.socket
    cgroup: str | None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    left: int = 0

    def end(self) -> None:
        """Have all its processes killed; `ended` is set when they are gone."""
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_WR)


class Sessions:
    """All sessions of this host."""

    def __init__(self, config: Config, identity: Identity, warden: Warden, folder: Path | None) -> None:
        """`folder` is where cgroups may be made, if anywhere."""
        self._config = config
        self.identity = identity
        self._warden = warden
        self._folder = folder
        self._spent = SpentSessions(config.state / "spent.json")
        self._live: dict[str, Session] = {}

    @property
    def cage(self) -> str:
        return "cgroup" if self._folder else "process tree"

    def grants(self) -> list[str]:
        """The grants of the sessions that run."""
        return sorted({session.grant.id for session in self._live.values()})

    def open(self, token: str) -> tuple[Session, socket.socket]:
        """Start a session, with its byte stream; raises TokenRefused, WardenGone."""
        now = time.time()
        place = {"host": self._config.host_id, "tenant": self._config.tenant}
        grant = read_grant(token, self.identity.grant_keys, now=now, **place)
        if grant.login != self._config.login:
            raise TokenRefused("The token is for another login.")
        if len(self._live) >= MOST_SESSIONS:
            raise TokenRefused("This host has too many sessions.")
        self._spent.spend(grant, now)
        cgroup = self._cgroup(grant)
        order = Order(sshd.command(self._config, grant), grant.ends_at, cgroup)
        stream, line = self._warden.start(order)
        line.setblocking(False)
        stream.setblocking(False)
        session = self._live[grant.session] = Session(grant, line, cgroup)
        _log.info("Session %s of %s opened.", grant.session, grant.id)
        return session, stream

    async def serve(self, session: Session, bytes_: socket.socket, stream: Stream) -> dict[str, Any]:
        """Relay until the session is over; what its keeper said: why it ended, and how many are left."""
        into = asyncio.ensure_future(_into(stream, bytes_, session))
        out = asyncio.ensure_future(_out(bytes_, stream, session))
        try:
            outcome = await self._outcome(session)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(out), _DRAIN)
        finally:
            for relay in (into, out):
                relay.cancel()
            await asyncio.gather(into, out, return_exceptions=True)
            bytes_.close()
        return outcome

    def end_all(self) -> None:
        for session in self._live.values():
            session.end()

    async def verify(self, grant: str) -> int:
        """End what lives of a grant; how many processes are left of it."""
        ours = [session for session in self._live.values() if session.grant.id == grant]
        for session in ours:
            session.end()
        for session in ours:
            await session.ended.wait()
        left = sum(session.left for session in ours)
        return left + await self._sweep(f"{self._prefix}{grant}.") + await self._end_strays()

    async def clear(self) -> int:
        """End what an agent before this one left behind; how many processes are left."""
        return await self._sweep(self._prefix) + await self._end_strays()

    @property
    def _prefix(self) -> str:
        return f"{cages.PREFIX}-{self._config.host_id}-"

    def _cgroup(self, grant: Grant) -> str | None:
        return str(self._folder / f"{self._prefix}{grant.id}.{grant.session}") if self._folder else None

    async def _outcome(self, session: Session) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        try:
            said = await loop.sock_recv(session.line, CHUNK)
        except OSError:
            said = b""
        try:
            outcome: dict[str, Any] = json.loads(said) if said else await self._end_without_keeper(session)
            del self._live[session.grant.session]
            session.left = outcome["left"] + await self._end_strays()
        finally:
            self._live.pop(session.grant.session, None)
            session.line.close()
            session.ended.set()
        _log.info("Session %s is over: %s, %s left.", session.grant.session, outcome["why"], session.left)
        return {**outcome, "left": session.left}

    async def _end_without_keeper(self, session: Session) -> dict[str, Any]:
        """The keeper was killed, and with it sshd; what sshd had started is still in the cgroup."""
        left = 0
        if session.cgroup:
            cage = cages.CgroupCage(Path(session.cgroup))
            left = await asyncio.to_thread(cages.empty, cage, PATIENCE)
        return {"why": "lost", "left": left}

    async def _end_strays(self) -> int:
        """End what the login has running while no session is open, such as what cron was asked to start."""
        uid = _uid(self._config.login)
        strays: list[int] = []
        until = time.monotonic() + PATIENCE
        while uid not in (None, 0, os.geteuid()) and time.monotonic() < until:
            # Looked at each time: what belongs to a session that was opened meanwhile is no stray.
            strays = [] if self._live else cages.processes_of(uid or 0)
            if not strays:
                return 0
            cages.kill_all(strays)
            await asyncio.sleep(_AGAIN)
        return len(strays)

    async def _sweep(self, prefix: str) -> int:
        """End what lies in cgroups of this name and belongs to no session that runs."""
        running = {session.cgroup for session in self._live.values()}
        folder = self._folder
        found = cages.leftovers(folder, prefix) if folder else []
        idle = [cage for cage in found if str(cage.path) not in running]
        return sum([await asyncio.to_thread(cages.empty, cage, PATIENCE) for cage in idle])


def _uid(login: str) -> int | None:
    try:
        return pwd.getpwnam(login).pw_uid
    except KeyError:
        return None


async def _into(stream: Stream, bytes_: socket.socket, session: Session) -> None:
    """From the gateway to sshd. The end of it is a hang-up."""
    loop = asyncio.get_running_loop()
    try:
        while data := await stream.read():
            await loop.sock_sendall(bytes_, data)
    except (OSError, StreamClosed):
        pass  # sshd is gone; its keeper says so
    session.end()


async def _out(bytes_: socket.socket, stream: Stream, session: Session) -> None:
    """From sshd to the gateway, until all processes have closed it."""
    loop = asyncio.get_running_loop()
    try:
        while data := await loop.sock_recv(bytes_, CHUNK):
            await stream.write(data)
    except OSError:
        pass
    except StreamClosed:
        session.end()
