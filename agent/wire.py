"""The wire between agent and gateway: one WebSocket with control messages and flow-controlled streams.

Text frames are JSON objects with `op`. Binary frames are four bytes of stream number, big-endian, and
data. docs/access-wire.md describes it; both ends use this module. Python 3.9 is enough for it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Callable, Protocol

from websockets.exceptions import ConnectionClosed

CREDIT = 256 * 1024  # bytes that may be on their way in each direction of a stream
CHUNK = 32 * 1024  # bytes of data in one frame at most, so that streams take turns
MOST_FRAME = 128 * 1024  # bytes; certificates and their chains are a few thousand
MOST_STREAMS = 256  # at once on one connection
_HEADER = 4
_LAST_STREAM = 2**32 - 1


class ProtocolViolation(Exception):
    """The other end said what it must not say; the connection ends."""


class StreamClosed(Exception):
    """The other end, or the connection, is gone."""


class Socket(Protocol):
    """What is used of a WebSocket."""

    async def send(self, message: str | bytes) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...


class Stream:
    """One byte stream of a link. Neither end sends more than the other has room for."""

    def __init__(self, link: Link, number: int) -> None:
        self.number = number
        self._link = link
        self._received: deque[bytes] = deque()
        self._room_here = CREDIT
        self._room_there = CREDIT
        self._consumed = 0
        self._changed = asyncio.Event()
        self.is_closed = False

    async def read(self) -> bytes:
        """What came next; b"" when the stream is closed and everything was read."""
        while not self._received:
            if self.is_closed:
                return b""
            await self._wait()
        data = self._received.popleft()
        await self._make_room(len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send, and wait where the other end has no room; raises StreamClosed."""
        view = memoryview(data)
        while view:
            size = min(len(view), CHUNK, await self._room())
            self._room_there -= size
            await self._link.send_data(self.number, bytes(view[:size]))
            view = view[size:]

    def receive(self, data: bytes) -> None:
        """Take in what the other end sent; raises ProtocolViolation if that is more than was allowed."""
        self._room_here -= len(data)
        if self._room_here < 0:
            raise ProtocolViolation(f"Stream {self.number} sent more than there was room for.")
        self._received.append(data)
        self._changed.set()

    def give_room(self, size: int) -> None:
        """Note that the other end can take more; raises ProtocolViolation if that cannot be."""
        self._room_there += size
        if size <= 0 or self._room_there > CREDIT:
            raise ProtocolViolation(f"Stream {self.number} was given room that it never used.")
        self._changed.set()

    def close(self) -> None:
        """Let readers see the end and writers fail. What was received can still be read."""
        self.is_closed = True
        self._changed.set()

    async def _room(self) -> int:
        while self._room_there <= 0 and not self.is_closed:
            await self._wait()
        if self.is_closed:
            raise StreamClosed("The stream is closed.")
        return self._room_there

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _make_room(self, size: int) -> None:
        self._consumed += size
        if self._consumed < CREDIT // 2 or self.is_closed:
            return
        given, self._consumed = self._consumed, 0
        self._room_here += given
        await self._link.tell(op="window", stream=self.number, credit=given)


class Link:
    """One connection with its streams. `on_message` gets each control message that is not the link's own."""

    def __init__(self, socket: Socket, on_message: Callable[[dict[str, Any]], None]) -> None:
        self._socket = socket
        self._on_message = on_message
        self._streams: dict[int, Stream] = {}
        self._newest = 0
        self.is_closed = False

    async def run(self) -> None:
        """Serve until the connection ends. A violation closes it, and is raised."""
        try:
            async for frame in self._socket:
                self._take(frame)
        except ConnectionClosed:
            pass  # without a farewell; it is over all the same
        except ProtocolViolation as error:
            await self._socket.close(1008, str(error)[:100])
            raise
        finally:
            self.is_closed = True
            for stream in self._streams.values():
                stream.close()
            self._streams.clear()

    def open(self, number: int | None = None) -> Stream:
        """Begin a stream: the next one, or the one that the other end named. Numbers are never used twice."""
        if self.is_closed:
            raise StreamClosed("The connection is closed.")
        number = self._newest + 1 if number is None else number
        if not self._newest < number <= _LAST_STREAM or len(self._streams) >= MOST_STREAMS:
            raise ProtocolViolation(f"Stream {number} cannot begin now.")
        self._newest = number
        self._streams[number] = Stream(self, number)
        return self._streams[number]

    def forget(self, stream: Stream) -> None:
        """End a stream here. What still arrives for it is dropped."""
        stream.close()
        self._streams.pop(stream.number, None)

    async def tell(self, **message: Any) -> None:
        """Send a control message; raises StreamClosed."""
        await self._send(json.dumps(message, separators=(",", ":")))

    async def send_data(self, number: int, data: bytes) -> None:
        await self._send(number.to_bytes(_HEADER, "big") + data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._socket.close(code, reason)

    async def _send(self, frame: str | bytes) -> None:
        if self.is_closed:
            raise StreamClosed("The connection is closed.")
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise StreamClosed("The connection is closed.") from error

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self._take_data(frame)
            return
        message = read_message(frame)
        if message["op"] == "window":
            self._take_window(message)
        else:
            self._on_message(message)

    def _take_data(self, frame: bytes) -> None:
        number = int.from_bytes(frame[:_HEADER], "big")
        if len(frame) <= _HEADER or len(frame) > _HEADER + CHUNK or number > self._newest:
            raise ProtocolViolation("There was a frame of data that belongs to no stream.")
        # What crosses our closing on the way is no violation: numbers are not used twice.
        if stream := self._streams.get(number):
            stream.receive(frame[_HEADER:])

    def _take_window(self, message: dict[str, Any]) -> None:
        stream = self._streams.get(number_in(message))
        credit = message.get("credit")
        if type(credit) is not int:
            raise ProtocolViolation("A window needs a number of bytes.")
        if stream:
            stream.give_room(credit)


def number_in(message: dict[str, Any]) -> int:
    """The stream that a message is about; raises ProtocolViolation."""
    number = message.get("stream")
    if type(number) is not int or not 0 < number <= _LAST_STREAM:
        raise ProtocolViolation("A message names no stream.")
    return number


def text_in(message: dict[str, Any], name: str) -> str:
    """A text of a message; raises ProtocolViolation."""
    value = message.get(name)
    if not isinstance(value, str):
        raise ProtocolViolation(f"A message lacks {name}.")
    return value


def read_message(frame: str | bytes) -> dict[str, Any]:
    """A control message; raises ProtocolViolation."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise ProtocolViolation("There was a message that is not JSON.") from error
    if not isinstance(message, dict) or not isinstance(message.get("op"), str):
        raise ProtocolViolation("There was a message without an operation.")
    return message
