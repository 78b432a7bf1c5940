"""The side where hosts come in: one connection for each, for as long as its certificate lasts."""

import asyncio
import contextlib
import json
import logging
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from agent.wire import ProtocolViolation, StreamClosed, read_message, text_in
from gateway.hosts import HostLink
from gateway.names import HostIdentity, NotAHost, identify
from gateway.portal import Portal, PortalUnreachable, Refused

FORBIDDEN = 4003
REPLACED = 4009
OVER = 4001
_ENROL_SECONDS = 30.0
_MOST_ENROLLING = 4  # at once: anybody may try, and the portal has better things to do
_MOST_FACTS = 4096  # characters of what a host tells of itself: all hosts' go to the portal together
_REQUEST = frozenset({"csr", "host_key"})
_log = logging.getLogger(__name__)


@dataclass
class Attached:
    """A host that is connected here."""

    identity: HostIdentity
    link: HostLink
    facts: dict[str, Any]
    timer: asyncio.TimerHandle | None = None


class AttachedHosts:
    """All hosts that are connected to this gateway."""

    def __init__(self, portal: Portal, domain: str) -> None:
        self._portal = portal
        self._domain = domain
        self._hosts: dict[str, Attached] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._enrolling = asyncio.Semaphore(_MOST_ENROLLING)
        self.arrived: Callable[[str], Coroutine[Any, Any, None]] = _nothing
        self.left: Callable[[str], Coroutine[Any, Any, None]] = _nothing

    def __contains__(self, host: str) -> bool:
        return host in self._hosts

    def ids(self) -> list[str]:
        return sorted(self._hosts)

    def link(self, host: str) -> HostLink | None:
        found = self._hosts.get(host)
        return found.link if found else None

    def facts(self) -> dict[str, dict[str, Any]]:
        """What each host last told of itself, by SPIFFE id."""
        return {one.identity.spiffe_id: one.facts for one in self._hosts.values()}

    async def serve(self, socket: ServerConnection) -> None:
        """Serve a host's agent until either side ends it."""
        try:
            identity = self._identify(socket)
        except NotAHost as error:
            _log.warning("%s was refused: %s", socket.remote_address, error)
            await socket.close(FORBIDDEN, str(error))
            return
        await self._serve(socket, identity)

    async def enrol(self, socket: ServerConnection) -> None:
        """Carry a host's first words to the portal, and its answer back. The gateway decides nothing."""
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(_ENROL_SECONDS), self._enrolling:
                try:
                    await self._enrol(socket)
                except (Refused, PortalUnreachable, ProtocolViolation) as error:
                    _log.warning("An enrolment from %s failed: %s", socket.remote_address, error)
                    await socket.send(json.dumps({"op": "denied", "reason": str(error)}))

    async def detach(self, spiffe_id: str) -> None:
        """Let go of a host that the portal does not want any more."""
        for one in list(self._hosts.values()):
            if one.identity.spiffe_id == spiffe_id:
                await one.link.close(FORBIDDEN, "The portal does not know this host.")

    def _identify(self, socket: ServerConnection) -> HostIdentity:
        der = socket.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        if not der:
            raise NotAHost("There is no certificate.")
        return identify(x509.load_der_x509_certificate(der), self._domain)

    async def _serve(self, socket: ServerConnection, identity: HostIdentity) -> None:
        others = {
            "hello": self._told(identity),
            "heartbeat": self._told(identity),
            "renew": self._asked(identity),
        }
        attached = Attached(identity, HostLink(socket, others), {})
        await self._replace(attached)
        self._end_at(attached, identity.ends_at)
        await self.arrived(identity.id)
        try:
            await attached.link.run()
        except ProtocolViolation as error:
            _log.warning("%s broke the protocol: %s", identity.spiffe_id, error)
        finally:
            if attached.timer:
                attached.timer.cancel()
            if self._hosts.get(identity.id) is attached:
                del self._hosts[identity.id]
                await self.left(identity.id)

    async def _replace(self, attached: Attached) -> None:
        """The newest connection of a host counts: the one before is most often dead, and does not know it."""
        before = self._hosts.get(attached.identity.id)
        self._hosts[attached.identity.id] = attached
        if before:
            self._spawn(before.link.close(REPLACED, "There is a newer connection of this host."))

    def _end_at(self, attached: Attached, ends_at: float) -> None:
        """TLS looks at a certificate once. So that it ends with its time, its connection is closed then."""
        if attached.timer:
            attached.timer.cancel()
        left = max(0.0, ends_at - time.time())
        attached.timer = asyncio.get_running_loop().call_later(left, self._over, attached)

    def _over(self, attached: Attached) -> None:
        self._spawn(attached.link.close(OVER, "The certificate is over."))

    def _told(self, identity: HostIdentity) -> Callable[[dict[str, Any]], None]:
        def told(message: dict[str, Any]) -> None:
            attached = self._hosts.get(identity.id)
            facts = message.get("facts")
            if not isinstance(facts, dict) or len(json.dumps(facts)) > _MOST_FACTS:
                raise ProtocolViolation(f"A heartbeat has facts, of {_MOST_FACTS} characters at most.")
            if attached:
                attached.facts = facts

        return told

    def _asked(self, identity: HostIdentity) -> Callable[[dict[str, Any]], None]:
        def asked(message: dict[str, Any]) -> None:
            request = {name: text_in(message, name) for name in _REQUEST}
            self._spawn(self._renew(identity, request))

        return asked

    async def _renew(self, identity: HostIdentity, request: dict[str, str]) -> None:
        attached = self._hosts.get(identity.id)
        if attached is None:
            return
        with contextlib.suppress(StreamClosed, OSError):
            try:
                statement = await self._portal.renew(identity.spiffe_id, request)
            except (Refused, PortalUnreachable) as error:
                await attached.link.tell(op="denied", reason=str(error))
                return
            await attached.link.tell(op="statement", statement=statement)
            self._prolong(attached, statement)

    def _prolong(self, attached: Attached, statement: str) -> None:
        """Keep a connection for as long as the new certificate lasts, if it is for the same host and key.

        Whoever is at the other end has proved to have the key when the connection began.
        """
        try:
            renewed = identify(_leaf_in(statement), self._domain)
        except (NotAHost, ValueError, KeyError, TypeError, IndexError) as error:
            _log.warning("A statement for %s cannot be read: %s", attached.identity.spiffe_id, error)
            return
        known = attached.identity
        if (renewed.spiffe_id, renewed.key) == (known.spiffe_id, known.key):
            self._end_at(attached, renewed.ends_at)

    async def _enrol(self, socket: ServerConnection) -> None:
        host = text_in(await _message(socket, "ask"), "host")
        nonce = await self._portal.challenge(host)
        await socket.send(json.dumps({"op": "challenge", "nonce": nonce}))
        told = await _message(socket, "enrol")
        request = {name: text_in(told, name) for name in (*_REQUEST, "document")}
        statement = await self._portal.enrol(host, {"nonce": nonce, **request})
        await socket.send(json.dumps({"op": "statement", "statement": statement}))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _message(socket: ServerConnection, operation: str) -> dict[str, Any]:
    message = read_message(await socket.recv())
    if message["op"] != operation:
        raise ProtocolViolation(f"{operation} was expected.")
    return message


def _leaf_in(statement: str) -> x509.Certificate:
    """The host's certificate in a statement. It is the portal's word: whoever brought it asked the portal."""
    payload = statement.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return x509.load_pem_x509_certificate(claims["chain"].encode())


async def _nothing(host: str) -> None:
    """Nobody wants to know."""
