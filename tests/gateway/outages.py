"""A server for tests that can go away while others hold connections to it."""

import socketserver
from typing import Any


class Droppable(socketserver.TCPServer):
    """Before the class that makes it threaded, among the bases of a server."""

    def __init__(self, *args: Any) -> None:
        self._open: set[Any] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def drop(self) -> None:
        """Close connections that are kept, so that an outage is one for them too."""
        for request in list(self._open):
            super().shutdown_request(request)
