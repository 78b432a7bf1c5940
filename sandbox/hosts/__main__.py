"""Plays the machines of the pretend clouds: ``python -m sandbox.hosts --aws URL --azure URL --state FOLDER``.

Each machine that runs gets a process with the portal's agent, on loopback, with what the machine was told at
its birth; it ends with the machine. All of them share this computer and its one account.
"""

import argparse
import getpass
import json
import logging
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox.hosts.machines import Machine, Unreachable, agent_config, running

LOOK_EVERY = 1.0  # seconds
PATIENCE = 10.0  # seconds for an agent to end
SSHD = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd")
log = logging.getLogger("hosts")


class Hosts:
    """The processes of all machines."""

    def __init__(self, clouds: Mapping[str, str], state: Path, sshd: str) -> None:
        self._clouds, self._state, self._sshd = clouds, state, sshd
        self._agents: dict[Machine, subprocess.Popen[bytes] | None] = {}

    def look(self) -> None:
        """Bring the processes in line with the machines that run now."""
        alive = set(running(self._clouds))
        for machine in [one for one in self._agents if one not in alive]:
            self._end(machine)
        for machine in alive:
            agent = self._agents.get(machine)
            if machine not in self._agents or (agent is not None and agent.poll() is not None):
                self._agents[machine] = self._begin(machine)

    def end(self) -> None:
        for machine in list(self._agents):
            self._end(machine)

    def _begin(self, machine: Machine) -> subprocess.Popen[bytes] | None:
        config = agent_config(machine)
        if config is None:
            return None
        folder = self._state / config["host_id"]
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        own = {
            "metadata_url": machine.metadata_url,
            "state_dir": str(folder / "state"),
            "sshd": self._sshd,
            "heartbeat_seconds": 5,
        }
        file = folder / "config.json"
        file.write_text(json.dumps({**config, **own}))
        log.info("Host %s of %s comes up.", config["host_id"], machine.cloud)
        return subprocess.Popen([sys.executable, "-m", "agent", "--config", str(file)])  # noqa: S603 -- ours

    def _end(self, machine: Machine) -> None:
        agent = self._agents.pop(machine)
        if agent is None:
            return
        agent.terminate()
        try:
            agent.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait()


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    signal.signal(signal.SIGTERM, _stop)
    clouds = {"aws": options.aws, "azure": options.azure}
    hosts = Hosts({cloud: url for cloud, url in clouds.items() if url}, options.state, options.sshd)
    log.info("People who get in are %s here; sessions are opened by %s.", getpass.getuser(), options.sshd)
    try:
        while True:
            try:
                hosts.look()
            except Unreachable as error:
                log.warning("%s", error)
            time.sleep(LOOK_EVERY)
    finally:
        hosts.end()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.hosts", description=__doc__)
    parser.add_argument("--aws", help="the pretend AWS")
    parser.add_argument("--azure", help="where the pretend Azure tells machines about themselves")
    parser.add_argument("--state", type=Path, required=True, help="a folder for the files of each host")
    found = next((path for path in SSHD if shutil.which(path)), None)
    parser.add_argument("--sshd", default=found or str(Path(__file__).with_name("standin.py")))
    return parser.parse_args()


def _stop(number: int, frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
