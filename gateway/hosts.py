"""Hosts as a session sees them: byte streams to an sshd, over whichever connection leads there."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.wire import Link, ProtocolViolation, Socket, Stream, StreamClosed, number_in, text_in

_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 15.0  # an agent takes ten to give up on a process that cannot be killed
_VERIFY_SECONDS = 30.0


class HostUnavailable(Exception):
    """There is no way to the host, or it refused. The text is for the person."""


class HostSilent(HostUnavailable):
    """The host was asked and did not say whether it did it."""


@dataclass(frozen=True)
class Outcome:
    """How the host's side of a stream ended. `left` is None if the host could not say."""

    why: str
    left: int | None


_LOST = Outcome("lost", None)


class HostStream:
    """One sshd of a host. It was started for this stream, and ends with it."""

    def __init__(self, link: Link, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        self._link = link
        self._stream = stream
        self.number = stream.number
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[Outcome] = loop.create_future()

    async def read(self) -> bytes:
        """What sshd says next; b"" at the end."""
        return await self._stream.read()

    async def write(self, data: bytes) -> None:
        """Raises StreamClosed."""
        await self._stream.write(data)

    async def close(self) -> Outcome:
        """Have everything killed that the stream started, and wait until the host says that it is gone."""
        if not self.ended.done():
            await _told(self._link, op="close", stream=self.number)
        self._stream.close()
        done, _ = await asyncio.wait([self.ended], timeout=_CLOSE_SECONDS)
        return self.ended.result() if done else _LOST

    def settle(self, outcome: Outcome) -> None:
        """Note that the host's side is over."""
        if not self.ended.done():
            self.ended.set_result(outcome)
        if not self.opened.done():
            self.opened.set_exception(HostUnavailable("The connection to the host was lost."))
            self.opened.exception()  # somebody waits for it, or nobody does any more
        self._link.forget(self._stream)


class HostLink:
    """The way to one host: its agent's connection, or another gateway's that has it."""

    def __init__(self, socket: Socket, others: Mapping[str, Callable[[dict[str, Any]], None]]) -> None:
        """`others` are answers to messages that are not about streams."""
        self._link = Link(socket, self._take)
        self._streams: dict[int, HostStream] = {}
        self._verifying: dict[str, asyncio.Future[int]] = {}
        self._closing: asyncio.Task[Outcome] | None = None
        self._answers: dict[str, Callable[[dict[str, Any]], None]] = {
            "opened": self._opened,
            "refused": self._refused,
            "closed": self._closed,
            "verified": self._verified,
            **others,
        }

    async def run(self) -> None:
        """Serve until the connection ends; raises ProtocolViolation."""
        try:
            await self._link.run()
        finally:
            for stream in list(self._streams.values()):
                stream.settle(_LOST)
            self._streams.clear()
            for waiting in self._verifying.values():
                waiting.cancel()

    async def tell(self, **message: Any) -> None:
        await self._link.tell(**message)

    async def close(self, code: int, reason: str) -> None:
        await self._link.close(code, reason)

    async def open(self, token: str) -> HostStream:
        """Have an sshd started for a grant token; raises HostUnavailable."""
        try:
            stream = HostStream(self._link, self._link.open())
            self._streams[stream.number] = stream
            await self._link.tell(op="open", stream=stream.number, token=token)
        except (StreamClosed, ProtocolViolation, OSError) as error:
            raise HostUnavailable("The host cannot be reached now.") from error
        try:
            await asyncio.wait_for(asyncio.shield(stream.opened), _OPEN_SECONDS)
        except TimeoutError as error:
            self._closing = asyncio.create_task(stream.close())  # the person need not wait for that
            raise HostSilent("The host does not answer.") from error
        return stream

    async def verify(self, grant: str) -> int | None:
        """Have what lives of a grant ended; how many processes are left. None if the host cannot say."""
        waiting = self._verifying.setdefault(grant, asyncio.get_running_loop().create_future())
        await _told(self._link, op="verify", grant=grant)
        done, _ = await asyncio.wait([waiting], timeout=_VERIFY_SECONDS)
        if self._verifying.get(grant) is waiting:
            del self._verifying[grant]
        return waiting.result() if done and not waiting.cancelled() else None

    def _take(self, message: dict[str, Any]) -> None:
        answer = self._answers.get(message["op"])
        if answer:
            answer(message)

    def _opened(self, message: dict[str, Any]) -> None:
        stream = self._streams.get(number_in(message))
        if stream and not stream.opened.done():
            stream.opened.set_result(None)

    def _refused(self, message: dict[str, Any]) -> None:
        stream = self._streams.pop(number_in(message), None)
        if stream:
            if not stream.opened.done():
                stream.opened.set_exception(
                    HostUnavailable(f"The host refuses: {text_in(message, 'reason')}")
                )
            stream.settle(Outcome("refused", 0))

    def _closed(self, message: dict[str, Any]) -> None:
        stream = self._streams.pop(number_in(message), None)
        if stream:
            # A gateway between says nothing about what its host did not say.
            left = _count(message) if "left" in message else None
            stream.settle(Outcome(text_in(message, "why"), left))

    def _verified(self, message: dict[str, Any]) -> None:
        waiting = self._verifying.get(text_in(message, "grant"))
        if waiting and not waiting.done():
            waiting.set_result(_count(message))


def _count(message: dict[str, Any]) -> int:
    left = message.get("left")
    if type(left) is not int or left < 0:
        raise ProtocolViolation("A host must say how many processes are left.")
    return left


async def _told(link: Link, **message: Any) -> None:
    try:
        await link.tell(**message)
    except (StreamClosed, OSError):
        return  # then the agent has lost us too, and ends everything by itself
