"""Follows SFTP as it passes (draft-ietf-secsh-filexfer-02, as OpenSSH speaks it): what became of files."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.files import Content, FileEvent, UnreadableTraffic

MOST_PACKET = 512 * 1024  # bytes; OpenSSH takes 256 KiB
_MOST_PENDING = 4096
_LENGTH = 4
INIT, VERSION, OPEN, CLOSE, READ, WRITE = 1, 2, 3, 4, 5, 6
SETSTAT, FSETSTAT, OPENDIR = 9, 10, 11
REMOVE, MKDIR, RMDIR, RENAME, SYMLINK, EXTENDED = 13, 14, 15, 18, 20, 200
STATUS, HANDLE, DATA = 101, 102, 103
_OK = 0
_ONE_PATH = {SETSTAT: "change attributes of", REMOVE: "remove", MKDIR: "make folder", RMDIR: "remove folder"}
_TWO_PATHS = {RENAME: "rename", SYMLINK: "link"}
_EXTENSIONS = {
    "posix-rename@openssh.com": "rename",
    "hardlink@openssh.com": "link",
    "lsetstat@openssh.com": "change attributes of",
}
_HARMLESS = frozenset({"statvfs@openssh.com", "fstatvfs@openssh.com", "fsync@openssh.com"}) | frozenset(
    {"limits@openssh.com", "expand-path@openssh.com", "home-directory", "users-groups-by-id@openssh.com"}
)


class _Fields:
    """Reads the fields of a packet."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._at = 0

    def number(self, form: str) -> int:
        size = struct.calcsize(form)
        if size > len(self._packet) - self._at:
            raise UnreadableTraffic("A packet of SFTP is shorter than it says.")
        value: int = struct.unpack_from(form, self._packet, self._at)[0]
        self._at += size
        return value

    def uint32(self) -> int:
        return self.number(">I")

    def uint64(self) -> int:
        return self.number(">Q")

    def string(self) -> bytes:
        size = self.uint32()
        if size > len(self._packet) - self._at:
            raise UnreadableTraffic("A packet of SFTP is shorter than it says.")
        self._at += size
        return self._packet[self._at - size : self._at]

    def text(self) -> str:
        return self.string().decode(errors="replace")


class _Packets:
    """Puts packets together."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def split(self, data: bytes) -> Iterator[bytes]:
        self._rest += data
        while len(self._rest) >= _LENGTH:
            size = int.from_bytes(self._rest[:_LENGTH], "big")
            if not 0 < size <= MOST_PACKET:
                raise UnreadableTraffic("A packet of SFTP has no length that could be.")
            if len(self._rest) < _LENGTH + size:
                return
            packet = bytes(self._rest[_LENGTH : _LENGTH + size])
            del self._rest[: _LENGTH + size]
            yield packet


@dataclass
class _File:
    """One that is open on the host."""

    path: str
    read: Content = field(default_factory=Content)
    written: Content = field(default_factory=Content)

    def events(self) -> list[FileEvent]:
        both = (("download", self.read), ("upload", self.written))
        return [
            FileEvent(action=action, path=self.path, size=content.size, sha256=content.sha256)
            for action, content in both
            if content.size
        ] or [FileEvent(action="open", path=self.path)]


type _Answer = Callable[[int, _Fields], list[FileEvent]]


class SftpWatch:
    """Follows one session. Whatever changes or shows a file is told, once the host said that it is done."""

    def __init__(self) -> None:
        self._person = _Packets()
        self._host = _Packets()
        self._pending: dict[int, _Answer] = {}
        self._open: dict[bytes, _File] = {}
        self._expectations: dict[int, Callable[[_Fields], _Answer]] = {
            OPEN: lambda packet: self._when_opened(packet.text()),
            CLOSE: lambda packet: self._when_closed(packet.string()),
            READ: lambda packet: self._when_read(packet.string(), packet.uint64()),
            WRITE: lambda packet: self._when_written(packet.string(), packet.uint64(), packet.string()),
            EXTENDED: lambda packet: self._when_extended(packet.text(), packet),
        }

    def from_person(self, data: bytes) -> list[FileEvent]:
        for packet in self._person.split(data):
            self._request(_Fields(packet))
        return []

    def from_host(self, data: bytes) -> list[FileEvent]:
        events: list[FileEvent] = []
        for packet in self._host.split(data):
            events += self._response(_Fields(packet))
        return events

    def at_end(self) -> list[FileEvent]:
        left, self._open = self._open, {}
        return [event for file in left.values() for event in file.events()]

    def _request(self, packet: _Fields) -> None:
        kind = packet.number(">B")
        if kind == INIT:
            return
        request = packet.uint32()
        if request in self._pending or len(self._pending) >= _MOST_PENDING:
            raise UnreadableTraffic("A request of SFTP has a number that is taken.")
        self._pending[request] = self._expect(kind, packet)

    def _expect(self, kind: int, packet: _Fields) -> _Answer:
        """What to make of the answer to a request."""
        if kind in _ONE_PATH:
            return _when_done(FileEvent(action=_ONE_PATH[kind], path=packet.text()))
        if kind in _TWO_PATHS:
            return _when_done(FileEvent(action=_TWO_PATHS[kind], path=packet.text(), to=packet.text()))
        expect = self._expectations.get(kind)
        return expect(packet) if expect else _nothing

    def _response(self, packet: _Fields) -> list[FileEvent]:
        kind = packet.number(">B")
        if kind == VERSION:
            return []
        answer = self._pending.pop(packet.uint32(), None)
        if answer is None:
            raise UnreadableTraffic("The host answers what nobody asked.")
        return answer(kind, packet)

    def _when_opened(self, path: str) -> _Answer:
        def opened(kind: int, packet: _Fields) -> list[FileEvent]:
            if kind == HANDLE:
                self._open[packet.string()] = _File(path)
            return []

        return opened

    def _when_closed(self, handle: bytes) -> _Answer:
        def closed(kind: int, packet: _Fields) -> list[FileEvent]:
            file = self._open.pop(handle, None)
            return file.events() if file else []

        return closed

    def _when_read(self, handle: bytes, offset: int) -> _Answer:
        def read(kind: int, packet: _Fields) -> list[FileEvent]:
            file = self._open.get(handle)
            if file and kind == DATA:
                file.read.add(packet.string(), offset)
            return []

        return read

    def _when_written(self, handle: bytes, offset: int, data: bytes) -> _Answer:
        file = self._open.get(handle)
        if file:
            file.written.add(data, offset)

        def written(kind: int, packet: _Fields) -> list[FileEvent]:
            if file and packet.uint32() != _OK:
                file.written.spoil()
            return []

        return written

    def _when_extended(self, name: str, packet: _Fields) -> _Answer:
        action = _EXTENSIONS.get(name)
        if name in _HARMLESS:
            return _nothing
        if action is None:
            return _when_done(FileEvent(action="extension", path=name))
        is_pair = action != _ONE_PATH[SETSTAT]
        path = packet.text()
        return _when_done(FileEvent(action=action, path=path, to=packet.text() if is_pair else None))


def _when_done(event: FileEvent) -> _Answer:
    def done(kind: int, packet: _Fields) -> list[FileEvent]:
        return [event] if kind == STATUS and packet.uint32() == _OK else []

    return done


def _nothing(kind: int, packet: _Fields) -> list[FileEvent]:
    return []
