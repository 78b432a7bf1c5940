"""Cages and the warden, with real processes. In programs of their own, because a warden is a fork."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent import cages

HOLDER = """
import json, socket, sys, time
from agent.warden import Order, Warden

warden = Warden()
argv, ends_in, cgroup = json.loads(sys.argv[1])
stream, line = warden.start(Order(argv, time.time() + ends_in, cgroup))
print(warden.pid, flush=True)
for word in sys.stdin:
    if word == "end\\n":
        line.shutdown(socket.SHUT_WR)
    if word == "send\\n":
        stream.sendall(b"hello\\n")
        print(stream.recv(100).decode().strip(), flush=True)
    if word == "wait\\n":
        print(line.recv(1000).decode(), flush=True)
"""
RUNAWAY = "(setsid sh -c 'setsid nohup sleep {mark}1 >/dev/null 2>&1 & exit 0' &); sleep {mark}2 & {last}"
FOLDER = cages.cgroup_folder()
KINDS = [
    pytest.param("cgroup", marks=pytest.mark.skipif(FOLDER is None, reason="NO CGROUP CAN BE MADE HERE")),
    "process tree",
]


@pytest.fixture(params=KINDS)
def cgroup(request):
    """Where the session of a test has its cgroup, if that is what holds it."""
    if request.param != "cgroup":
        yield None
        return
    path = FOLDER / f"enclave-test-{os.getpid()}-{time.monotonic_ns()}"
    yield str(path)
    assert not path.exists(), "The cage was not removed."


@pytest.fixture
def mark():
    return f"8{os.getpid():07d}{time.monotonic_ns() % 1000:03d}"


def test_all_processes_end_when_the_time_is_over(cgroup, mark):
    with _holding(cgroup, mark, ends_in=2) as holder:
        assert _told(holder) == {"why": "expired", "left": 0}
        assert not _living(mark)


def test_all_processes_end_when_the_agent_says_so(cgroup, mark):
    with _holding(cgroup, mark) as holder:
        _say(holder, "end")

        assert _told(holder) == {"why": "told", "left": 0}
        assert not _living(mark)


def test_all_processes_end_when_the_program_does(cgroup, mark):
    with _holding(cgroup, mark, last="sleep 0.5") as holder:
        assert _told(holder) == {"why": "exited", "left": 0}
        assert not _living(mark)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_all_processes_end_when_the_agent_dies(cgroup, mark, how):
    with _holding(cgroup, mark) as holder:
        holder.send_signal(how)
        holder.wait(20)

        _eventually(lambda: not _living(mark))
        _eventually(lambda: not cgroup or not Path(cgroup).exists())


def test_all_processes_end_when_the_agent_is_stopped_and_the_time_is_over(cgroup, mark):
    with _holding(cgroup, mark, ends_in=3) as holder:
        holder.send_signal(signal.SIGSTOP)
        _eventually(lambda: not _living(mark))
        holder.send_signal(signal.SIGCONT)
        assert _told(holder)["why"] == "expired"


def test_a_session_goes_on_without_its_warden(cgroup, mark):
    with _holding(cgroup, mark) as holder:
        os.kill(holder.warden, signal.SIGKILL)
        time.sleep(0.2)
        assert len(_living(mark)) >= 2

        _say(holder, "end")
        assert _told(holder) == {"why": "told", "left": 0}


def test_bytes_pass_between_the_agent_and_the_program(mark):
    with _holding(None, mark, last="read word; echo got $word; sleep 60") as holder:
        assert _say(holder, "send", answers=True) == "got hello"


def test_a_program_that_does_not_exist_ends_at_once():
    with _holder(["/does/not/exist"], 60, None) as holder:
        assert _told(holder) == {"why": "exited", "left": 0}


def test_a_bomb_of_forks_ends(cgroup, mark):
    bomb = f"for i in 1 2 3 4 5 6; do (while :; do sleep {mark}7 & sleep 0.01; done) & done; sleep {mark}2"
    with _holder(["/bin/sh", "-c", bomb], 60, cgroup) as holder:
        _eventually(lambda: len(_living(mark)) > 20)
        _say(holder, "end")

        assert _told(holder) == {"why": "told", "left": 0}
        assert not _living(mark)


@pytest.mark.skipif(FOLDER is None, reason="NO CGROUP CAN BE MADE HERE")
def test_left_over_cages_are_found_by_name_and_emptied():
    start = f"enclave-left-{os.getpid()}-"
    cage = cages.CgroupCage(FOLDER / f"{start}1")
    child = os.fork()
    if not child:
        cage.enter()
        os.execv("/bin/sleep", ["sleep", "60"])
    _eventually(cage.members)

    (found,) = cages.leftovers(FOLDER, start)

    assert found.members() == [child]
    assert cages.empty(found, 5, lambda: os.waitpid(child, 0) if found.members() else None) == 0
    assert cages.leftovers(FOLDER, start) == []


def test_what_cannot_be_killed_is_counted():
    class Stubborn:
        def members(self):
            return [1, 2]

        def kill(self):
            """They live on."""

    assert cages.empty(Stubborn(), 0.05) == 2


class _holder:
    """A program that has a warden and one session."""

    def __init__(self, argv, ends_in, cgroup):
        self._arguments = json.dumps([argv, ends_in, cgroup])

    def __enter__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, "-c", HOLDER, self._arguments], **pipes)
        self._process.warden = int(self._process.stdout.readline())
        return self._process

    def __exit__(self, *error):
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.communicate()


class _holding(_holder):
    """One whose session has processes that try to get away, all of them running."""

    def __init__(self, cgroup, mark, last=None, ends_in=60):
        self._mark = mark
        script = RUNAWAY.format(mark=mark, last=last or f"sleep {mark}3")
        super().__init__(["/bin/sh", "-c", script], ends_in, cgroup)

    def __enter__(self):
        process = super().__enter__()
        _eventually(
            lambda: {f"{self._mark}1", f"{self._mark}2"} <= {_seconds(pid) for pid in _living(self._mark)}
        )
        return process


def _say(holder, word, answers=False):
    holder.stdin.write(f"{word}\n")
    holder.stdin.flush()
    if not answers:
        return None
    assert select.select([holder.stdout], [], [], 20)[0], "Nothing was said."
    return holder.stdout.readline().strip()


def _told(holder):
    return json.loads(_say(holder, "wait", answers=True))


def _living(mark):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and mark in _seconds(int(entry.name)):
            found.append(int(entry.name))
    return found


def _seconds(pid):
    """What a sleep was told, of any other program nothing."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return ""
    return words[1] if words[0] == "sleep" else ""


def _eventually(claim):
    until = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < until, "This never came true."
        time.sleep(0.02)
