"""A host that a test plays itself: it speaks the wire, honestly or not."""

import json
import ssl
from datetime import timedelta
from typing import Any, Self

from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.sync.client import ClientConnection, connect

from enclaves.signing import keys, x509
from enclaves.signing.spiffe import SpiffeId
from tests.gateway.portal import now
from tests.gateway.world import RunningGateway, World


class PretendedHost:
    """One connection to a gateway, as a host or as nobody."""

    def __init__(self, world: World, gateway: RunningGateway) -> None:
        self._world = world
        self._gateway = gateway
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._chain = ""

    def certified(
        self, host: SpiffeId, authority: x509.Authority, lasts: timedelta = timedelta(hours=1), ago: int = 0
    ) -> Self:
        """Have a certificate of an authority, whoever that is."""
        moment = now() - timedelta(seconds=ago)
        self._chain = x509.host_identity(authority, self.request(), host, now=moment, lasts=lasts)
        return self

    def certified_as_is(self, chain: str) -> Self:
        self._chain = chain
        return self

    def request(self) -> bytes:
        builder = pyca.CertificateSigningRequestBuilder().subject_name(pyca.Name([]))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def connect(self, path: str = "/agent", **options: Any) -> ClientConnection:
        context = ssl.create_default_context(cadata=self._world.portal.gateways_root.pem)
        if self._chain:
            folder = self._world.folder
            (folder / "pretended.pem").write_text(self._chain)
            (folder / "pretended.key").write_bytes(keys.private_pem(self.key))
            context.load_cert_chain(folder / "pretended.pem", folder / "pretended.key")
        url = f"wss://127.0.0.1:{self._gateway.agent_port}{path}"
        return connect(url, ssl=context, compression=None, proxy=None, **options)


def tell(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection, operation: str, patience: float = 20) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        message = socket.recv(patience)
        if isinstance(message, str) and json.loads(message)["op"] == operation:
            return json.loads(message)
