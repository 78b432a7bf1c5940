"""Follows the old protocol of scp (rcp's) as it passes: whoever sends names each file before its bytes."""

import re
from collections.abc import Callable

from gateway.files import Content, FileEvent, UnreadableTraffic

_COMMAND = re.compile(r"scp(?: -[a-zA-Z]+)* -(?P<way>[tf])(?: --)? (?P<path>[^\s;&|<>$`()\\\n\"']+)")
_FILE = re.compile(rb"C[0-7]{4} (?P<size>[0-9]{1,18}) (?P<name>[^/\n]+)")
_FOLDER = re.compile(rb"D[0-7]{4} 0 (?P<name>[^/\n]+)")
_MOST_LINE = 8192


class ScpWatch:
    """Follows one scp. `sends` says whether the person does; the other side only says yes or no."""

    def __init__(self, path: str, *, sends: bool) -> None:
        self._sends = sends
        self._folders = [path]
        self._rest = bytearray()
        self._name = ""
        self._content: Content | None = None
        self._missing = 0
        self._take: Callable[[], list[FileEvent] | None] = self._take_line

    @classmethod
    def of_command(cls, command: str) -> "ScpWatch | None":
        """One for a command that is scp and nothing else, as scp itself writes it."""
        found = _COMMAND.fullmatch(command)
        return cls(found["path"], sends=found["way"] == "t") if found else None

    def from_person(self, data: bytes) -> list[FileEvent]:
        return self._follow(data) if self._sends else []

    def from_host(self, data: bytes) -> list[FileEvent]:
        return [] if self._sends else self._follow(data)

    def at_end(self) -> list[FileEvent]:
        return [self._event(None)] if self._content else []

    def _follow(self, data: bytes) -> list[FileEvent]:
        self._rest += data
        events: list[FileEvent] = []
        while self._rest:
            taken = self._take()
            if taken is None:
                break
            events += taken
        return events

    def _take_line(self) -> list[FileEvent] | None:
        """A line that announces; a zero byte alone ends a file or says that all is well."""
        if self._rest[0] == 0:
            del self._rest[0]
            return []
        line, newline, _ = self._rest.partition(b"\n")
        if len(line) > _MOST_LINE:
            raise UnreadableTraffic("scp says a line that never ends.")
        if not newline:
            return None
        del self._rest[: len(line) + 1]
        self._announce(bytes(line))
        return []

    def _announce(self, line: bytes) -> None:
        if found := _FILE.fullmatch(line):
            self._name = found["name"].decode(errors="replace")
            self._missing = int(found["size"])
            self._content = Content()
            self._take = self._take_bytes
        elif found := _FOLDER.fullmatch(line):
            self._folders.append(found["name"].decode(errors="replace"))
        elif line == b"E":
            if len(self._folders) > 1:
                self._folders.pop()
        elif line[:1] not in (b"T", b"\x01", b"\x02"):
            raise UnreadableTraffic("This is not what scp says.")

    def _take_bytes(self) -> list[FileEvent]:
        assert self._content is not None  # noqa: S101 -- _announce made it
        data = bytes(self._rest[: self._missing])
        del self._rest[: len(data)]
        self._content.add(data, self._content.size)
        self._missing -= len(data)
        if self._missing:
            return []
        event = self._event(self._content.sha256)
        self._content = None
        self._take = self._take_line
        return [event]

    def _event(self, sha256: str | None) -> FileEvent:
        size = self._content.size if self._content else 0
        path = "/".join([*self._folders, self._name])
        return FileEvent(action="upload" if self._sends else "download", path=path, size=size, sha256=sha256)
