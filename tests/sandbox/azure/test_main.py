import json
import signal
import subprocess
import sys

import pytest

from sandbox.azure.__main__ import main
from sandbox.azure.client import control
from sandbox.azure.tls import make_certificates

SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
DIRECTORY = "dddd1111-0000-4000-8000-000000000002"


@pytest.fixture
def serve():
    """Run the sandbox as a process; answers what it announces, and the process."""
    started = []

    def run(*options):
        command = [sys.executable, "-m", "sandbox.azure", "serve", *options]
        process = subprocess.Popen(  # noqa: S603 -- our own program
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return json.loads(process.stdout.readline()), process

    yield run
    for process in started:
        process.terminate()
        process.communicate(timeout=10)


def test_it_announces_itself_and_its_owners(serve):
    told, process = serve("--subscription", f"{SUBSCRIPTION}:{DIRECTORY}")

    listed = control(told["arm_url"], told["ca_file"], "GET", "subscriptions")

    assert listed == told["subscriptions"]
    assert [(one["subscription_id"], one["directory_id"]) for one in listed] == [(SUBSCRIPTION, DIRECTORY)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_it_serves_with_the_certificate_it_is_given(serve, tmp_path):
    files = make_certificates(tmp_path)

    told, _ = serve(
        "--certificate",
        str(files.certificate),
        "--key",
        str(files.key),
        "--ca",
        str(files.ca),
        "--trust",
        str(files.ca),
    )

    assert told["ca_file"] == str(files.ca)
    assert control(told["arm_url"], str(files.ca), "GET", "subscriptions") == []


def test_half_a_certificate_is_none(tmp_path):
    with pytest.raises(SystemExit, match="belong together"):
        main(["serve", "--certificate", str(tmp_path / "server.pem")])
