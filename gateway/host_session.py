"""A session on a host, whatever it is for: recorded, ended on both sides, told to the portal."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import asyncssh

from agent.wire import StreamClosed
from gateway.ending import TOLD, Ending, Live, Reason
from gateway.files import UnreadableTraffic
from gateway.hop import Hop
from gateway.hosts import HostSilent, HostStream, HostUnavailable
from gateway.portal import Caller, Portal, PortalUnreachable, Refused, Session
from gateway.spool import Recorder, RecordingLost, Spool

_MOMENT = 0.5  # seconds that the reason for a break may take to come by another way
_log = logging.getLogger(__name__)

type Work = Callable[[asyncssh.SSHClientConnection, Recorder], Awaitable[None]]


class Hosts(Protocol):
    """Where streams to hosts come from."""

    async def open(self, host: str, token: str) -> HostStream:
        """Raises HostUnavailable."""
        ...


@dataclass(frozen=True)
class Services:
    """What sessions need of the gateway."""

    portal: Portal
    hosts: Hosts
    spool: Spool
    live: Live


@dataclass(frozen=True)
class Allowed:
    """What the portal allowed, and the key that it certified for it."""

    session: Session
    key: asyncssh.SSHKey


async def ask(portal: Portal, caller: Caller) -> Allowed:
    """Ask the portal for one session; raises Refused, PortalUnreachable."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    line = key.export_public_key().decode().strip()
    return Allowed(await portal.authorize(replace(caller, hop_key=line)), key)


class HostSession:
    """One session on a host, from the first byte of its recording to the last process on the host."""

    def __init__(self, services: Services, allowed: Allowed, say: Callable[[str], None]) -> None:
        self._services = services
        self._session = allowed.session
        self._key = allowed.key
        self._say = say
        self._ending = Ending()

    def end(self, reason: Reason) -> None:
        self._ending.end(reason)

    async def run(self, header: Mapping[str, object], work: Work) -> Reason:
        """Do the work on the host; why it ended. When this returns, the host's side is over."""
        grant = self._session.grant
        recorder = self._services.spool.begin(self._session.id, header)
        left: int | None = None
        self._services.live.add(grant, self)
        try:
            left = await self._hold(work, recorder)
        except HostUnavailable as error:
            left = None if isinstance(error, HostSilent) else 0  # of what did not begin nothing is left
            self._say(str(error))
            self.end(Reason.HOST_LOST)
        finally:
            self.end(Reason.FAILED)
            self._services.live.remove(grant, self)
            recorder.close(self._reason, left)
        return self._reason

    @property
    def _reason(self) -> Reason:
        return self._ending.reason or Reason.FAILED

    async def _hold(self, work: Work, recorder: Recorder) -> int | None:
        """Work while the host's stream lives; how many processes were left on the host afterwards."""
        stream = await self._services.hosts.open(self._session.host, self._session.grant_token)
        hop = Hop(stream)
        loop = asyncio.get_running_loop()
        expiry = loop.call_later(max(0.0, self._session.ends_at - time.time()), self.end, Reason.EXPIRED)
        stream.ended.add_done_callback(lambda ended: self._host_ended(ended.result().why))
        try:
            await self._until_end(hop, work, recorder)
        finally:
            # The host first, at once: whatever else fails, this must not wait for it.
            closing = asyncio.create_task(stream.close())
            expiry.cancel()
            await hop.close()
            outcome = await closing
        return outcome.left

    async def _until_end(self, hop: Hop, work: Work, recorder: Recorder) -> None:
        working = asyncio.create_task(self._work(hop, work, recorder))
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
            # Now, because a host may take its time to end, or never do.
            if self._reason in TOLD:
                self._say(TOLD[self._reason])
        finally:
            working.cancel()
            ending.cancel()
            await asyncio.gather(working, ending, return_exceptions=True)

    async def _work(self, hop: Hop, work: Work, recorder: Recorder) -> None:
        """Every way out of here is an end with a reason."""
        try:
            connection = await hop.connect(self._session, self._key)
            await self._note_opened()
            await work(connection, recorder)
            self.end(Reason.FINISHED)
        except Refused:
            # Its end was told while this was under way, when there was nothing yet to be ended.
            self.end(Reason.REVOKED)
        except HostUnavailable as error:
            self._say(str(error))
            self.end(Reason.HOST_LOST)
        except UnreadableTraffic:
            self.end(Reason.UNREADABLE)
        except RecordingLost:
            self.end(Reason.NOT_RECORDED)
        except (OSError, StreamClosed, asyncssh.Error):
            await asyncio.sleep(_MOMENT)
            self.end(Reason.HOST_LOST)
        except Exception:
            _log.exception("The session %s failed.", self._session.id)
            self.end(Reason.FAILED)

    async def _note_opened(self) -> None:
        try:
            await self._services.portal.opened(self._session.id)
        except PortalUnreachable as error:
            _log.warning("The portal was not told that %s opened: %s", self._session.id, error)

    def _host_ended(self, why: str) -> None:
        if why == "expired":
            self.end(Reason.EXPIRED)
        else:
            asyncio.get_running_loop().call_later(_MOMENT, self.end, Reason.HOST_LOST)
