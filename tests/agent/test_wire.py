import asyncio
import json

import pytest

from agent.wire import CHUNK, CREDIT, MOST_STREAMS, Link, ProtocolViolation, StreamClosed


class Wire:
    """One end of a connection: what is sent to the other is taken in there."""

    def __init__(self):
        self.inbox = asyncio.Queue()
        self.other = None
        self.closed_with = None
        self.sent = []

    async def send(self, message):
        self.sent.append(message)
        await self.other.inbox.put(message)

    async def close(self, code=1000, reason=""):
        self.closed_with = (code, reason)
        await self.inbox.put(None)
        await self.other.inbox.put(None)

    async def __aiter__(self):
        while (message := await self.inbox.get()) is not None:
            yield message


class Ends:
    """Two links that face each other, serving."""

    async def __aenter__(self):
        self.wires = (Wire(), Wire())
        self.wires[0].other, self.wires[1].other = self.wires[1], self.wires[0]
        self.heard = []
        self.near = Link(self.wires[0], lambda message: None)
        self.far = Link(self.wires[1], self.heard.append)
        self.running = [asyncio.create_task(end.run()) for end in (self.near, self.far)]
        return self

    async def __aexit__(self, *error):
        await self.wires[0].close()
        self.ended = await asyncio.gather(*self.running, return_exceptions=True)


def test_what_is_written_is_read_in_order_and_whole():
    async def scene():
        async with Ends() as ends:
            near, far = ends.near.open(), ends.far.open(1)
            data = bytes(range(256)) * 8192
            writing = asyncio.create_task(near.write(data))
            got = b""
            while len(got) < len(data):
                got += await far.read()
            await writing
            assert got == data

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_a_writer_waits_for_a_reader_who_is_slow():
    async def scene():
        async with Ends() as ends:
            near, far = ends.near.open(), ends.far.open(1)
            writing = asyncio.create_task(near.write(bytes(2 * CREDIT)))
            await _settle()
            sent = sum(len(one) - 4 for one in ends.wires[0].sent if isinstance(one, bytes))
            assert (sent, writing.done()) == (CREDIT, False)

            while not writing.done():
                await asyncio.wait_for(far.read(), 5)
                await _settle()

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_one_slow_stream_does_not_hold_up_another():
    async def scene():
        async with Ends() as ends:
            slow, quick = ends.near.open(), ends.near.open()
            ends.far.open(1)
            reader = ends.far.open(2)
            stuck = asyncio.create_task(slow.write(bytes(2 * CREDIT)))
            await quick.write(b"hello")
            assert await reader.read() == b"hello"
            stuck.cancel()

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_the_end_of_the_connection_ends_readers_and_writers():
    async def scene():
        async with Ends() as ends:
            near, far = ends.near.open(), ends.far.open(1)
            writing = asyncio.create_task(near.write(bytes(2 * CREDIT)))
            await _settle()
            await ends.wires[1].close()
            with pytest.raises(StreamClosed):
                await writing
            while await far.read():
                pass
            with pytest.raises(StreamClosed):
                await ends.near.tell(op="hello")
            with pytest.raises(StreamClosed):
                ends.near.open()

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_messages_that_are_not_the_links_own_are_passed_on():
    async def scene():
        async with Ends() as ends:
            await ends.near.tell(op="hello", facts={"a": 1})
            await _settle()
            assert ends.heard == [{"op": "hello", "facts": {"a": 1}}]

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_what_crosses_the_closing_of_a_stream_is_dropped():
    async def scene():
        async with Ends() as ends:
            near, far = ends.near.open(), ends.far.open(1)
            ends.far.forget(far)
            await near.write(b"late")
            await ends.wires[0].send(json.dumps({"op": "window", "stream": 1, "credit": 5}))
            await _settle()
            assert not ends.running[1].done()

    asyncio.run(asyncio.wait_for(scene(), 20))


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "{}",
        "[1]",
        '{"op": 1}',
        '{"op": "window", "stream": 1}',
        '{"op": "window", "stream": 1, "credit": 0}',
        '{"op": "window", "stream": 1, "credit": -5}',
        '{"op": "window", "stream": 1, "credit": 1}',
        '{"op": "window", "stream": 1, "credit": true}',
        '{"op": "window", "stream": -1, "credit": 1}',
        '{"op": "window", "stream": true, "credit": 1}',
        b"",
        b"\0\0\0",
        b"\0\0\0\1",
        b"\0\0\0\2hello",
        b"\0\0\0\1" + bytes(CHUNK + 1),
    ],
    ids=range(16),
)
def test_a_violation_ends_the_connection(frame):
    async def scene():
        async with Ends() as ends:
            ends.far.open(1)
            await ends.wires[0].send(frame)
            with pytest.raises(ProtocolViolation):
                await ends.running[1]
            assert ends.wires[1].closed_with[0] == 1008

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_more_than_there_is_room_for_is_a_violation():
    async def scene():
        async with Ends() as ends:
            ends.far.open(1)
            for _ in range(CREDIT // CHUNK + 1):
                await ends.wires[0].send(b"\0\0\0\1" + bytes(CHUNK))
            with pytest.raises(ProtocolViolation):
                await ends.running[1]

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_a_number_is_never_used_twice():
    async def scene():
        async with Ends() as ends:
            ends.far.forget(ends.far.open(3))
            for number in (0, 2, 3, 2**32):
                with pytest.raises(ProtocolViolation):
                    ends.far.open(number)
            assert ends.far.open(4).number == 4

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_streams_are_not_opened_without_end():
    async def scene():
        async with Ends() as ends:
            for _ in range(MOST_STREAMS):
                ends.near.open()
            with pytest.raises(ProtocolViolation):
                ends.near.open()

    asyncio.run(asyncio.wait_for(scene(), 20))


async def _settle():
    for _ in range(200):
        await asyncio.sleep(0)
