"""Recordings on their way to the portal: each in a file until the portal has it and knows how it ended."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.portal import Closing, Portal, PortalUnreachable, Refused
from gateway.recording import Recording, hash_of

CHUNK = 128 * 1024  # bytes in one piece
MOST_BEHIND = 64 * 1024 * 1024  # bytes that may wait for the portal before the session does
_PAUSE = 0.2  # seconds that small pieces are gathered for
_FIRST_RETRY = 0.5
_LAST_RETRY = 10.0
_log = logging.getLogger(__name__)


class RecordingLost(Exception):
    """The portal does not take this recording: what cannot be recorded does not pass."""


class Spool:
    """The folder of recordings that the portal does not have yet."""

    def __init__(self, folder: Path, portal: Portal) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._portal = portal
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, session: str, header: Mapping[str, Any]) -> "Recorder":
        """Begin the recording of a session."""
        delivery = Delivery(self._folder / f"{session}.cast", self._portal)
        recording = Recording(delivery.path, header, delivery.changed.set)
        self._start(delivery)
        return Recorder(recording, delivery)

    def resume(self) -> int:
        """Deliver what a gateway before this one left; how many recordings that are."""
        paths = sorted(self._folder.glob("*.cast"))
        for path in paths:
            delivery = Delivery(path, self._portal)
            delivery.closing = _closing_of(path)
            self._start(delivery)
        return len(paths)

    async def drain(self, patience: float) -> None:
        """Wait for what is on its way, for so many seconds. The rest is delivered after the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        for task in self._tasks:
            task.cancel()

    def _start(self, delivery: "Delivery") -> None:
        task = asyncio.create_task(delivery.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Recorder:
    """A recording that grows, and is on its way meanwhile."""

    def __init__(self, recording: Recording, delivery: "Delivery") -> None:
        self.recording = recording
        self._delivery = delivery

    async def room(self) -> None:
        """Wait while too much is undelivered; raises RecordingLost."""
        await self._delivery.until_sent(self.recording.size - MOST_BEHIND)

    def close(self, reason: str, left: int | None) -> None:
        """End the recording. How the session ended is on disk before this returns."""
        self.recording.close()
        written = self.recording
        self._delivery.close(Closing(reason=reason, sha256=written.sha256, size=written.size, left=left))


class Delivery:
    """One recording on its way."""

    def __init__(self, path: Path, portal: Portal) -> None:
        self.path = path
        self.closing: Closing | None = None
        self.changed = asyncio.Event()
        self._portal = portal
        self._sent = 0
        self._is_lost = False
        self._moved = asyncio.Event()

    async def until_sent(self, size: int) -> None:
        """Wait until the portal has so many bytes; raises RecordingLost."""
        while self._sent < size and not self._is_lost:
            self._moved.clear()
            await self._moved.wait()
        if self._is_lost:
            raise RecordingLost("The portal does not take the recording.")

    def close(self, closing: Closing) -> None:
        self.closing = closing
        _end_of(self.path).write_text(json.dumps(asdict(closing)))
        self.changed.set()

    async def run(self) -> None:
        """Deliver until the portal has everything."""
        retry = _FIRST_RETRY
        while True:
            try:
                await self._deliver()
                return
            except PortalUnreachable as error:
                _log.warning("The recording %s waits: %s", self.path.stem, error)
            except Refused as error:
                self._lose(error)
                return
            await asyncio.sleep(retry)
            retry = min(_LAST_RETRY, retry * 2)

    async def _deliver(self) -> None:
        while True:
            self.changed.clear()
            await self._send_all()
            if self.closing and self._sent >= self.closing.size:
                break
            await self.changed.wait()
            await asyncio.sleep(0 if self.closing else _PAUSE)
        await self._portal.closed(self.path.stem, self.closing)
        self.path.unlink()
        _end_of(self.path).unlink(missing_ok=True)

    async def _send_all(self) -> None:
        with self.path.open("rb") as file:
            file.seek(self._sent)
            while piece := file.read(CHUNK):
                await self._portal.chunk(self.path.stem, self._sent, piece.decode("ascii"))
                self._sent += len(piece)
                self._moved.set()

    def _lose(self, error: Refused) -> None:
        """The file stays, under a name that is not tried again."""
        _log.error("The portal does not take the recording %s: %s", self.path.stem, error)
        self.path.rename(self.path.with_suffix(".refused"))
        self._is_lost = True
        self._moved.set()


def _end_of(path: Path) -> Path:
    return path.with_suffix(".end")


def _closing_of(path: Path) -> Closing:
    """How a session ended that another gateway process had; one that was killed could not say."""
    try:
        return Closing(**json.loads(_end_of(path).read_text()))
    except (OSError, ValueError, TypeError):
        return Closing(reason="gateway lost", sha256=hash_of(path), size=path.stat().st_size, left=None)
