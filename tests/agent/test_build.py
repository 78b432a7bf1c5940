"""The one file that hosts get, run as they would run it."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import websockets

from agent import VERSION
from agent.build import build
from tests.agent.gateway import SSHD, PlayedGateway

PACKAGES = Path(websockets.__file__).parent.parent
OWN = Path(__file__).parents[2] / "agent"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("built") / "enclave-agent.pyz"
    build(PACKAGES, path)
    return path


def test_the_same_input_makes_the_same_file(built, tmp_path):
    again = build(PACKAGES, tmp_path / "again.pyz")

    assert (tmp_path / "again.pyz").read_bytes() == built.read_bytes()
    assert len(again) == 64


def test_it_holds_the_agent_and_websockets_and_nothing_of_the_portal(built):
    names = zipfile.ZipFile(built).namelist()

    assert {"__main__.py", "agent/__main__.py", "websockets/__init__.py"} <= set(names)
    assert {name.partition("/")[0] for name in names if name.endswith(".py")} == {
        "__main__.py",
        "agent",
        "websockets",
    }
    assert "agent/build.py" not in names
    assert any(name.endswith("/LICENSE") for name in names)


def test_it_starts_from_anywhere(built, tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", built, "--version"], capture_output=True, text=True, cwd=tmp_path, check=False
    )

    assert done.stdout.startswith(f"enclave-agent {VERSION}, websockets ")


def test_a_bad_configuration_is_told_and_not_started_with(built, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    command = [sys.executable, built, "--config", tmp_path / "config.json"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "host_id" in done.stderr or "incomplete" in done.stderr


@pytest.mark.skipif(not Path(SSHD).exists(), reason="NO REAL SSHD WAS TRIED: apt-get install openssh-server")
def test_it_connects_and_opens_a_session(built, metadata):
    with PlayedGateway() as gateway:
        gateway.start_agent(sys.executable, "-I", str(built), metadata_url=metadata)
        gateway.connected()
        gateway.tell(op="open", stream=1, token=gateway.made.token(login="root"))

        assert gateway.hear("opened")["stream"] == 1


@pytest.mark.parametrize("path", sorted(OWN.glob("*.py")), ids=lambda path: path.name)
def test_it_is_python_as_old_hosts_have_it(path):
    ast.parse(path.read_text(), feature_version=(3, 9))
