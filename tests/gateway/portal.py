"""A pretend portal over HTTP: it decides by a list of grants, and signs with the real signing code."""

import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from enclaves.signing import names, ssh, x509
from enclaves.signing.grants import grant_token
from enclaves.signing.spiffe import SpiffeId
from enclaves.signing.statements import host_statement
from tests.gateway.outages import Droppable

DOMAIN = "portal.example"
SECRET = "the-gateways-secret-the-gateways-secret"
ZONE = "dev.aws-us-east-1a"
NONCE = "0123456789"


def now() -> datetime:
    return datetime.now(UTC)


class No(Exception):
    """The portal refuses."""


@dataclass
class Enclave:
    """One tenant's authorities in one zone."""

    tenant: str
    intermediate: x509.Authority
    user_ca: ssh.SshAuthority
    host_ca: ssh.SshAuthority


@dataclass
class Host:
    id: str
    name: str
    enclave: Enclave
    document: str
    key: str = ""

    @property
    def spiffe(self) -> SpiffeId:
        tenant = self.enclave.tenant
        place = {"cloud": "aws", "account": "111122223333", "zone": ZONE}
        return SpiffeId(domain=DOMAIN, tenant=tenant, host=self.id, **place)

    @property
    def ssh_name(self) -> names.HostName:
        return names.HostName(self.enclave.tenant, ZONE, self.id)


@dataclass
class Granted:
    signed: names.Grant
    hosts: list[Host]
    login: str
    state: str = "active"
    serials: set[int] = field(default_factory=set)
    unverified: set[str] = field(default_factory=set)


@dataclass
class Told:
    """What the portal heard of one session."""

    grant: str
    pieces: dict[int, str] = field(default_factory=dict)
    is_opened: bool = False
    closing: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """The recording; the same piece may have come twice, and no byte is missing."""
        joined = ""
        for offset, piece in sorted(self.pieces.items()):
            assert offset <= len(joined)
            joined = joined[:offset] + piece
        return joined

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.text.splitlines()]

    def said(self, code: str) -> str:
        return "".join(line[2] for line in self.lines()[1:] if line[1] == code)

    def files(self) -> list[dict[str, Any]]:
        return [json.loads(line[2]) for line in self.lines()[1:] if line[1] == "f"]


