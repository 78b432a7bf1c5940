"""The world of tests/gateway with the real portal in it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.access.estate import Given, KnownHost
from tests.access.portal import RealPortal
from tests.gateway.world import Person, Running, RunningGateway, World, eventually


class RealWorld(World):
    """One gateway, and agents on all hosts."""

    portal: RealPortal
    gateway_running: RunningGateway
    agents: dict[str, Running]

    def __init__(self, folder: Path, portal: RealPortal) -> None:
        super().__init__(folder, portal)

    def begin(self) -> None:
        self.gateway_running = self.gateway()
        hosts = [one for estate in (self.portal.acme, self.portal.globex) for one in estate.hosts.values()]
        self.agents = {one.name: self.start_agent(one, self.gateway_running) for one in hosts}
        eventually(lambda: self.portal.heard_of() == len(hosts))

    def revive_gateway(self) -> None:
        """Start the gateway anew where it was, and wait until every host is back."""
        said = {name: _count(running) for name, running in self.agents.items()}
        before = self.gateway_running
        self.gateway_running = self.start_gateway("gateway", before.ssh_port, before.agent_port)
        for name, running in self.agents.items():
            eventually(lambda name=name, running=running: _count(running) > said[name])

    def knocking(self, given: Given, **options: Any) -> Person:
        """The person of a grant, with a certificate for it."""
        return self.person(given.name, self.gateway_running, **options)

    def start_impostor(self, config: dict[str, Any]) -> Running:
        """An agent on another machine, with what a host knows."""
        path = self.folder / "impostor.json"
        path.write_text(json.dumps(config))
        command = [sys.executable, "-m", "agent", "--config", str(path)]
        return self._start("impostor", command, dict(os.environ))


def _count(running: Running) -> int:
    return running.log.read_bytes().count(b"Connected.")


def web(world: RealWorld, number: int = 1) -> KnownHost:
    return world.portal.acme.hosts[f"web-{number}"]
