"""A demo to measure or to photograph: the one that runs already, or one for the occasion."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FACTS = ROOT / ".run" / "demo.json"
PATIENCE = 180  # seconds


class DemoFailed(Exception):
    """The demo did not become ready."""


@contextmanager
def running_demo() -> Iterator[dict[str, Any]]:
    """Give the facts of a demo that is ready, and end it afterwards if it was started for this."""
    if FACTS.exists():
        yield json.loads(FACTS.read_text())
        return
    command = [sys.executable, "manage.py", "demo", "--ends-with-parent"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as demo:  # noqa: S603 -- our own
        try:
            _await_facts(demo)
            yield json.loads(FACTS.read_text())
        finally:
            demo.send_signal(signal.SIGTERM)


def _await_facts(demo: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not FACTS.exists():
        if demo.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed("The demo did not become ready; .run/log/ says why.")
        time.sleep(0.2)
