"""Networks of a test's own: a gateway, a host and two people, each in a network namespace, on one switch.

Addresses are of 198.51.100.0/24 (RFC 5737) and lead nowhere but here: the switch is in a namespace too.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

NET = "198.51.100"
PLACES = {"gateway": 1, "host": 10, "near": 20, "far": 30}
WHY_NOT = (
    "needs root and iproute2, for network namespaces of its own"
    if os.geteuid() or not shutil.which("ip")
    else ""
)


def address(place: str) -> str:
    return f"{NET}.{PLACES[place]}"


class Networks:
    """All namespaces of one test; `close` removes them, and with them every link and address."""

    def __init__(self) -> None:
        self._prefix = f"enclave-{os.getpid()}"

    def open(self) -> None:
        self._make("switch")
        _ip("-n", self.name("switch"), "link", "add", "switch", "type", "bridge")
        _ip("-n", self.name("switch"), "link", "set", "switch", "up")
        for place in PLACES:
            self._make(place)
            self._plug_in(place)

    def close(self) -> None:
        for place in ("switch", *PLACES):
            subprocess.run(["ip", "netns", "delete", self.name(place)], capture_output=True, check=False)

    def name(self, place: str) -> str:
        return f"{self._prefix}-{place}"

    def inside(self, place: str, command: list[str]) -> list[str]:
        """A command that runs there. Not by `ip netns exec`, which hides the machine's cgroups."""
        return ["nsenter", f"--net=/run/netns/{self.name(place)}", *command]

    def at(self, place: str, work: Callable[[], Any]) -> Any:
        """Do something there, in a thread that never comes back: what it opens stays there."""
        said: list[Any] = []
        thread = threading.Thread(target=lambda: said.append(self._enter(place, work)))
        thread.start()
        thread.join()
        return said[0]

    @contextlib.contextmanager
    def listening(self, place: str, port: int) -> Iterator[socket.socket]:
        """A socket that listens on all addresses of a place."""
        with self.at(place, lambda: socket.create_server(("", port))) as server:
            yield server

    def reaches(self, place: str, host: str, port: int) -> bool:
        """Whether somebody there can open a connection."""

        def knock() -> bool:
            with contextlib.suppress(OSError):
                socket.create_connection((host, port), 2).close()
                return True
            return False

        return bool(self.at(place, knock))

    def listeners(self, place: str) -> set[str]:
        """What listens or takes datagrams there: `protocol address`."""
        found = subprocess.run(
            self.inside(place, ["ss", "-Hlntu"]), capture_output=True, text=True, check=True
        ).stdout
        return {f"{words[0]} {words[4]}" for words in (line.split() for line in found.splitlines())}

    def _enter(self, place: str, work: Callable[[], Any]) -> Any:
        with open(f"/run/netns/{self.name(place)}") as namespace:
            os.setns(namespace.fileno(), os.CLONE_NEWNET)
        return work()

    def _make(self, place: str) -> None:
        _ip("netns", "add", self.name(place))
        _ip("-n", self.name(place), "link", "set", "lo", "up")

    def _plug_in(self, place: str) -> None:
        there = self.name(place)
        _ip(
            "-n",
            there,
            "link",
            "add",
            "eth0",
            "type",
            "veth",
            "peer",
            "name",
            place,
            "netns",
            self.name("switch"),
        )
        _ip("-n", self.name("switch"), "link", "set", place, "master", "switch", "up")
        _ip("-n", there, "address", "add", f"{address(place)}/24", "dev", "eth0")
        _ip("-n", there, "link", "set", "eth0", "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
