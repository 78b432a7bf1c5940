"""Plays the machines of the pretend clouds: ``python -m sandbox.hosts --state FOLDER --certificates FOLDER``.

Each machine that runs gets a process with the portal's agent, on loopback, with what the machine was told at
its birth; it ends with the machine. All of them share this computer and its one account.
"""

import argparse
import getpass
import logging
import shlex
import signal
import sys
import time
from pathlib import Path

from sandbox.hosts.hosts import Hosts
from sandbox.hosts.machines import Unreachable
from sandbox.hosts.vouching import Certificates

LOOK_EVERY = 1.0  # seconds
log = logging.getLogger("hosts")


def main() -> None:
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, _stop)
    options.state.mkdir(mode=0o711, parents=True, exist_ok=True)
    sshd = options.sshd or _stand_in(options.state)
    clouds = {"aws": options.aws, "azure": options.azure_metadata}
    certificates = Certificates(options.certificates, options.azure, options.azure_ca)
    hosts = Hosts({cloud: url for cloud, url in clouds.items() if url}, options.state, sshd, certificates)
    log.info("People who get in are %s here; %s opens their sessions.", getpass.getuser(), sshd)
    try:
        while True:
            _look(hosts)
            time.sleep(LOOK_EVERY)
    finally:
        hosts.end()


def _look(hosts: Hosts) -> None:
    try:
        hosts.look()
    except Unreachable as error:
        log.warning("%s", error)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.hosts", description=__doc__)
    parser.add_argument("--aws", help="the pretend AWS")
    parser.add_argument("--azure", help="the pretend Azure")
    parser.add_argument("--azure-ca", type=Path, help="who certified it")
    parser.add_argument("--azure-metadata", help="where it tells machines about themselves")
    parser.add_argument("--state", type=Path, required=True, help="a folder for the files of each host")
    parser.add_argument("--certificates", type=Path, required=True, help="a folder for what clouds sign with")
    parser.add_argument("--sshd", help="OpenSSH's server; a stand-in if left out")
    return parser.parse_args()


def _stand_in(state: Path) -> str:
    """A program that is started like OpenSSH's server."""
    path = state / "sshd"
    command = shlex.join([sys.executable, "-m", "sandbox.hosts.standin"])
    path.write_text(f'#!/bin/sh\ncd {shlex.quote(str(Path.cwd()))} && exec {command} "$@"\n')
    path.chmod(0o755)
    return str(path)


def _stop(number: int, frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
