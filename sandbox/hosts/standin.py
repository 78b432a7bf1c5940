"""Stands in for OpenSSH's server where there is none: ``-i -f CONFIG``; standard input is the socket.

For the demo alone. It lets in whom sshd would: who has a certificate of the host's authority for the host's
principal. Its sessions run as whoever started it.
"""

import argparse
import asyncio
import fcntl
import os
import pty
import pwd
import socket
import struct
import termios
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncssh import SSHServerProcess

SHELL = "/bin/sh"
VERSION = "a stand-in for sshd"
DRAIN = 2  # seconds
_BY_SIGNAL = 128  # and the number of the signal, as shells tell it
_SCAN = "hhhh"  # rows, columns and two that nobody uses, see tty_ioctl(4)


def read_settings(path: Path) -> dict[str, str]:
    """The settings of the agent's sshd_config; the first of each name counts."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            found.setdefault(name, value.strip('"'))
    return found


async def serve(connection: socket.socket, settings: dict[str, str]) -> None:
    """Serve one connection until it is over."""
    import asyncssh

    authorities = Path(settings["TrustedUserCAKeys"]).read_text().splitlines()
    principals = ",".join(Path(settings["AuthorizedPrincipalsFile"]).read_text().split())
    allowed = "\n".join(f'cert-authority,principals="{principals}" {line}' for line in authorities)
    server = await asyncssh.run_server(
        connection,
        server_host_keys=[(settings["HostKey"], settings["HostCertificate"])],
        authorized_client_keys=asyncssh.import_authorized_keys(allowed),
        process_factory=_run,
        sftp_factory=True,
        encoding=None,
        agent_forwarding=False,
    )
    await server.wait_closed()


async def _run(process: "SSHServerProcess[bytes]") -> None:
    arguments = [_shell(), "-c", process.command] if process.command else [_shell()]
    if process.term_type:
        await _run_in_terminal(process, arguments)
        return
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *arguments, stdin=pipe, stdout=pipe, stderr=pipe, cwd=_home()
    )
    await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
    await _exit(process, child)


def _shell() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_shell or SHELL
    except KeyError:  # in some containers nobody has a name
        return SHELL


def _home() -> str:
    home = os.path.expanduser("~")
    return home if os.path.isdir(home) else "/"


async def _run_in_terminal(process: "SSHServerProcess[bytes]", arguments: list[str]) -> None:
    ours, theirs = pty.openpty()
    _resize(ours, process.term_size[0], process.term_size[1])
    environment = {**os.environ, "TERM": process.term_type or "dumb"}
    child = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=_home(),
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    await process.redirect(stdin=os.dup(ours), stdout=ours, recv_eof=False)
    await _exit(process, child)


async def _exit(process: "SSHServerProcess[bytes]", child: asyncio.subprocess.Process) -> None:
    """Say how the program ended, behind its last words; what it left in the background may say no more."""
    status = await child.wait()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.stdout.drain(), DRAIN)
        await asyncio.wait_for(process.stderr.drain(), DRAIN)
    process.exit(status if status >= 0 else _BY_SIGNAL - status)


def _take_terminal() -> None:
    """Make what is standard input the terminal of this session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _resize(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack(_SCAN, rows, columns, 0, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-i", action="store_true", help="serve the connection that is standard input")
    parser.add_argument("-f", dest="config", type=Path, required=True, help="the agent's sshd_config")
    parser.add_argument("-V", action="version", version=VERSION)
    options, _ = parser.parse_known_args()
    asyncio.run(serve(socket.socket(fileno=os.dup(0)), read_settings(options.config)))


if __name__ == "__main__":
    main()
