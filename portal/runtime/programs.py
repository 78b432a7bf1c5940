"""What to start, and the running of it: a child that cannot outlive its supervisor."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from portal.runtime import launch


def at_once() -> bool:
    """Ready as soon as it is started."""
    return True


@dataclass(frozen=True)
class Program:
    """A program as the supervisor needs to know it. ``environment`` adds; a value of None removes."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str | None] = field(default_factory=dict)
    is_ready: Callable[[], bool] = at_once
    ready_seconds: float = 60
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15
    become: str = launch.MYSELF
    folder: Path | None = None
    is_shown: bool = True


class Child:
    """One running program and its process group."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 -- programs are named in our code only
            launch.command(program.arguments, become=program.become, death_signal=program.stop_signal),
            env=_environment(program),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdout)  # a pipe, as asked for above

    @property
    def code(self) -> int:
        """What it ended with; negative for a signal. Only after it has ended."""
        return self._process.wait()

    def has_ended(self) -> bool:
        """Is it over? What it left in its process group is then killed."""
        if self._process.returncode is not None:
            return True
        if not _is_waitable(self.pid):
            return False
        # While its leader is not reaped, nobody else can be given the number of the group.
        self.kill()
        self._process.wait()
        return True

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> bool:
        """Ask it to end, wait, and kill it if it does not. True if it ended by itself."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, self.program.stop_signal)
        deadline = time.monotonic() + self.program.stop_seconds
        while not self.has_ended():
            if time.monotonic() > deadline:
                self.kill()
                self._process.wait()
                return False
            time.sleep(0.02)
        return True


def _is_waitable(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _environment(program: Program) -> dict[str, str]:
    merged = {**os.environ, **program.environment}
    return {name: value for name, value in merged.items() if value is not None}
