"""Cages: where all processes of one session are, also those that try to get away, and how they all end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable, Protocol

PREFIX = "enclave"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_AGAIN = 0.01  # seconds between looking whether the killed are gone
_PARENT = 1  # of the fields behind the name in /proc/<pid>/stat, see proc(5)
_libc = ctypes.CDLL(None, use_errno=True)


class Cage(Protocol):
    """Holds the processes of one session."""

    def enter(self) -> None:
        """Put the calling process in. What it starts is inside too."""

    def members(self) -> list[int]:
        """Who is inside."""

    def kill(self) -> None:
        """Send SIGKILL to everybody inside."""

    def remove(self) -> None:
        """Give up an empty cage."""


class CgroupCage:
    """A cgroup of version 2. Nobody leaves it without root, and the kernel kills it as one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)

    def enter(self) -> None:
        (self.path / "cgroup.procs").write_text("0")

    def members(self) -> list[int]:
        # Threads may have made cgroups below; each has its own list.
        found: list[int] = []
        for path in self._tree():
            with contextlib.suppress(OSError):
                found += [int(pid) for pid in (path / "cgroup.procs").read_text().split()]
        return found

    def kill(self) -> None:
        try:
            (self.path / "cgroup.kill").write_text("1")
        except OSError:  # Linux before 5.14 has no such file
            kill_all(self.members())

    def remove(self) -> None:
        for path in self._tree():
            with contextlib.suppress(OSError):
                path.rmdir()

    def _tree(self) -> list[Path]:
        """The cgroup and those below it, the deepest first."""
        return [Path(folder) for folder, _, _ in os.walk(self.path, topdown=False)]


class TreeCage:
    """The descendants of the process that made it, where no cgroup may be made.

    That process adopts orphans, so nothing gets away by a second fork; but it must live, and a process
    that may kill it would get away. Hence the second choice.
    """

    def __init__(self) -> None:
        self._keeper = os.getpid()
        set_subreaper()

    def enter(self) -> None:
        """Nothing to do: whoever is started by the keeper is inside."""

    def members(self) -> list[int]:
        return descendants(self._keeper)

    def kill(self) -> None:
        kill_all(self.members())

    def remove(self) -> None:
        """Nothing to do."""


def empty(cage: Cage, patience: float, reap: Callable[[], None] = lambda: None) -> int:
    """Kill until nobody is inside, for so many seconds; how many are left."""
    until = time.monotonic() + patience
    while True:
        cage.kill()
        reap()
        left = len(cage.members())
        if not left or time.monotonic() >= until:
            break
        time.sleep(_AGAIN)
    if not left:
        cage.remove()
    return left


def cgroup_folder() -> Path | None:
    """Where this process may make cgroups below its own; None where it may not."""
    root = _cgroup_mount()
    if root is None:
        return None
    folder = root / _own_cgroup().lstrip("/")
    probe = folder / f"{PREFIX}-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return None
    return folder


def leftovers(folder: Path, start: str) -> list[CgroupCage]:
    """The cages that are there, of this agent or of one before it that died."""
    return [CgroupCage(path) for path in sorted(folder.glob(f"{start}*")) if path.is_dir()]


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def set_subreaper() -> None:
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def descendants(ancestor: int) -> list[int]:
    """All processes below one; zombies are none."""
    children: dict[int, list[int]] = {}
    for pid, parent in _living():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    ahead = [ancestor]
    while ahead:
        below = children.get(ahead.pop(), [])
        found += below
        ahead += below
    return found


def processes_of(uid: int) -> list[int]:
    """All processes that run as a user; zombies are none."""
    return [pid for pid, _ in _living() if _owner(pid) == uid]


def _owner(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def _living() -> Iterator[tuple[int, int]]:
    """Each process with its parent."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                # The name of a program may hold anything; what follows its last bracket is ours.
                rest = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")[2].split()
                if rest[0] not in ("Z", "X"):
                    yield int(name), int(rest[_PARENT])


def _cgroup_mount() -> Path | None:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind = line.split()[:3]
        if kind == "cgroup2":
            return Path(place)
    return None


def _own_cgroup() -> str:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[len("0::") :]
    return "/"
