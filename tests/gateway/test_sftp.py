"""What is said about files. Real clients are in test_sessions; here is what they would never do."""

import hashlib
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.files import UnreadableTraffic
from gateway.sftp import (
    CLOSE,
    DATA,
    EXTENDED,
    HANDLE,
    MOST_PACKET,
    OPEN,
    READ,
    REMOVE,
    RENAME,
    STATUS,
    WRITE,
    SftpWatch,
)

HANDLES = b"h"


class Talk:
    """Both sides of a conversation."""

    def __init__(self):
        self.watch = SftpWatch()
        self.number = 0
        self.events = []

    def ask(self, kind, *parts):
        self.number += 1
        self.watch.from_person(_packet(kind, pack(">I", self.number), *parts))
        return self.number

    def answer(self, number, kind, *parts):
        self.events += self.watch.from_host(_packet(kind, pack(">I", number), *parts))

    def status(self, number, code=0):
        self.answer(number, STATUS, pack(">I", code), _text(b""), _text(b""))

    def opened(self, path=b"/etc/x"):
        self.answer(self.ask(OPEN, _text(path), pack(">II", 2, 0)), HANDLE, _text(HANDLES))

    def write(self, data, offset, code=0):
        self.status(self.ask(WRITE, _text(HANDLES), pack(">Q", offset), _text(data)), code)

    def closed(self):
        self.status(self.ask(CLOSE, _text(HANDLES)))

    def told(self):
        return [event.as_record() for event in self.events]


@pytest.fixture
def talk():
    return Talk()


def test_an_upload_has_its_name_size_and_hash(talk):
    talk.opened()
    talk.write(b"hello ", 0)
    talk.write(b"world", 6)
    talk.closed()

    digest = hashlib.sha256(b"hello world").hexdigest()
    assert talk.told() == [{"action": "upload", "path": "/etc/x", "size": 11, "sha256": digest}]


@pytest.mark.parametrize(
    "writes",
    [[(b"world", 6), (b"hello ", 0)], [(b"hello", 0), (b"x", 9)], [(b"hello", 0), (b"X", 0)]],
    ids=["in another order", "with a gap", "over what was there"],
)
def test_an_upload_that_is_not_in_order_has_no_hash_that_would_be_wrong(talk, writes):
    talk.opened()
    for data, offset in writes:
        talk.write(data, offset)
    talk.closed()

    assert "sha256" not in talk.told()[0]


def test_an_upload_that_failed_in_part_has_no_hash(talk):
    talk.opened()
    talk.write(b"hello", 0)
    talk.write(b"world", 5, code=4)
    talk.closed()

    assert "sha256" not in talk.told()[0]


def test_a_download_has_its_name_size_and_hash(talk):
    talk.opened()
    for offset, data in ((0, b"hel"), (3, b"lo")):
        talk.answer(talk.ask(READ, _text(HANDLES), pack(">QI", offset, 3)), DATA, _text(data))
    talk.status(talk.ask(READ, _text(HANDLES), pack(">QI", 5, 3)), 1)
    talk.closed()

    digest = hashlib.sha256(b"hello").hexdigest()
    assert talk.told() == [{"action": "download", "path": "/etc/x", "size": 5, "sha256": digest}]


def test_what_is_still_open_at_the_end_is_told(talk):
    talk.opened()
    talk.write(b"hello", 0)

    assert [event.as_record()["size"] for event in talk.watch.at_end()] == [5]


def test_what_the_host_refused_did_not_happen(talk):
    talk.status(talk.ask(REMOVE, _text(b"/etc/x")), 3)
    talk.status(talk.ask(OPEN, _text(b"/etc/x"), pack(">II", 2, 0)), 3)

    assert talk.told() == []


def test_removing_and_renaming_in_every_way_is_told(talk):
    talk.status(talk.ask(REMOVE, _text(b"/a")))
    talk.status(talk.ask(RENAME, _text(b"/a"), _text(b"/b")))
    talk.status(talk.ask(EXTENDED, _text(b"posix-rename@openssh.com"), _text(b"/b"), _text(b"/c")))
    talk.status(talk.ask(EXTENDED, _text(b"copy-data"), bytes(28)))

    assert talk.told() == [
        {"action": "remove", "path": "/a"},
        {"action": "rename", "path": "/a", "to": "/b"},
        {"action": "rename", "path": "/b", "to": "/c"},
        {"action": "extension", "path": "copy-data"},
    ]


@given(some.lists(some.integers(1, 40), min_size=1, max_size=60))
def test_how_the_bytes_are_cut_makes_no_difference(cuts):
    talk = Talk()
    talk.opened()
    said = _packet(WRITE, pack(">I", 9), _text(HANDLES), pack(">Q", 0), _text(b"hello" * 40))
    for size in cuts:
        talk.watch.from_person(said[:size])
        said = said[size:]
    talk.watch.from_person(said)
    talk.status(9)
    talk.closed()

    assert talk.told()[0]["sha256"] == hashlib.sha256(b"hello" * 40).hexdigest()


@pytest.mark.parametrize(
    "said",
    [
        pack(">I", 0),
        pack(">I", MOST_PACKET + 1),
        pack(">IB", 1, OPEN),
        pack(">IBI", 9, OPEN, 1) + pack(">I", 100),
        pack(">IBI", 5, CLOSE, 1),
    ],
    ids=["no length", "too long", "no number", "text that is too long", "no handle"],
)
def test_what_cannot_be_read_does_not_pass(said):
    with pytest.raises(UnreadableTraffic):
        SftpWatch().from_person(said)


def test_a_number_that_is_taken_does_not_pass(talk):
    talk.ask(REMOVE, _text(b"/a"))

    with pytest.raises(UnreadableTraffic):
        talk.watch.from_person(_packet(REMOVE, pack(">I", 1), _text(b"/b")))


def test_an_answer_that_nobody_asked_for_does_not_pass(talk):
    with pytest.raises(UnreadableTraffic):
        talk.status(7)


def test_questions_without_end_do_not_pass(talk):
    for _ in range(4096):
        talk.ask(REMOVE, _text(b"/a"))

    with pytest.raises(UnreadableTraffic):
        talk.ask(REMOVE, _text(b"/a"))


@given(some.binary(max_size=400), some.binary(max_size=400))
def test_whatever_is_said_is_followed_or_refused(person, host):
    watch = SftpWatch()
    try:
        watch.from_person(person)
        watch.from_host(host)
    except UnreadableTraffic:
        return


@given(some.integers(0, 255), some.binary(max_size=60), some.integers(0, 255), some.binary(max_size=60))
def test_whatever_packets_are_exchanged_are_followed_or_refused(kind, said, answer, told):
    watch = SftpWatch()
    try:
        watch.from_person(_packet(kind, pack(">I", 1), said))
        watch.from_host(_packet(answer, pack(">I", 1), told))
    except UnreadableTraffic:
        return


def _packet(kind, *parts):
    body = bytes([kind]) + b"".join(parts)
    return pack(">I", len(body)) + body


def _text(value):
    return pack(">I", len(value)) + value
