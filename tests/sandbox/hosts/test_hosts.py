"""The machines of a pretend cloud, as processes that come and go with them."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from agent import cages
from enclaves.blueprints import cloud_init
from portal.runtime.processes import ROOT
from tests.agent.made import Made
from tests.portal.runtime.watching import wait_until

TOLD, SILENT = "i-1", "i-2"
HOST = str(uuid.uuid4())  # shared with no other test, whose sessions its agent would end
NOWHERE = "wss://127.0.0.1:1"


class Cloud(http.server.ThreadingHTTPServer):
    """Tells of its machines as the pretend AWS does. One of them was told nothing of an agent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.machines = [TOLD, SILENT]
        config = {**Made(host=HOST).told("/nowhere"), "gateway_urls": [NOWHERE], "agent_sha256": ""}
        self.pages = {
            f"/_sandbox/instances/{TOLD}/latest/user-data": cloud_init.user_data(config),
            f"/_sandbox/instances/{SILENT}/latest/user-data": "",
            f"/_sandbox/instances/{TOLD}/latest/api/token": "a token",
            f"/_sandbox/instances/{SILENT}/latest/api/token": "a token",
            f"/_sandbox/instances/{TOLD}/latest/meta-data/placement/region": "us-east-1",
            "/_sandbox/identity-certificates?region=us-east-1": json.dumps({"us-east-1": "a certificate"}),
        }

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        pages = {**self.server.pages, "/_sandbox/instances": json.dumps(self.server.machines)}
        body = pages.get(self.path, "").encode()
        self.send_response(200 if self.path in pages else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET

    def log_message(self, *arguments):
        pass


@pytest.fixture
def cloud():
    with Cloud() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def hosts(cloud, tmp_path):
    files = ("--state", str(tmp_path / "hosts"), "--certificates", str(tmp_path / "certificates"))
    command = [sys.executable, "-m", "sandbox.hosts", "--aws", cloud.url, *files]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log)  # noqa: S603 -- ours
    yield process
    process.kill()
    process.wait()


def agents(hosts):
    children = Path(f"/proc/{hosts.pid}/task/{hosts.pid}/children")
    return [int(one) for one in children.read_text().split()] if hosts.poll() is None else []


def below(process):
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def living_of(processes):
    return {process for process, _ in cages._living()} & set(processes)


def test_an_agent_lives_as_long_as_its_machine(cloud, hosts, tmp_path):
    assert wait_until(lambda: len(agents(hosts)) == 1)
    (first,) = agents(hosts)
    assert (tmp_path / "certificates/aws/us-east-1.pem").read_text() == "a certificate"
    assert wait_until((tmp_path / f"hosts/{HOST}/state/sshd_config").exists)

    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: agents(hosts) not in ([], [first]))
    assert wait_until(lambda: f"acme {HOST[:8]}: {NOWHERE}" in (tmp_path / "log").read_text())

    cloud.machines = [SILENT]
    assert wait_until(lambda: not agents(hosts))
    cloud.machines = [TOLD]
    assert wait_until(lambda: agents(hosts))
    (last,) = agents(hosts)
    assert wait_until(lambda: below(last))
    everybody = [last, *below(last)]
    hosts.terminate()
    assert hosts.wait(10) == 0
    assert living_of(everybody) == set()


def test_nothing_outlives_the_hosts_when_they_are_killed(hosts):
    assert wait_until(lambda: agents(hosts) and below(agents(hosts)[0]))
    (agent,) = agents(hosts)
    everybody = [agent, *below(agent)]

    hosts.kill()

    assert wait_until(lambda: not living_of(everybody))
