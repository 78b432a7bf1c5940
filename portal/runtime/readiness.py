"""Free ports, and whether somebody answers on one."""

import http.client
import random
import socket
import ssl
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

# Below the range from which the kernel takes ports of outgoing connections, so that none of those
# is given our port between the look and the bind.
_PORTS = range(20_000, 30_000)


def free_port(preferred: int | None = None) -> int:
    """A port of the loopback address on which nobody listens: the preferred one if it is free."""
    candidates = [preferred] if preferred else []
    candidates += random.sample(_PORTS, 50)
    return next(port for port in candidates if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> Callable[[], bool]:
    """Does anybody accept connections on the port?"""

    def is_ready() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
        except OSError:
            return False
        return True

    return is_ready


def answers_http(port: int, path: str, *, ca_file: Path | None = None) -> Callable[[], bool]:
    """Does the page answer, with anything that is not an error of the server?

    With the certificate of an authority it must answer over TLS, and be certified by that one.
    """

    def is_ready() -> bool:
        connection = local_connection(port, ca_file=ca_file, seconds=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return is_ready


def local_connection(port: int, *, ca_file: Path | None = None, seconds: float) -> http.client.HTTPConnection:
    """A connection to the loopback address, over TLS if there is an authority to believe."""
    if ca_file is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    context = ssl.create_default_context(cafile=str(ca_file))
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)
