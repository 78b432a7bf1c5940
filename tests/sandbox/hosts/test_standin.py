"""The stand-in for OpenSSH's server, started as the agent starts sshd, and spoken to as the gateway does."""

import asyncio
import os
import socket
import subprocess
import sys

import asyncssh
import pytest

from agent import sshd
from agent.config import config_from
from portal.runtime.processes import ROOT
from tests.agent.made import HOST, ZONE, Made

PRINCIPAL = f"host:acme/{ZONE}/{HOST}"


class Machine:
    """A host of which the test is the authority for everything."""

    def __init__(self, folder):
        self.authority = asyncssh.generate_private_key("ssh-ed25519")
        self.config = config_from({**Made().told(folder), "login": "enclave"})
        sshd.write_config(self.config)
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(folder / "host_key"))
        key.write_public_key(str(folder / "host_key.pub"))
        certificate = self.authority.generate_host_certificate(key, "host", principals=["machine"])
        certificate.write_certificate(str(folder / "host_key-cert.pub"))
        (folder / "user_ca.pub").write_text(self.line)

    @property
    def line(self):
        return self.authority.export_public_key().decode()

    async def connect(self, *, principal=PRINCIPAL, authority=None):
        """Start the stand-in and log in; what it is started with is its one stream."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        certificate = (authority or self.authority).generate_user_certificate(
            key, "k", principals=[principal]
        )
        ours, its = socket.socketpair()
        config = ("-i", "-f", str(self.config.state / "sshd_config"), "-E", "nowhere")
        command = [sys.executable, "-m", "sandbox.hosts.standin", *config]
        with its:
            self.process = subprocess.Popen(command, cwd=ROOT, stdin=its, stdout=its)  # noqa: S603 -- ours
        return await asyncssh.connect(
            "machine",
            sock=ours,
            username="enclave",
            client_keys=[(key, certificate)],
            known_hosts=([], [asyncssh.import_public_key(self.line)], []),
            config=None,
            agent_path=None,
        )


@pytest.fixture
def machine(tmp_path):
    folder = tmp_path / "a machine"
    folder.mkdir()
    machine = Machine(folder)
    yield machine
    machine.process.kill()
    machine.process.wait()


def test_who_has_a_certificate_for_the_host_gets_commands_files_and_a_terminal(machine, tmp_path):
    async def visit():
        async with await machine.connect() as connection:
            done = await connection.run("cat; echo no >&2; exit 3", input="hello")
            assert (done.stdout, done.stderr, done.exit_status) == ("hello", "no\n", 3)
            much = await connection.run("seq 100000")
            assert much.stdout.split()[-1] == "100000"
            async with connection.start_sftp_client() as files:
                assert await files.getcwd()
            await in_a_terminal(connection)
        return machine.process.wait(10)

    assert asyncio.run(visit()) == 0


async def in_a_terminal(connection):
    """What is typed is a shell's, on a terminal of the size that the person has."""
    async with connection.create_process(term_type="xterm", term_size=(101, 31)) as shell:
        shell.stdin.write("stty size; echo $TERM-$((6 * 7)); tty\n")
        await shell.stdout.readuntil("31 101")
        await shell.stdout.readuntil("xterm-42")
        await shell.stdout.readuntil("/dev/pts/")
        shell.change_terminal_size(90, 20)
        shell.stdin.write("until [ \"$(stty size)\" = '20 90' ]; do sleep 0.05; done; exit 5\n")
        assert (await shell.wait()).exit_status == 5


@pytest.mark.parametrize("wrong", ["principal", "authority"])
def test_nobody_else_gets_in(machine, wrong):
    other = {"principal": {"principal": "host:acme/other"}}
    other["authority"] = {"authority": asyncssh.generate_private_key("ssh-ed25519")}

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(machine.connect(**other[wrong]))


def test_a_hang_up_ends_it(machine):
    async def visit():
        connection = await machine.connect()
        process = await connection.create_process("echo $PPID; sleep 60")
        assert int(await process.stdout.readline()) == machine.process.pid
        connection.abort()

    asyncio.run(visit())

    assert machine.process.wait(10) == 0
    assert not os.path.exists(f"/proc/{machine.process.pid}")
