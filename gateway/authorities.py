"""The user authorities of all enclaves, as the portal last named them."""

import time
from collections.abc import Callable

import asyncssh

from gateway.portal import Portal, PortalUnreachable

_FRESH = (
    60.0  # seconds: so long an authority that was taken back may still be believed here, not by the portal
)
_PATIENCE = (
    2.0  # seconds between questions, so that strangers with made-up authorities cost the portal little
)


class Authorities:
    """Which keys may certify people. A certificate also has to be the one that the portal knows."""

    def __init__(self, portal: Portal, clock: Callable[[], float] = time.monotonic) -> None:
        self._portal = portal
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._asked_at = float("-inf")

    async def knows(self, key: asyncssh.SSHKey) -> bool:
        fingerprint = key.get_fingerprint()
        age = self._clock() - self._asked_at
        if age > _FRESH or (fingerprint not in self._known and age > _PATIENCE):
            await self._ask()
        return fingerprint in self._known

    async def _ask(self) -> None:
        """Without an answer, what is known stays: the person is told then that the portal is away."""
        self._asked_at = self._clock()
        try:
            lines = await self._portal.user_authorities()
        except PortalUnreachable:
            return
        self._known = frozenset(asyncssh.import_public_key(line).get_fingerprint() for line in lines)
