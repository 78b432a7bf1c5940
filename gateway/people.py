"""The side where people come in: SSH, with a certificate for one grant and nothing else."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import asyncssh

from gateway.authorities import Authorities
from gateway.certificates import Login, Shown, watch
from gateway.ending import Reason
from gateway.forwarding import Forwarding
from gateway.host_session import Services
from gateway.portal import Caller
from gateway.process import PersonProcess
from gateway.sessions import PersonSession

BANNER = "This way leads to tenants' hosts. Sessions are recorded.\r\n"
MOST_STRANGERS = 100  # connections that have not logged in, as sshd's MaxStartups
MOST_STRANGERS_OF_ONE = 20  # the same, from one address
MOST_SESSIONS = 10  # at once on one connection, as sshd's MaxSessions
MOST_TRIES = 10  # keys that may be shown; an agent may hold several
_LOGIN_SECONDS = 30
_KEEPALIVE_SECONDS = 15
_FINISH_SECONDS = 2.0  # for the last words to get through
_log = logging.getLogger(__name__)


class Door:
    """Counts who has come in and not said who they are."""

    def __init__(self) -> None:
        self._strangers: Counter[str] = Counter()

    def enter(self, source: str) -> bool:
        """Whether there is room for one more."""
        self._strangers[source] += 1
        is_full = self._strangers.total() > MOST_STRANGERS
        return not is_full and self._strangers[source] <= MOST_STRANGERS_OF_ONE

    def leave(self, source: str) -> None:
        self._strangers[source] -= 1
        if not self._strangers[source]:
            del self._strangers[source]


class Person(asyncssh.SSHServer):
    """One connection of a person. It is for one grant, and ends with its certificate."""

    def __init__(self, services: Services, authorities: Authorities, door: Door) -> None:
        self._services = services
        self._authorities = authorities
        self._door = door
        self._is_stranger = False
        self._tries = 0
        self._login: Login | None = None
        self._shown: Shown | None = None
        self._running = 0
        self._forwarding: Forwarding | None = None
        self._end_timer: asyncio.TimerHandle | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._source = str(conn.get_extra_info("peername")[0])
        self._is_stranger = True
        if not self._door.enter(self._source):
            conn.abort()
        watch(conn, self._accept)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave_door()
        if self._end_timer:
            self._end_timer.cancel()
        if self._login:
            self._services.live.remove(self._login.grant, self)
        if self._forwarding:
            self._forwarding.end(Reason.LEFT)

    def begin_auth(self, username: str) -> bool:
        if self._login is None:
            self._connection.send_auth_banner(BANNER)
        self._login = Login.parse(username)
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._tries += 1
        if self._tries > MOST_TRIES:
            self._connection.abort()
            return False
        return await self._authorities.knows(key)

    def auth_completed(self) -> None:
        self._leave_door()
        if not (self._login and self._shown):
            self._connection.abort()
            return
        self._services.live.add(self._login.grant, self)
        left = max(0.0, self._shown.ends_at - time.time())
        self._end_timer = asyncio.get_running_loop().call_later(left, self.end, Reason.EXPIRED)

    def session_requested(self) -> PersonProcess | bool:
        if self._running >= MOST_SESSIONS:
            return False
        self._running += 1
        return PersonProcess(self._serve)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Callable[[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Coroutine[Any, Any, None]] | bool:
        """Port forwarding. asyncssh has refused it already if the certificate does not allow it."""
        if self._forwarding is None:
            self._forwarding = Forwarding(self._services, self._caller())
        return partial(self._forwarding.serve, host=dest_host, port=dest_port)

    def end(self, reason: Reason) -> None:
        """Sessions end by themselves for the same reason; then there is nothing to stay for."""
        if self._forwarding:
            self._forwarding.end(reason)
        asyncio.get_running_loop().call_later(_FINISH_SECONDS, self._connection.abort)

    async def _serve(self, process: PersonProcess) -> None:
        try:
            await PersonSession(self._services, self._caller(), process).run()
        except Exception:
            # The outermost frame of a session. One that fails must not look as if it were still there.
            _log.exception("A session failed.")
            self._connection.abort()
        finally:
            self._running -= 1

    def _accept(self, shown: Shown) -> None:
        self._shown = shown

    def _caller(self) -> Caller:
        assert self._login  # noqa: S101 -- auth_completed has seen to both
        assert self._shown  # noqa: S101
        return Caller(
            grant=self._login.grant,
            host_name=self._login.host_name,
            key_fingerprint=self._shown.key_fingerprint,
            certificate_serial=self._shown.serial,
            authority_fingerprint=self._shown.authority_fingerprint,
            source=self._source,
            hop_key="",
        )

    def _leave_door(self) -> None:
        if self._is_stranger:
            self._is_stranger = False
            self._door.leave(self._source)


async def listen(
    host: str, port: int, host_key: asyncssh.SSHKey, services: Services, authorities: Authorities
) -> asyncssh.SSHAcceptor:
    """Take people in."""
    door = Door()
    return await asyncssh.listen(
        host,
        port,
        server_factory=lambda: Person(services, authorities, door),
        server_host_keys=[host_key],
        encoding=None,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        agent_forwarding=False,
        x11_forwarding=False,
        line_editor=False,
        x509_trusted_certs=None,
        login_timeout=_LOGIN_SECONDS,
        keepalive_interval=_KEEPALIVE_SECONDS,
        compression_algs=None,
        server_version="enclave-gateway",
    )
