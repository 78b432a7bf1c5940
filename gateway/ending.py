"""Why sessions end, and whoever runs now."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

_AGAIN = 0.05


class Reason(StrEnum):
    """The first one that comes up counts."""

    FINISHED = "finished"  # the program on the host ended by itself
    LEFT = "left"  # the person hung up
    EXPIRED = "expired"
    REVOKED = "revoked"
    FROZEN = "frozen"
    HOST_LOST = "host lost"
    NOT_RECORDED = "not recorded"
    UNREADABLE = "unreadable"
    GATEWAY_STOPPED = "gateway stopped"
    FAILED = "failed"


TOLD = {
    Reason.EXPIRED: "This access has ended: its time is over.",
    Reason.REVOKED: "This access was revoked.",
    Reason.FROZEN: "The tenant has frozen all access.",
    Reason.HOST_LOST: "The connection to the host was lost.",
    Reason.NOT_RECORDED: "The session ended because it could not be recorded.",
    Reason.UNREADABLE: "The session ended because the file transfer could not be followed.",
    Reason.GATEWAY_STOPPED: "The gateway is being stopped. Please connect again.",
    Reason.FAILED: "The session failed.",
}


class Ending:
    """Waits for the first reason to end."""

    def __init__(self) -> None:
        self._reason: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()

    @property
    def reason(self) -> Reason | None:
        return self._reason.result() if self._reason.done() else None

    def end(self, reason: Reason) -> None:
        if not self._reason.done():
            self._reason.set_result(reason)

    async def wait(self) -> Reason:
        return await asyncio.shield(self._reason)


class Endable(Protocol):
    """A session, or a connection of a person."""

    def end(self, reason: Reason) -> None: ...


class Live:
    """Everything that lives because of a grant."""

    def __init__(self) -> None:
        self._of_grant: defaultdict[str, set[Endable]] = defaultdict(set)

    def add(self, grant: str, one: Endable) -> None:
        self._of_grant[grant].add(one)

    def remove(self, grant: str, one: Endable) -> None:
        self._of_grant[grant].discard(one)
        if not self._of_grant[grant]:
            del self._of_grant[grant]

    def grants(self) -> list[str]:
        return sorted(self._of_grant)

    def end(self, grant: str, reason: Reason) -> None:
        _end(self._of_grant.get(grant, ()), reason)

    async def empty(self, patience: float) -> None:
        """Wait until nothing lives any more, for so many seconds."""
        until = asyncio.get_running_loop().time() + patience
        while self._of_grant and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(_AGAIN)

    def end_all(self, reason: Reason) -> None:
        for ones in list(self._of_grant.values()):
            _end(ones, reason)


def _end(ones: Iterable[Endable], reason: Reason) -> None:
    for one in list(ones):
        one.end(reason)
