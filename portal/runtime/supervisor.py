"""Starts programs in order, starts again what died, ends them in reverse, and leaves no orphan."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Self

from portal.runtime import keeper
from portal.runtime.console import Console
from portal.runtime.lock import FolderLock
from portal.runtime.programs import Child, Program

_TICK = 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_STEADY_AFTER = 30.0  # seconds; who lived so long is started again at once
_GRACE = 5.0


class Stopped(Exception):
    """Somebody asked the supervisor to end."""


class StartFailed(Exception):
    """A program ended, or did not become ready in time, when it was started."""


class Supervisor:
    """Owns a state folder and the programs that run in it. Use it as a context manager.

    Files and folders in ``removes`` are gone after the end, whatever kind of end that is.

    Start programs from a thread that lives as long as they should: the kernel ends them with that thread.
    """

    def __init__(self, state: Path, console: Console, *, removes: Sequence[Path] = ()) -> None:
        self._console = console
        self._lock = FolderLock(state)
        self._removed = [str(path) for path in removes]
        self._children: list[Child] = []
        self._awaited: list[Child] = []
        self._followers: list[threading.Thread] = []
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._keeper: subprocess.Popen[str] | None = None
        self._is_asked_to_stop = False

    def __enter__(self) -> Self:
        self._lock.take(patience=_GRACE + 5)
        self._keeper = subprocess.Popen(  # noqa: S603 -- our own script
            [sys.executable, "-I", "-S", keeper.__file__, str(_GRACE), *self._removed],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            pass_fds=[self._lock.descriptor],
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop_on_signals(self) -> None:
        """End cleanly on Ctrl-C, on SIGTERM, and when the terminal closes."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        # Only a flag: a handler may interrupt anything, also somebody who holds a lock.
        self._is_asked_to_stop = True

    def start(self, *programs: Program) -> None:
        """Start these together and return when all are ready; raises StartFailed, Stopped."""
        self.wait(self.begin(*programs))

    def begin(self, *programs: Program) -> list[Child]:
        """Start these and return at once; ``wait`` for them before they are needed."""
        begun = [self._spawn(program) for program in programs]
        self._awaited += begun
        return begun

    def wait(self, begun: Iterable[Child]) -> None:
        """Return when these are ready; raises StartFailed, Stopped."""
        for child in begun:
            self._wait_until_ready(child)
            self._awaited.remove(child)

    def _spawn(self, program: Program) -> Child:
        child = Child(program)
        self._children.append(child)
        self._tell_keeper(f"+{child.pid}")
        follower = self._console.follow(program.name, child.output, is_shown=program.is_shown)
        self._followers.append(follower)
        return child

    def _tell_keeper(self, line: str) -> None:
        if self._keeper is None or self._keeper.stdin is None:
            return
        with suppress(BrokenPipeError):  # the kernel's own signal is still there as the other net
            print(line, file=self._keeper.stdin, flush=True)

    def _wait_until_ready(self, child: Child) -> None:
        program = child.program
        deadline = time.monotonic() + program.ready_seconds
        while not program.is_ready():
            self._fail_if_ended(child)
            if time.monotonic() > deadline:
                raise StartFailed(f"{program.name} is not ready after {program.ready_seconds:.0f} s.")
            self._pause()
        self._console.say(f"{program.name} is ready")

    def _fail_if_ended(self, child: Child) -> None:
        if child.has_ended():
            name = child.program.name
            raise StartFailed(f"{name} ended with {child.code}.\n{self._last_words(child.program)}")

    def _last_words(self, program: Program) -> str:
        for follower in self._followers:
            follower.join(timeout=0.2)
        return "" if program.is_shown else self._console.tail(program.name)

    def _pause(self) -> None:
        if self._is_asked_to_stop:
            raise Stopped
        time.sleep(_TICK)

    def run(self, program: Program) -> None:
        """Run a program to its end; raises Stopped, and StartFailed if that was not a success.

        It may lean on those that were begun and not waited for, so the end of one of them is a failure too.
        """
        child = self._spawn(program)
        while not child.has_ended():
            self._tend(except_for=child)
            self._pause()
        self._forget(child)
        if child.code != 0:
            raise StartFailed(f"{program.name} ended with {child.code}.\n{self._last_words(program)}")

    def _forget(self, child: Child) -> None:
        self._children.remove(child)
        self._tell_keeper(f"-{child.pid}")

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Start again what dies, until told to stop (raises Stopped) or until the condition holds."""
        while not until():
            self._tend()
            self._pause()

    def _tend(self, except_for: Child | None = None) -> None:
        for child in list(self._children):
            if child in self._awaited:
                self._fail_if_ended(child)
            elif child is not except_for and child.has_ended():
                self._restart_when_due(child)

    def _restart_when_due(self, child: Child) -> None:
        name = child.program.name
        if name not in self._due:
            pause = self._next_pause(child)
            self._due[name] = time.monotonic() + pause
            self._console.say(f"{name} ended with {child.code}, starts again in {pause:.1f} s")
        elif time.monotonic() >= self._due[name]:
            del self._due[name]
            place = self._children.index(child)
            self._forget(child)
            self._spawn(child.program)
            self._children.insert(place, self._children.pop())

    def _next_pause(self, child: Child) -> float:
        name = child.program.name
        if time.monotonic() - child.started_at > _STEADY_AFTER:
            self._pauses.pop(name, None)
        pause = self._pauses.get(name, _FIRST_PAUSE)
        self._pauses[name] = min(pause * 2, _LONGEST_PAUSE)
        return pause

    def stop(self) -> None:
        """End everything, the last started first, and give the folder back."""
        for child in reversed(self._children):
            if not child.has_ended() and not child.stop():
                self._console.say(f"{child.program.name} did not end by itself and was killed")
            self._tell_keeper(f"-{child.pid}")
        for follower in self._followers:
            follower.join(timeout=1)
        self._children.clear()
        self._lock.release()
        self._dismiss_keeper()

    def _dismiss_keeper(self) -> None:
        if self._keeper is not None and self._keeper.stdin is not None:
            with suppress(BrokenPipeError):
                self._keeper.stdin.close()
            self._keeper.wait()
