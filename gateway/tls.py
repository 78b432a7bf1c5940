"""TLS for hosts and gateways that come in, with files that are replaced while the gateway runs."""

import asyncio
import logging
import ssl

from gateway.settings import Settings

LOOK_SECONDS = 60.0
_log = logging.getLogger(__name__)


class AgentsTls:
    """The context of the agents' port. A certificate lasts a month, connections as long as they can."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen = self._stamps()
        self.context = _context(settings)

    async def follow(self) -> None:
        """Take new files as they come. Who is connected stays so."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.renew()

    def renew(self) -> None:
        """Take the files if they are other ones; keep what is there while they do not fit together."""
        stamps = self._stamps()
        if stamps == self._seen:
            return
        try:
            _context(self._settings)  # tried apart: half of a new pair would leave the port without any
            _load(self.context, self._settings)
        except OSError as error:
            _log.warning("The new certificate for hosts cannot be used: %s", error)
            return
        self._seen = stamps
        _log.info("Hosts see a new certificate from now on.")

    def _stamps(self) -> list[int]:
        files = (self._settings.tls_certificate, self._settings.tls_key, self._settings.agent_roots)
        return [file.stat().st_mtime_ns if file.exists() else 0 for file in files]


def _context(settings: Settings) -> ssl.SSLContext:
    """Who shows a certificate must show a host's; who enrols has none."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=settings.agent_roots)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # a resumed session would bring back a certificate that is over
    _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: Settings) -> None:
    context.load_verify_locations(settings.agent_roots)
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
