import asyncio
import hashlib
import json

import pytest

from gateway import spool
from gateway.portal import PortalUnreachable, Refused
from gateway.recording import Recording, hash_of
from gateway.spool import RecordingLost, Spool


class Portal:
    """Takes recordings, unless told not to."""

    def __init__(self):
        self.text = {}
        self.closings = {}
        self.problem = None

    async def chunk(self, session, offset, text):
        if self.problem:
            raise self.problem
        self.text[session] = self.text.get(session, "")[:offset] + text

    async def closed(self, session, closing):
        if self.problem:
            raise self.problem
        self.closings[session] = closing


@pytest.fixture
def portal():
    return Portal()


@pytest.fixture
def recording(tmp_path):
    times = iter([0, 0.5, 1.25, 2, 3, 4, 5])
    made = Recording(tmp_path / "one.cast", {"width": 80, "session": "one"}, clock=lambda: next(times))
    yield made
    made.close()


def test_a_recording_is_asciicast_that_players_know(recording, tmp_path):
    recording.data("o", b"hello\r\n")
    recording.resize(100, 40)
    recording.close()

    assert [json.loads(line) for line in (tmp_path / "one.cast").read_text().splitlines()] == [
        {"version": 2, "width": 80, "session": "one"},
        [0.5, "o", "hello\r\n"],
        [1.25, "r", "100x40"],
    ]


def test_the_hash_is_of_the_file(recording, tmp_path):
    recording.data("o", b"hello")
    recording.close()

    content = (tmp_path / "one.cast").read_bytes()
    assert recording.sha256 == hashlib.sha256(content).hexdigest() == hash_of(tmp_path / "one.cast")
    assert recording.size == len(content)


def test_a_character_that_comes_in_pieces_is_one(recording, tmp_path):
    euro = "€".encode()
    recording.data("o", euro[:1], "out")
    recording.data("o", b"x", "err")
    recording.data("o", euro[1:], "out")

    lines = [json.loads(line) for line in (tmp_path / "one.cast").read_text().splitlines()][1:]
    assert [line[2] for line in lines] == ["x", "€"]


def test_bytes_that_are_no_text_do_not_stop_a_recording(recording, tmp_path):
    recording.data("o", b"\xff\x00\x1b")

    assert json.loads((tmp_path / "one.cast").read_text().splitlines()[1])[2] == "\ufffd\x00\x1b"


def test_a_recording_never_replaces_another(recording, tmp_path):
    with pytest.raises(FileExistsError):
        Recording(tmp_path / "one.cast", {})


def test_a_recording_reaches_the_portal_while_it_grows_and_is_then_forgotten_here(portal, tmp_path):
    async def scene():
        recorder = Spool(tmp_path / "spool", portal).begin("one", {"session": "one"})
        recorder.recording.data("o", b"hello")
        await _eventually(lambda: "hello" in portal.text.get("one", ""))
        recorder.close("finished", 0)
        await _eventually(lambda: portal.closings)
        return recorder.recording

    recording = asyncio.run(scene())
    closing = portal.closings["one"]
    assert (closing.reason, closing.left, closing.size) == ("finished", 0, len(portal.text["one"]))
    assert closing.sha256 == recording.sha256 == hashlib.sha256(portal.text["one"].encode()).hexdigest()
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_recording_waits_for_a_portal_that_is_away(portal, tmp_path):
    async def scene():
        portal.problem = PortalUnreachable("away")
        recorder = Spool(tmp_path / "spool", portal).begin("one", {})
        recorder.recording.data("o", b"hello")
        await recorder.room()
        recorder.close("finished", 0)
        await asyncio.sleep(0.05)
        assert (tmp_path / "spool" / "one.cast").exists()
        portal.problem = None
        await _eventually(lambda: portal.closings)

    asyncio.run(scene())
    assert "hello" in portal.text["one"]


def test_a_recording_that_the_portal_does_not_take_ends_the_session_and_stays_here(portal, tmp_path):
    async def scene():
        portal.problem = Refused("no such session")
        recorder = Spool(tmp_path / "spool", portal).begin("one", {})
        recorder.recording.data("o", b"hello")
        await _eventually((tmp_path / "spool" / "one.refused").exists)
        with pytest.raises(RecordingLost):
            await recorder.room()
        recorder.close("not recorded", 0)

    asyncio.run(scene())


def test_a_session_waits_when_too_much_is_undelivered(portal, tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "MOST_BEHIND", 100_000)

    async def scene():
        portal.problem = PortalUnreachable("away")
        recorder = Spool(tmp_path / "spool", portal).begin("one", {})
        while recorder.recording.size <= 100_000:
            recorder.recording.event("o", "x" * 10_000)
        waiting = asyncio.create_task(recorder.room())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        portal.problem = None
        await asyncio.wait_for(waiting, 20)
        recorder.close("finished", 0)

    asyncio.run(scene())


def test_what_a_gateway_left_is_delivered_by_the_next_with_how_it_ended(portal, tmp_path):
    async def left_behind():
        portal.problem = PortalUnreachable("away")
        folder = Spool(tmp_path / "spool", portal)
        for session in ("ended", "cut"):
            left = folder.begin(session, {"session": session}).recording
            left.data("o", b"hello")
            left.close()
        ended = folder.begin("said", {})
        ended.close("revoked", 0)
        await folder.drain(0.05)

    async def next_start():
        portal.problem = None
        assert Spool(tmp_path / "spool", portal).resume() == 3
        await _eventually(lambda: len(portal.closings) == 3)

    asyncio.run(left_behind())
    asyncio.run(next_start())

    assert (portal.closings["said"].reason, portal.closings["said"].left) == ("revoked", 0)
    assert (portal.closings["cut"].reason, portal.closings["cut"].left) == ("gateway lost", None)
    assert portal.closings["cut"].sha256 == hashlib.sha256(portal.text["cut"].encode()).hexdigest()


async def _eventually(claim):
    async with asyncio.timeout(20):
        while not claim():
            await asyncio.sleep(0.01)