class FakePortal:
    """Decides and signs. Tests set grants, and look at what it was told."""

    def __init__(self) -> None:
        self.grant_key = ed25519.Ed25519PrivateKey.generate()
        self.hosts_root = x509.make_root(_p256(), DOMAIN, "hosts", now=now())
        self.gateways_root = x509.make_root(_p256(), DOMAIN, "gateways", now=now(), depth=0)
        self.enclaves: dict[str, Enclave] = {}
        self.hosts: dict[str, Host] = {}
        self.grants: dict[str, Granted] = {}
        self.sessions: dict[str, Told] = {}
        self.heartbeats: dict[str, dict[str, Any]] = {}
        self.verified: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.unwelcome: set[str] = set()
        self.identity_lasts = timedelta(hours=1)
        self.asked: list[str] = []
        self._serial = 0
        self._lock = threading.RLock()
        self._server: _Server | None = None
        self.port = 0

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be away, as in an outage; `start` comes back at the same port."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop()
            self._server = None

    def enclave(self, tenant: str) -> Enclave:
        if tenant not in self.enclaves:
            made = x509.make_intermediate(self.hosts_root, _p256(), DOMAIN, tenant, now=now())
            self.enclaves[tenant] = Enclave(tenant, made, _ssh_authority(), _ssh_authority())
        return self.enclaves[tenant]

    def host(self, tenant: str, name: str) -> Host:
        host = Host(str(uuid.uuid4()), name, self.enclave(tenant), document=uuid.uuid4().hex)
        self.hosts[host.id] = host
        return host

    def grant(
        self, hosts: list[Host], login: str, *, begins: float = -5, lasts: float = 600, **flags: Any
    ) -> str:
        begin = now().replace(microsecond=0) + timedelta(seconds=begins)
        name = f"grant-{uuid.uuid4().hex[:12]}"
        signed = names.Grant(id=name, not_before=begin, not_after=begin + timedelta(seconds=lasts), **flags)
        self.grants[name] = Granted(signed, hosts, login)
        return name

    def certificate(self, grant: str, public_key: str) -> str:
        """A person's certificate, as the portal gives it out."""
        granted = self.grants[grant]
        serial = self.serial()
        granted.serials.add(serial)
        times = {"not_before": granted.signed.not_before, "not_after": granted.signed.not_after}
        authority = granted.hosts[0].enclave.user_ca
        return ssh.user_certificate(authority, public_key, grant=granted.signed, serial=serial, **times)

    def serial(self) -> int:
        with self._lock:
            self._serial += 1
            return self._serial

    def end(self, grant: str, reason: str = "revoked") -> None:
        """Decide that a grant is over. Gateways hear of it by Redis, or when they ask."""
        self.grants[grant].state = reason
        self.grants[grant].unverified = {host.id for host in self.grants[grant].hosts}

    def statement_for(self, host: Host, request: Mapping[str, str]) -> str:
        enclave = host.enclave
        chain = x509.host_identity(
            enclave.intermediate, request["csr"].encode(), host.spiffe, now=now(), lasts=self.identity_lasts
        )
        certificate = ssh.host_certificate(
            enclave.host_ca,
            request["host_key"],
            host=host.ssh_name,
            serial=self.serial(),
            not_before=now() - timedelta(minutes=5),
            not_after=now() + timedelta(hours=24),
        )
        return host_statement(
            self.grant_key,
            host=host.id,
            chain=chain,
            host_certificate=certificate,
            user_ca=[enclave.user_ca.line],
            grant_keys=[self.grant_key.public_key()],
            gateway_ca=self.gateways_root.pem,
            now=now(),
        )

    def sessions_of(self, grant: str) -> list[Told]:
        return [told for told in self.sessions.values() if told.grant == grant]

    def answer(self, name: str, body: dict[str, Any]) -> Any:
        answers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "user-authorities": lambda _: [one.user_ca.line for one in self.enclaves.values()],
            "authorize": self._authorize,
            "opened": self._opened,
            "chunk": self._chunk,
            "closed": self._closed,
            "challenge": lambda _: {"nonce": NONCE},
            "enrol": self._enrol,
            "renew": self._renew,
            "heartbeats": self._heartbeats,
            "revocations": lambda _: self._revocations(),
            "verified": self._verified,
        }
        self.asked.append(name)
        with self._lock:
            return answers[name](body)

    def _authorize(self, body: dict[str, Any]) -> dict[str, Any]:
        granted = self.grants.get(body["grant"])
        if granted is None or body["certificate_serial"] not in granted.serials:
            raise No("This certificate is not known.")
        if granted.state != "active" or not granted.signed.not_before <= now() < granted.signed.not_after:
            raise No(f"This access is not active: {granted.state}.")
        host = self._choose(granted, body["host_name"])
        if body["authority_fingerprint"] != host.enclave.user_ca.fingerprint:
            raise No("This certificate is of another enclave.")
        return self._session(granted, host, body)

    def _choose(self, granted: Granted, name: str) -> Host:
        fitting = [host for host in granted.hosts if name in ("", host.name)]
        if len(fitting) != 1:
            known = ", ".join(host.name for host in granted.hosts)
            raise No(f"Say which host: ssh {granted.signed.id}+<host>@… with one of {known}.")
        return fitting[0]

    def _session(self, granted: Granted, host: Host, body: dict[str, Any]) -> dict[str, Any]:
        session = str(uuid.uuid4())
        self.sessions[session] = Told(granted.signed.id)
        hop = ssh.hop_certificate(
            host.enclave.user_ca,
            body["hop_key"],
            grant=granted.signed,
            host=host.ssh_name,
            session=session,
            serial=self.serial(),
            now=now(),
        )
        return {
            "id": session,
            "grant": granted.signed.id,
            "actor": "sam@vendor.example",
            "reason": "ticket 7",
            "tenant": host.enclave.tenant,
            "zone": ZONE,
            "host": host.id,
            "host_name": host.name,
            "host_alias": host.ssh_name.alias,
            "login": granted.login,
            "ends_at": granted.signed.not_after.timestamp(),
            "grant_token": self.token(granted, host, session),
            "hop_certificate": hop,
            "host_authorities": [host.enclave.host_ca.line],
            "allow_port_forwarding": granted.signed.allow_port_forwarding,
        }

    def token(self, granted: Granted, host: Host, session: str) -> str:
        return grant_token(
            self.grant_key,
            grant=granted.signed,
            tenant=host.enclave.tenant,
            host=host.id,
            session=session,
            login=granted.login,
            now=now(),
        )

    def _opened(self, body: dict[str, Any]) -> None:
        told = self.sessions[body["session"]]
        if self.grants[told.grant].state != "active":
            raise No("This access has ended.")
        told.is_opened = True

    def _chunk(self, body: dict[str, Any]) -> None:
        self.sessions[body["session"]].pieces[body["offset"]] = body["text"]

    def _closed(self, body: dict[str, Any]) -> None:
        self.sessions[body["session"]].closing = body

    def _enrol(self, body: dict[str, Any]) -> dict[str, Any]:
        host = self.hosts.get(body["host"])
        if host is None or (body["document"], body["nonce"]) != (host.document, NONCE):
            raise No("The document is not this host's.")
        return self._certify(host, body)

    def _renew(self, body: dict[str, Any]) -> dict[str, Any]:
        host = self.hosts[SpiffeId.parse(body["spiffe_id"]).host]
        return self._certify(host, body)

    def _certify(self, host: Host, body: dict[str, Any]) -> dict[str, Any]:
        """Only the key that the host showed first is certified."""
        host.key = host.key or body["host_key"]
        if host.key != body["host_key"]:
            raise No("This host has another key.")
        return {"statement": self.statement_for(host, body)}

    def _heartbeats(self, body: dict[str, Any]) -> dict[str, Any]:
        self.heartbeats.update(body["hosts"])
        return {"unwelcome": sorted(self.unwelcome & set(body["hosts"]))}

    def _revocations(self) -> list[dict[str, Any]]:
        return [
            {"grant": name, "reason": granted.state, "hosts": sorted(granted.unverified)}
            for name, granted in self.grants.items()
            if granted.unverified
        ]

    def _verified(self, body: dict[str, Any]) -> None:
        self.verified[body["grant"]][body["host"]] = body["left"]
        if body["left"] == 0:
            self.grants[body["grant"]].unverified.discard(body["host"])


class _Server(Droppable, ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], portal: FakePortal) -> None:
        self.portal = portal
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {SECRET}":
            return self._send(401, {"detail": "Who are you?"})
        try:
            answer = self.server.portal.answer(self.path.removeprefix("/gateway/"), body)
        except No as error:
            return self._send(403, {"detail": str(error)})
        return self._send(200, answer)

    def _send(self, status: int, answer: Any) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ValueError):
            self.close_connection = True


def _p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _ssh_authority() -> ssh.SshAuthority:
    return ssh.SshAuthority(ed25519.Ed25519PrivateKey.generate())
