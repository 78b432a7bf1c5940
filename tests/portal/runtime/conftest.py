import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest

from portal.runtime.console import Console
from portal.runtime.programs import Program
from portal.runtime.supervisor import Supervisor
from tests.portal.runtime.watching import living, wait_until

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def mark() -> Iterator[str]:
    """A word for the arguments of a test's programs, by which they can be found, and are ended."""
    mark = f"mark-{uuid4().hex}"
    yield mark
    for process in living(mark):
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def program(mark) -> Callable[..., Program]:
    """A small program of Python, by its source."""

    def make(source: str, name: str = "child", **facts: object) -> Program:
        return Program(name, [sys.executable, "-I", "-S", "-c", source, mark], **facts)

    return make


@pytest.fixture
def terminal() -> StringIO:
    return StringIO()


@pytest.fixture
def supervisor(tmp_path, terminal) -> Iterator[Supervisor]:
    with Supervisor(tmp_path, Console(tmp_path / "log", terminal=terminal)) as supervisor:
        yield supervisor


@pytest.fixture
def supervised(tmp_path, mark) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A supervisor in a process of its own, which starts these sources, says so in a file, and watches."""
    started = []

    def start(*sources: str) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("supervised.py")
        (tmp_path / "ready").unlink(missing_ok=True)
        # The mark stands in a file, so that it names the children only.
        (tmp_path / "mark").write_text(mark)
        command = [sys.executable, str(script), str(tmp_path), *sources]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own
        started.append(process)
        assert wait_until((tmp_path / "ready").exists)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
