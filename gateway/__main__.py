"""The way in: `python -m gateway`, with settings from the environment."""

import asyncio
import logging
import signal
import sys

from gateway.gateway import Gateway
from gateway.portal_http import HttpPortal
from gateway.settings import BadSettings, Settings

_log = logging.getLogger("gateway")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    try:
        settings = Settings.from_environment()
    except BadSettings as error:
        _log.error("%s", error)
        return 2
    asyncio.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    portal = HttpPortal(settings.portal_url, settings.portal_secret)
    gateway = Gateway(settings, portal)
    await gateway.start()
    _log.info("People come in at port %s, hosts at port %s.", gateway.ssh_port, gateway.agent_port)
    await stopped.wait()
    await gateway.stop()
    portal.close()


if __name__ == "__main__":
    sys.exit(main())
