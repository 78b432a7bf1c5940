"""Sweep up after a supervisor that could not: ``keeper.py GRACE [PATH…]``, told of processes through stdin.

Lines are ``+GROUP`` and ``-GROUP``. When the pipe closes, the supervisor is gone; the groups that are still
listed get GRACE seconds to end (their leaders were told by the kernel) and are then killed, grandchildren
included. Files and folders at PATH are removed at the very end. A script that imports nothing of the project.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    grace, *paths = sys.argv[1:]
    end_groups(_listen(sys.stdin), grace=float(grace))
    for path in map(Path, paths):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _listen(lines: Iterable[str]) -> set[int]:
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        groups.add(group) if line[0] == "+" else groups.discard(group)
    return groups


def end_groups(groups: set[int], *, grace: float) -> None:
    """Wait until nobody of these process groups lives, and kill who still does after the grace."""
    deadline = time.monotonic() + grace
    while (alive := groups & living_groups()) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in alive:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


def living_groups() -> set[int]:
    """Every process group with a process that is not just a zombie waiting for its parent."""
    groups = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
        except (OSError, ValueError):  # it ended while we looked
            continue
        if state not in "ZX":
            groups.add(int(group))
    return groups


if __name__ == "__main__":
    main()
