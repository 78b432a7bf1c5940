"""A gateway that a test plays itself: it may say anything to a real agent."""

import json
import os
import queue
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from enclaves.signing import keys, x509
from tests.agent.made import Made

SSHD = "/usr/sbin/sshd"


class PlayedGateway:
    """Takes in one agent. What a test does not say itself is said as an honest portal would."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="enclave-agent-"))
        self.folder.chmod(0o711)
        # An agent ends what an earlier one of its host left running, so no two tests may share a host.
        self.made = Made(now=datetime.now(UTC), host=str(uuid.uuid4()))
        self.statement: dict[str, Any] = {}
        self.requests: list[dict[str, Any]] = []
        self.heard: queue.Queue[Any] = queue.Queue()
        self.socket: ServerConnection | None = None
        self._agent: subprocess.Popen[bytes] | None = None
        self._tls()

    def __enter__(self) -> Self:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "tls.pem", self.folder / "tls.key")
        self._server = serve(self._serve, "127.0.0.1", 0, ssl=context, compression=None)
        self._port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop_agent()
        self._server.shutdown()
        shutil.rmtree(self.folder)

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text()

    @property
    def agent_pid(self) -> int:
        assert self._agent
        return self._agent.pid

    def start_agent(self, *program: str, **changes: Any) -> None:
        """Start an agent that is told of this gateway."""
        told = {
            **self.made.told(self.folder / "state"),
            "gateway_urls": [f"wss://127.0.0.1:{self._port}"],
            "gateway_ca": (self.folder / "root.pem").read_text(),
            "login": "root",
            "sshd": SSHD,
            **changes,
        }
        (self.folder / "config.json").write_text(json.dumps(told))
        command = [
            *(program or (sys.executable, "-m", "agent")),
            "--config",
            str(self.folder / "config.json"),
        ]
        with (self.folder / "agent.log").open("ab") as log:
            self._agent = subprocess.Popen(
                command, stderr=log, stdin=subprocess.DEVNULL, env=dict(os.environ)
            )

    def stop_agent(self) -> None:
        if self._agent:
            self._agent.send_signal(signal.SIGKILL)
            self._agent.wait(20)

    def hear(self, operation: str, patience: float = 20) -> dict[str, Any]:
        """The next message of a kind from the agent."""
        while True:
            message = self.heard.get(timeout=patience)
            if isinstance(message, str) and json.loads(message)["op"] == operation:
                return json.loads(message)

    def tell(self, **message: Any) -> None:
        assert self.socket
        self.socket.send(json.dumps(message))

    def connected(self) -> dict[str, Any]:
        return self.hear("hello")

    def _serve(self, socket: ServerConnection) -> None:
        try:
            if socket.request.path == "/enrol":
                self._enrol(socket)
            else:
                self.socket = socket
                for message in socket:
                    self.heard.put(message)
        except ConnectionClosed:
            return

    def _enrol(self, socket: ServerConnection) -> None:
        socket.recv(20)
        socket.send(json.dumps({"op": "challenge", "nonce": "0123456789"}))
        request = json.loads(socket.recv(20))
        self.requests.append(request)
        statement = self.made.statement(request, now=datetime.now(UTC), **self.statement)
        socket.send(json.dumps({"op": "statement", "statement": statement}))

    def _tls(self) -> None:
        now = self.made.now
        root = x509.make_root(
            ec.generate_private_key(ec.SECP256R1()), "portal.example", "gateways", now=now, depth=0
        )
        key = ec.generate_private_key(ec.SECP256R1())
        (self.folder / "root.pem").write_text(root.pem)
        (self.folder / "tls.pem").write_text(
            x509.gateway_certificate(root, key.public_key(), ["127.0.0.1"], now=now)
        )
        (self.folder / "tls.key").write_bytes(keys.private_pem(key))
