"""A demo of one's own, for the journeys and the pictures: own folder, own ports, gone with the block."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.runtime.processes import ROOT
from portal.runtime.readiness import free_port

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE = 240  # seconds until it is ready, on a machine that does other things too
_GRACE = 40
# What the tests, or a person, set for themselves must not reach a demo that is to stand alone.
_OTHERS = ("PORTAL_", "DATABASE_", "REDIS_", "DJANGO_", "AWS_")


class DemoFailed(Exception):
    """The demo ended, or did not become ready in time."""


def chromium() -> str | None:
    """Where this machine has a Chromium, if it has one."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@contextmanager
def running_demo() -> Iterator[dict[str, Any]]:
    """Run a demo for as long as the block lasts; its facts are those of its demo.json.

    Raises DemoFailed.
    """
    state = Path(tempfile.mkdtemp(prefix="enclave-portal-demo-"))
    state.chmod(0o711)  # PostgreSQL may have to run as somebody else
    try:
        with (state / "output").open("wb") as output:
            process = _start(state, output.fileno())
            try:
                yield _facts(state, process)
            finally:
                _end(process)
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _start(state: Path, output: int) -> subprocess.Popen[bytes]:
    where = ("--state", str(state), "--port", str(free_port()))
    return subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "manage.py", "demo", "--ends-with-parent", *where],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _facts(state: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    facts, deadline = state / "demo.json", time.monotonic() + _PATIENCE
    while not facts.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            last_words = (state / "output").read_text(errors="replace").splitlines()[-30:]
            raise DemoFailed("The demo did not become ready.\n" + "\n".join(last_words))
        time.sleep(0.2)
    return dict(json.loads(facts.read_text()))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()  # its keeper ends what it started
        process.wait()
