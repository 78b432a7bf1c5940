"""The portal over HTTP: one POST with JSON for each question, from a few threads with lasting connections."""

import asyncio
import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import urlsplit

from gateway.portal import Caller, Closing, PortalUnreachable, Refused, Revocation, Session

_THREADS = 8
_TIMEOUT = 10.0  # seconds
_MOST = 4 * 1024 * 1024  # bytes of an answer
_TRIES = 2  # a connection that was kept may have been closed meanwhile
_REFUSALS = frozenset({400, 403, 404, 409, 410, 422})
_NO_CONTENT = 204


class HttpPortal:
    """Implements `Portal`. `url` is the signer's address; the secret names this gateway to it."""

    def __init__(self, url: str, secret: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._place = parts.netloc
        self._path = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._context = context
        self._threads = ThreadPoolExecutor(_THREADS, "portal")
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    async def user_authorities(self) -> Sequence[str]:
        answer = await self._ask("user-authorities", {})
        with _understood():
            return tuple(str(line) for line in answer)

    async def authorize(self, caller: Caller) -> Session:
        answer = await self._ask("authorize", asdict(caller))
        with _understood():
            return _session(answer)

    async def opened(self, session: str) -> None:
        await self._ask("opened", {"session": session})

    async def chunk(self, session: str, offset: int, text: str) -> None:
        await self._ask("chunk", {"session": session, "offset": offset, "text": text})

    async def closed(self, session: str, closing: Closing) -> None:
        await self._ask("closed", {"session": session, **asdict(closing)})

    async def challenge(self, host: str) -> str:
        answer = await self._ask("challenge", {"host": host})
        with _understood():
            return str(answer["nonce"])

    async def enrol(self, host: str, request: Mapping[str, str]) -> str:
        return await self._statement("enrol", {"host": host, **request})

    async def renew(self, spiffe_id: str, request: Mapping[str, str]) -> str:
        return await self._statement("renew", {"spiffe_id": spiffe_id, **request})

    async def heartbeats(self, hosts: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
        answer = await self._ask("heartbeats", {"hosts": hosts})
        with _understood():
            return tuple(str(one) for one in answer["unwelcome"])

    async def revocations(self) -> Sequence[Revocation]:
        answer = await self._ask("revocations", {})
        with _understood():
            return [Revocation(one["grant"], one["reason"], tuple(one["hosts"])) for one in answer]

    async def verified(self, grant: str, host: str, left: int) -> None:
        await self._ask("verified", {"grant": grant, "host": host, "left": left})

    def close(self) -> None:
        """Let go of threads and connections. Nothing can be asked after that."""
        self._threads.shutdown(wait=True)
        for connection in self._connections:
            connection.close()

    async def _statement(self, name: str, body: Mapping[str, str]) -> str:
        answer = await self._ask(name, body)
        with _understood():
            return str(answer["statement"])

    async def _ask(self, name: str, body: Mapping[str, Any]) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._post, name, json.dumps(body).encode())

    def _post(self, name: str, body: bytes) -> Any:
        for remaining in reversed(range(_TRIES)):
            try:
                return self._exchange(f"{self._path}/{name}", body)
            except (OSError, http.client.HTTPException) as error:
                self._forget()
                if not remaining or not isinstance(error, (ConnectionError, http.client.BadStatusLine)):
                    raise PortalUnreachable(f"The portal does not answer: {error!r}.") from error
        raise AssertionError("The last try raises.")

    def _exchange(self, path: str, body: bytes) -> Any:
        connection = self._connection()
        connection.request("POST", path, body, self._headers)
        response = connection.getresponse()
        answer = response.read(_MOST)
        if response.status in _REFUSALS:
            raise Refused(_detail(answer))
        if not http.client.OK <= response.status < http.client.MULTIPLE_CHOICES:
            raise PortalUnreachable(f"The portal answers {response.status}.")
        return None if response.status == _NO_CONTENT else _json(answer)

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is None:
            kept = self._local.connection = self._new_connection()
            self._connections.append(kept)
        return kept

    def _new_connection(self) -> http.client.HTTPConnection:
        if self._is_tls:
            return http.client.HTTPSConnection(self._place, timeout=_TIMEOUT, context=self._context)
        return http.client.HTTPConnection(self._place, timeout=_TIMEOUT)

    def _forget(self) -> None:
        """Close this thread's connection; the next request opens it again."""
        self._connection().close()


def _session(answer: Any) -> Session:
    wanted = {one.name for one in fields(Session)}
    given = {name: value for name, value in answer.items() if name in wanted}
    return Session(**{**given, "host_authorities": tuple(given["host_authorities"])})


@contextmanager
def _understood() -> Iterator[None]:
    """An answer of another shape is as good as none."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PortalUnreachable("The portal's answer cannot be used.") from error


def _detail(answer: bytes) -> str:
    """What a refusal says, in the form of RFC 9457."""
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError):
        return "The portal refuses this."


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError as error:
        raise PortalUnreachable("The portal's answer cannot be read.") from error
