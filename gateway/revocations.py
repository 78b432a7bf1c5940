"""What is over is ended at once, and looked for on its hosts, until the portal knows that nothing is left.

The message on Redis is the nudge; the list that the portal gives every few seconds is the truth.
"""

import asyncio
import json
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.attached import AttachedHosts
from gateway.ending import Live, Reason
from gateway.portal import Portal, PortalUnreachable, Refused, Revocation

CHANNEL = "access:revoked"
ASK_SECONDS = 3.0
_PAUSE = 1.0
_log = logging.getLogger(__name__)


class Revocations:
    """Carries out revocations."""

    def __init__(self, portal: Portal, redis: "Redis", live: Live, attached: AttachedHosts) -> None:
        self._portal = portal
        self._redis = redis
        self._live = live
        self._attached = attached
        self._working: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def listen(self) -> None:
        """Carry out what is said on Redis, for ever."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._hear(message["data"])
            except (RedisError, OSError) as error:
                _log.warning("Revocations come late, Redis is away: %s", error)
            await asyncio.sleep(_PAUSE)

    async def ask(self) -> None:
        """Carry out what the portal lists, for ever."""
        while True:
            try:
                for revocation in await self._portal.revocations():
                    self.carry_out(revocation)
            except (PortalUnreachable, Refused) as error:
                _log.warning("Revocations cannot be asked for: %s", error)
            await asyncio.sleep(ASK_SECONDS)

    def carry_out(self, revocation: Revocation) -> None:
        """End what lives of a grant here, and have its hosts that are connected here looked at."""
        self._live.end(revocation.grant, _reason(revocation.reason))
        for host in revocation.hosts:
            key = (revocation.grant, host)
            if host in self._attached and key not in self._working:
                task = self._working[key] = asyncio.create_task(self._verify(*key))
                task.add_done_callback(lambda _, key=key: self._working.pop(key))  # type: ignore[misc] # bound now

    async def _verify(self, grant: str, host: str) -> None:
        link = self._attached.link(host)
        left = await link.verify(grant) if link else None
        if left is None:
            return  # the portal lists it again
        try:
            await self._portal.verified(grant, host, left)
        except (PortalUnreachable, Refused) as error:
            _log.warning("The portal was not told that %s is gone from %s: %s", grant, host, error)

    def _hear(self, data: bytes | str) -> None:
        try:
            said = json.loads(data)
            revocation = Revocation(said["grant"], said["reason"], tuple(said["hosts"]))
        except (ValueError, KeyError, TypeError):
            _log.error("A revocation on Redis cannot be read.")
            return
        self.carry_out(revocation)


def _reason(text: str) -> Reason:
    return Reason(text) if text in {Reason.EXPIRED, Reason.FROZEN, Reason.FINISHED} else Reason.REVOKED
