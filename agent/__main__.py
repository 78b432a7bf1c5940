"""The way in: `python3 enclave-agent.pyz --config /etc/enclave-agent/config.json`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import websockets

from agent import VERSION, cages, sshd
from agent.config import BadConfig, Config, read_config
from agent.connection import Connection
from agent.identity import Identity
from agent.sessions import Sessions
from agent.warden import Warden

CONFIG = "/etc/enclave-agent/config.json"
_log = logging.getLogger("agent")


def main(given: list[str] | None = None) -> int:
    arguments = _parser().parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        config = read_config(Path(arguments.config))
    except BadConfig as error:
        _log.error("%s", error)
        return 2
    warden = Warden()  # before anything that a fork would copy
    asyncio.run(_run(config, warden))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="enclave-agent", description="Opens this host for approved sessions."
    )
    parser.add_argument("--config", default=CONFIG, help=f"the host's configuration ({CONFIG})")
    about = f"%(prog)s {VERSION}, websockets {websockets.__version__}"  # type: ignore[attr-defined] # lazy
    parser.add_argument("--version", action="version", version=about)
    return parser


async def _run(config: Config, warden: Warden) -> None:
    # Passable, because sshd reads the principals as the user who logs in; each file has its own rights.
    config.state.mkdir(mode=0o711, parents=True, exist_ok=True)
    sshd.write_config(config)
    folder = cages.cgroup_folder()
    if folder is None:
        _log.warning("No cgroup can be made here: sessions are held by following their processes.")
    sessions = Sessions(config, Identity(config), warden, folder)
    if left := await sessions.clear():
        _log.error("%s processes of earlier sessions could not be ended.", left)
    await Connection(config, sessions.identity, sessions).run()


if __name__ == "__main__":
    sys.exit(main())
