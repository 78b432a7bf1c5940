"""What the programs print: prefixed on the terminal, and kept in one file each."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import IO, TextIO

_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95)
_WIDTH = 10
_LONGEST_LINE = 64 * 1024


class Console:
    """Lines of many programs on one terminal; safe to use from several threads."""

    def __init__(self, folder: Path, *, terminal: TextIO = sys.stdout, is_quiet: bool = False) -> None:
        self._folder = folder
        self._terminal = terminal
        self._is_quiet = is_quiet
        self._is_coloured = self._terminal.isatty() and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """A line of the supervisor itself, with the seconds since it began."""
        self._write("portal", f"{text}  [{time.monotonic() - self._began:.1f} s]")

    def follow(self, name: str, output: IO[bytes], *, is_shown: bool) -> threading.Thread:
        """Copy the output until it ends, in a thread of its own."""
        thread = threading.Thread(target=self._copy, args=(name, output, is_shown), daemon=True)
        thread.start()
        return thread

    def _copy(self, name: str, output: IO[bytes], is_shown: bool) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with output, (self._folder / f"{name}.log").open("ab", buffering=0) as file:
            while line := output.readline(_LONGEST_LINE):
                file.write(line)
                if is_shown:
                    self._write(name, line.decode(errors="replace").rstrip())

    def _write(self, name: str, text: str) -> None:
        if self._is_quiet:
            return
        with self._lock:
            prefix = f"{name:<{_WIDTH}}|"
            if self._is_coloured:
                prefix = f"\033[{self._colour(name)}m{prefix}\033[0m"
            print(prefix, text, file=self._terminal, flush=True)

    def _colour(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return _COLOURS[self._names.index(name) % len(_COLOURS)]

    def tail(self, name: str, lines: int = 20) -> str:
        """The last lines that a program printed, for the message about its end."""
        try:
            text = (self._folder / f"{name}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
