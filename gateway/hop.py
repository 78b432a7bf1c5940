"""The last hop: the gateway's own SSH connection to the host's sshd, inside the agent's stream."""

import asyncio
import socket

import asyncssh

from agent.wire import CHUNK, StreamClosed
from gateway.hosts import HostStream, HostUnavailable
from gateway.portal import Session

_LOGIN_SECONDS = 20.0


class Hop:
    """An SSH connection over a host's stream. `key` was certified for this session alone."""

    def __init__(self, stream: HostStream) -> None:
        self._stream = stream
        self._near, self._far = socket.socketpair()
        self._tasks: list[asyncio.Task[None]] = []
        self.connection: asyncssh.SSHClientConnection | None = None

    async def connect(self, session: Session, key: asyncssh.SSHKey) -> asyncssh.SSHClientConnection:
        """Log in; raises HostUnavailable. The host must show what its enclave's host authority signed."""
        self._far.setblocking(False)
        self._tasks = [asyncio.create_task(self._into_host()), asyncio.create_task(self._out_of_host())]
        authorities = [asyncssh.import_public_key(line) for line in session.host_authorities]
        certificate = asyncssh.import_certificate(session.hop_certificate)
        try:
            self.connection = await asyncssh.connect(
                session.host_alias,
                sock=self._near,
                username=session.login,
                client_keys=[(key, certificate)],
                known_hosts=([], authorities, []),
                config=None,
                agent_path=None,
                login_timeout=_LOGIN_SECONDS,
                preferred_auth="publickey",
                compression_algs=None,
            )
        except (asyncssh.Error, OSError) as error:
            raise HostUnavailable(f"The host's sshd does not let the gateway in: {error}") from error
        return self.connection

    async def close(self) -> None:
        """End this side at once. The host's side ends with its stream."""
        if self.connection:
            self.connection.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in (self._near, self._far):
            end.close()

    async def _into_host(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self._far, CHUNK):
                await self._stream.write(data)
        except (OSError, StreamClosed):
            return

    async def _out_of_host(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await self._stream.read():
                await loop.sock_sendall(self._far, data)
            self._far.shutdown(socket.SHUT_WR)
        except (OSError, StreamClosed):
            return
