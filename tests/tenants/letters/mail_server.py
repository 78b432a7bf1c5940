"""A mail server in a thread: takes letters, refuses them, or takes one and says nothing of it."""

import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Self

PATIENCE = 60  # seconds, on a machine that does other things too


@dataclass
class MailServer:
    """What it took, what it says to an address, and whether it answers at all when it has a letter."""

    taken: list[Message] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)  # to RCPT, by address
    is_mute: bool = False
    visits: int = 0
    has_one: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.mail = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def mailer(self) -> dict[str, object]:
        """What Django is told to reach this server."""
        options = {"host": "127.0.0.1", "port": self.port, "timeout": PATIENCE}
        return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    mail: MailServer


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.mail.visits += 1
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            command = line[:4].upper()
            if command == "DATA":
                self._say("354 go on")
                self._take()
                if self.server.mail.is_mute:
                    self.rfile.read()  # until whoever waits for an answer is gone
                    return
                self._say("250 taken")
            elif command == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                self._say(self.server.mail.answers.get(address, "250 fine"))
            else:
                self._say("221 bye" if command == "QUIT" else "250 fine")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.mail.taken.append(message_from_bytes(b"".join(lines)))
        self.server.mail.has_one.set()

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
