"""Recordings of sessions: asciicast v2 in a file, with a running hash, delivered to the portal as they grow.

The file is written first. A portal that is slow or away slows the session down only when much is waiting,
and a gateway that was killed delivers what it had written when it starts again.
"""

import codecs
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

VERSION = 2


class Recording:
    """What was said in one session, and when. Codes are asciicast's: o, i, r, m; ours: f, a file that passed.

    Stderr of a command is recorded as output: asciicast knows one screen.
    """

    def __init__(
        self,
        path: Path,
        header: Mapping[str, Any],
        changed: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`header` names the session, so that two empty recordings never have the same hash."""
        self._file = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self._changed = changed
        self._clock = clock
        self._began = clock()
        self._decoders: dict[tuple[str, str], codecs.IncrementalDecoder] = {}
        self.size = 0
        self._line({"version": VERSION, **header})

    @property
    def sha256(self) -> str:
        """The hash of all that was written so far."""
        return self._hash.hexdigest()

    def event(self, code: str, text: str) -> None:
        self._line([round(self._clock() - self._began, 6), code, text])

    def data(self, code: str, data: bytes, source: str = "") -> None:
        """Record bytes as text; a character may come in pieces, each source apart."""
        decoder = self._decoders.get((code, source))
        if decoder is None:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._decoders[code, source] = decoder
        if text := decoder.decode(data):
            self.event(code, text)

    def resize(self, columns: int, rows: int) -> None:
        self.event("r", f"{columns}x{rows}")

    def close(self) -> None:
        self._file.close()

    def _line(self, value: object) -> None:
        # ASCII only, so that any piece of the file is text by itself.
        line = json.dumps(value, separators=(", ", ": ")).encode() + b"\n"
        self._hash.update(line)
        self._file.write(line)
        self.size += len(line)
        self._changed()


def hash_of(path: Path) -> str:
    """The hash of a recording that somebody else left."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
