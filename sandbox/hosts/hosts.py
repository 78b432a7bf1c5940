"""The processes of all machines: one agent each, with what the agent starts."""

import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from agent import __main__ as agent
from agent import cages
from sandbox.hosts.machines import Machine, agent_config, running

PATIENCE = 10.0  # seconds for all that runs here to end
AGAIN = 0.02
HEARTBEAT = 5  # seconds
log = logging.getLogger("hosts")


class Vouching(Protocol):
    """Has what the clouds sign with where the portal looks for it."""

    def bring_for(self, machine: Machine) -> None: ...


class Hosts:
    """All machines that run. Agents are forked, so that they share what they have loaded."""

    def __init__(self, clouds: Mapping[str, str], state: Path, sshd: str, vouching: Vouching) -> None:
        self._clouds, self._state, self._sshd, self._vouching = clouds, state, sshd, vouching
        self._agents: dict[Machine, int] = {}
        self._silent: set[Machine] = set()  # those that were told nothing of an agent
        self._sessions: set[int] = set()  # of all agents that ever were
        # What an agent that was killed leaves behind becomes ours, and is not lost sight of.
        cages.set_subreaper()
        self._has_cgroups = cages.cgroup_folder() is not None
        gc.freeze()

    def look(self) -> None:
        """Bring the processes in line with the machines that run now; raises Unreachable."""
        self._reap()
        self._end_strays()
        alive = set(running(self._clouds))
        for machine in self._agents.keys() - alive:
            os.kill(self._agents[machine], signal.SIGTERM)
        self._silent &= alive
        for machine in sorted(alive - self._agents.keys() - self._silent):
            self._begin(machine)

    def end(self) -> None:
        """End all agents, and return when nothing of their sessions is left."""
        for process in self._agents.values():
            os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self._reap() and time.monotonic() < deadline:
            self._end_strays()
            time.sleep(AGAIN)

    def _begin(self, machine: Machine) -> None:
        told = agent_config(machine)
        if told is None:
            self._silent.add(machine)
            return
        self._vouching.bring_for(machine)
        config = self._write_config(machine, told)
        name = f"{told['tenant']} {told['host_id'][:8]}"
        process = os.fork()
        if not process:
            _be_an_agent(config, name)
        self._agents[machine] = process
        self._sessions.add(process)
        log.info("%s of %s is up.", name, machine.cloud)

    def _write_config(self, machine: Machine, told: Mapping[str, Any]) -> Path:
        folder = self._state / str(told["host_id"])
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        here = {
            "metadata_url": machine.metadata_url,
            "state_dir": str(folder / "state"),
            "sshd": self._sshd,
            "heartbeat_seconds": HEARTBEAT,
        }
        file = folder / "config.json"
        file.write_text(json.dumps({**told, **here}))
        return file

    def _reap(self) -> bool:
        """Take leave of what has ended; whether anything lives."""
        with suppress(ChildProcessError):
            while process := os.waitpid(-1, os.WNOHANG)[0]:
                self._agents = {one: its for one, its in self._agents.items() if its != process}
            return True
        return False

    def _end_strays(self) -> None:
        """Kill what a session left when its keeper was killed. A keeper itself is in its agent's session.

        With cgroups that is the agent's to do, and what a session put into the background is ours by right.
        """
        if self._has_cgroups:
            return
        for process in set(_children()) - set(self._agents.values()):
            with suppress(ProcessLookupError):
                if os.getsid(process) not in self._sessions:
                    os.kill(process, signal.SIGKILL)


def _be_an_agent(config: Path, name: str) -> None:
    """Turn this process, which was just forked, into the agent of a machine."""
    code = 1
    try:
        # Apart from ours, so that whoever ends us as a group leaves its keepers the time for their work.
        os.setsid()
        cages.die_with_parent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        logging.basicConfig(level=logging.INFO, format=f"{name}: %(message)s", stream=sys.stderr, force=True)
        code = agent.main(["--config", str(config)])
    except Exception:
        log.exception("The agent failed.")  # the outermost place of this process
    finally:
        logging.shutdown()
        os._exit(code)


def _children() -> list[int]:
    own = os.getpid()
    try:
        return [int(one) for one in Path(f"/proc/{own}/task/{own}/children").read_text().split()]
    except OSError:  # a kernel without this file
        return []
