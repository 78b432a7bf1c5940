"""Asks servers whose addresses tenants typed: over TLS, on the public internet, briefly, and not much.

The address that was checked is the one that is connected to, so that no second look-up can lead elsewhere.
"""

import http.client
import io
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

SECONDS: Final = 5.0  # for one answer, whole
LONGEST: Final = 256 * 1024  # bytes
PORTS: Final = (443, 8443)
# A provider that answers slowly holds some threads of the web process, never all of them.
_AT_ONCE: Final = threading.BoundedSemaphore(3)

# Outside of it are gateways into IPv4, also the private one, that Python calls global (64:ff9b::/96).
_PUBLIC_V6: Final = ipaddress.ip_network("2000::/3")


class FetchFailed(Exception):
    """The server was not asked, or gave no answer to use. The text is for the tenant's admin."""


@dataclass(frozen=True)
class Place:
    """A server that may be asked: its name, and the address that was found fit for it."""

    host: str
    port: int
    address: str
    secure: bool


def fetch_json(
    url: str, *, data: bytes | None = None, headers: Mapping[str, str] = {}
) -> tuple[int, dict[str, Any]]:
    """Ask with GET, or with POST where there is data; return the status and the JSON object of the answer.

    Follows no redirect. Raises FetchFailed.
    """
    if not _AT_ONCE.acquire(timeout=1):
        raise FetchFailed("Too many sign-ons are under way. Try again in some seconds.")
    try:
        return _ask(url, data, headers)
    except (OSError, http.client.HTTPException) as error:
        host = urlsplit(url).hostname
        raise FetchFailed(f"{host} gave no answer: {_reason(error)}.") from error
    finally:
        _AT_ONCE.release()


def check_url(url: str) -> SplitResult:
    """Raise FetchFailed for an address that is none, or that the portal never asks."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchFailed("This is no address.") from error
    if _is_loopback(parts):
        return parts
    if parts.scheme != "https" or not parts.hostname:
        raise FetchFailed("The address must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise FetchFailed("The address must carry no user, no password and no fragment.")
    if (port or 443) not in PORTS:
        raise FetchFailed("The portal asks providers on port 443 or 8443 only.")
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    """Say whether this is a pretend provider, where the settings allow one."""
    allowed = settings.SIGN_ON_LOOPBACK and not settings.PRODUCTION
    return bool(allowed and parts.scheme == "http" and parts.hostname == "127.0.0.1")


def _ask(url: str, data: bytes | None, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    deadline = time.monotonic() + SECONDS
    place = _resolve(check_url(url))
    connection = _Connection(place, deadline)
    try:
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        named = {"Accept": "application/json", "User-Agent": "enclave-portal", **headers}
        connection.request("POST" if data is not None else "GET", path, data, named)
        answer = connection.getresponse()
        return answer.status, _object(place.host, answer)
    finally:
        connection.hang_up()


def _resolve(parts: SplitResult) -> Place:
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    if _is_loopback(parts):
        return Place(host, port, host, secure)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(f"{host} has no address.") from error
    addresses = [str(entry[4][0]) for entry in found]
    # One that is private among several would make where we ask a matter of luck.
    if not addresses or not all(map(is_public, addresses)):
        raise FetchFailed(f"{host} has an address that is not public.")
    return Place(host, port, addresses[0], secure)


def is_public(address: str) -> bool:
    """Say whether an address is one of the public internet, and carries no other address in it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if parsed.is_multicast or not parsed.is_global:
        return False
    return parsed.version == 4 or parsed in _PUBLIC_V6  # noqa: PLR2004 -- the version of the protocol


def _object(host: str, answer: http.client.HTTPResponse) -> dict[str, Any]:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise FetchFailed(f"{host} redirects ({answer.status}). Give the address that it leads to.")
    content = answer.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise FetchFailed(f"The answer of {host} is longer than {LONGEST // 1024} KiB.")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FetchFailed(f"{host} answered {answer.status} without JSON.") from error
    if not isinstance(body, dict):
        raise FetchFailed(f"{host} answered {answer.status} without a JSON object.")
    return body


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it took longer than {SECONDS:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({error.verify_message})"
    return "the connection failed"


class _Connection(http.client.HTTPConnection):
    """A connection to one address, whose every byte has to come before one deadline."""

    def __init__(self, place: Place, deadline: float) -> None:
        super().__init__(place.host, place.port)
        self.default_port = 443 if place.secure else 80  # left out of the Host header
        self._place, self._deadline = place, deadline
        self._kept: socket.socket | None = None

    def connect(self) -> None:
        place = self._place
        plain = socket.create_connection((place.address, place.port), _left(self._deadline))
        try:
            plain.settimeout(_left(self._deadline))
            kept = _context().wrap_socket(plain, server_hostname=place.host) if place.secure else plain
        except BaseException:
            plain.close()
            raise
        self._kept = kept
        self.sock: Any = _Timed(kept, self._deadline)

    def hang_up(self) -> None:
        self.close()
        if self._kept is not None:
            self._kept.close()


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Timed:
    """What http.client uses of a socket, with what is left of the time for each call.

    The time limit of a socket begins anew with each byte, and a server may send one byte at a time.
    """

    def __init__(self, kept: socket.socket, deadline: float) -> None:
        self._kept, self._deadline = kept, deadline

    def sendall(self, data: bytes) -> None:
        self._kept.settimeout(_left(self._deadline))
        self._kept.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._kept, self._deadline))

    def close(self) -> None:
        """Not yet: http.client closes what it still reads from."""


class _Reader(io.RawIOBase):
    def __init__(self, kept: socket.socket, deadline: float) -> None:
        self._kept, self._deadline = kept, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._kept.settimeout(_left(self._deadline))
        return self._kept.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
