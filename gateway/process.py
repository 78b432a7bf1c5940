"""A person's channel. asyncssh would serve SFTP by itself; here it is the host's, like everything else."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncssh

_SFTP = "sftp"
_SFTP_VERSION = 3


class PersonProcess(asyncssh.SSHServerProcess[bytes]):
    """A shell, a command or SFTP, as the person asked for it."""

    def __init__(self, serve: Callable[["PersonProcess"], Coroutine[Any, Any, None]]) -> None:
        super().__init__(lambda process: None, None, _SFTP_VERSION, False)
        self._serve = serve
        self._task: asyncio.Task[None] | None = None
        self._hang_up: Callable[[], None] = _nobody
        self._is_gone = False

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == _SFTP

    def session_started(self) -> None:
        reader, writer = asyncssh.SSHReader, asyncssh.SSHWriter
        channel = self.channel
        stderr = asyncssh.EXTENDED_DATA_STDERR
        self._start_process(reader(self, channel), writer(self, channel), writer(self, channel, stderr))
        self._task = asyncio.create_task(self._serve(self))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._is_gone = True
        self._hang_up()

    def on_hang_up(self, told: Callable[[], None]) -> None:
        """Have it told that the person is gone, be it that they are already."""
        self._hang_up = told
        if self._is_gone:
            told()

    def say(self, text: str) -> None:
        """A line of the gateway's own to the person, apart from what the host says."""
        if not self._is_gone:
            self.stderr.write(f"{text}\r\n".encode())

    def exit(self, status: int) -> None:
        """Say how it ended, unless that was said."""
        if not self._is_gone and not self.channel.is_closing():
            super().exit(status)


def _nobody() -> None:
    """Nobody waits for it yet."""
