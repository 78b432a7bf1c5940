"""The warden: a process apart that starts sessions, and ends them when their time is over or the agent dies.

It is forked before the agent does anything else, and needs neither its event loop nor its network. An
agent that hangs, is stopped or is killed takes no session with it beyond its end. For each session the
warden forks a keeper, which holds the cage.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from agent.cages import Cage, CgroupCage, TreeCage, die_with_parent, empty

ORDER_SIZE = 64 * 1024
PATIENCE = 10.0  # seconds to wait for the killed to be gone, before it is told that some are not
_LONGEST_SLEEP = 1.0  # seconds: a wall clock that is set forward ends a session within this
_FDS = 2


class WardenGone(Exception):
    """The warden does not answer any more; the agent must start anew."""


@dataclass(frozen=True)
class Order:
    """A session to start: the program, its end (seconds since the epoch), and its cgroup if it has one."""

    argv: list[str]
    ends_at: float
    cgroup: str | None


class Warden:
    """The agent's side of the warden process."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if not self.pid:
            self._orders.close()
            _serve(theirs)
        theirs.close()

    def start(self, order: Order) -> tuple[socket.socket, socket.socket]:
        """Start a session: its byte stream, and its keeper's line. Raises WardenGone.

        Closing the keeper's line ends the session. The keeper sends one JSON object when all is over:
        `{"why": "exited" | "expired" | "told", "left": 0}`.
        """
        stream, its_stream = socket.socketpair()
        line, its_line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its_stream, its_line:
            try:
                fds = [its_stream.fileno(), its_line.fileno()]
                socket.send_fds(self._orders, [json.dumps(order.__dict__).encode()], fds)
            except OSError as error:
                stream.close()
                line.close()
                raise WardenGone(str(error)) from error
        return stream, line

    def close(self) -> None:
        """Let the warden end. Sessions end when their lines are closed."""
        self._orders.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _serve(orders: socket.socket) -> None:
    """Fork a keeper for each order, until the agent is gone."""
    code = 1
    try:
        _ignore_signals()
        _take_orders(orders)
        code = 0
    finally:
        os._exit(code)  # a forked process must not run what the agent left to be done at its exit


def _ignore_signals() -> None:
    """A Ctrl-C in the agent's terminal is the agent's to answer; ended keepers are reaped by the kernel."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def _take_orders(orders: socket.socket) -> None:
    while True:
        message, fds, _, _ = socket.recv_fds(orders, ORDER_SIZE, _FDS)
        if not message:
            return
        stream, line = (socket.socket(fileno=fd) for fd in fds)
        with stream, line:
            if not os.fork():
                orders.close()
                _keep(Order(**json.loads(message)), stream, line)


def _keep(order: Order, stream: socket.socket, line: socket.socket) -> None:
    """Hold one session from its first process to its last."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        cage: Cage = CgroupCage(Path(order.cgroup)) if order.cgroup else TreeCage()
        until = time.monotonic() + order.ends_at - time.time()
        program = os.pidfd_open(_start(order.argv, cage, stream))
        stream.close()
        why = _wait(line, program, until, order.ends_at)
        _end(cage, program, line, why)
        code = 0
    finally:
        os._exit(code)


def _start(argv: list[str], cage: Cage, stream: socket.socket) -> int:
    keeper = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        die_with_parent()
        cage.enter()
        for number in (0, 1):
            os.dup2(stream.fileno(), number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if os.getppid() == keeper:  # else it died before it could take us along
            os.execv(argv[0], argv)  # noqa: S606 -- no shell is wanted; the path is the configuration's
    finally:
        os._exit(127)


def _wait(line: socket.socket, program: int, until: float, ends_at: float) -> str:
    """Wait for the first of: the program ends, the time is over on either clock, the agent hangs up."""
    poll = select.poll()
    poll.register(program, select.POLLIN)
    poll.register(line, select.POLLIN | select.POLLHUP)
    while True:
        left = min(until - time.monotonic(), ends_at - time.time())
        if left <= 0:
            return "expired"
        ready = [fd for fd, _ in poll.poll(1000 * min(left, _LONGEST_SLEEP))]
        if ready:
            return "exited" if program in ready else "told"


def _end(cage: Cage, program: int, line: socket.socket, why: str) -> None:
    """Kill whatever lives, and tell how many could not be killed in time."""
    with contextlib.suppress(ProcessLookupError):
        # It may not have entered its cage yet.
        signal.pidfd_send_signal(program, signal.SIGKILL)
    left = empty(cage, PATIENCE, _reap)
    with contextlib.suppress(OSError):  # nobody is there to be told if the agent died
        line.send(json.dumps({"why": why, "left": left}).encode())
    while left:  # who waits for a disk dies when it comes back
        left = empty(cage, PATIENCE, _reap)


def _reap() -> None:
    """Take leave of ended children: the program, and orphans that were adopted."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
