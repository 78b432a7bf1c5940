"""What a heartbeat tells of the host. None of it is secret, none of it decides anything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from agent import VERSION
from agent.config import Config


def standing(config: Config, cage: str) -> dict[str, Any]:
    """What stays the same while the agent runs. `cage` says how sessions are held."""
    return {
        "agent": VERSION,
        "os": _os_name(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "sshd": _sshd_version(config.sshd),
        "python": platform.python_version(),
        "cage": cage,
    }


def moving(config: Config) -> dict[str, Any]:
    """What changes: seconds since boot, load, and bytes of the root disk."""
    disk = shutil.disk_usage("/")
    return {
        "uptime_seconds": int(float(Path("/proc/uptime").read_text().split()[0])),
        "load": [round(value, 2) for value in os.getloadavg()],
        "disk_total_bytes": disk.total,
        "disk_free_bytes": disk.free,
    }


def _os_name() -> str:
    for line in _lines(Path("/etc/os-release")):
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return value.strip().strip('"')
    return platform.system()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _sshd_version(sshd: str) -> str:
    """As sshd tells it; before 9.3 it has no -V, and complains with its version in the text."""
    try:
        told = subprocess.run(  # noqa: S603 -- the path is the configuration's
            [sshd, "-V"], capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL, check=False
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    found = [word for word in told.replace(",", " ").split() if word.startswith("OpenSSH_")]
    return found[0] if found else "unknown"
