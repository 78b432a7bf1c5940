"""A small world: a pretend portal and metadata, real gateways and agents, OpenSSH's sshd and ssh.

Each host has its account in an /etc/passwd of its own, in a mount namespace: nothing of the machine changes.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import redis
from cryptography.hazmat.primitives.asymmetric import ec

from enclaves.signing import keys, x509
from enclaves.signing.tokens import key_id
from portal.runtime.readiness import free_port
from tests.gateway.metadata import Metadata
from tests.gateway.portal import DOMAIN, SECRET, ZONE, FakePortal, Host, now

SSHD = Path("/usr/sbin/sshd")
LOGIN = "enclave"
PEER_SECRET = "the-peers-secret-the-peers-secret-the-peers"
PATIENCE = 20.0
# No two accounts share one, also not those of a test beside this one: an agent ends all of its account.
_UIDS = itertools.count(100_000 + os.getpid() % 20_000 * 100)


def eventually(claim: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until a claim holds; what it said. Fails if it does not in time."""
    until = time.monotonic() + patience
    while not (said := claim()):
        assert time.monotonic() < until, "This never came true."
        time.sleep(0.05)  # many a claim reads what every process of the machine is called
    return said


def processes(mark: str) -> list[int]:
    """Processes of this machine with a mark in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid() and not _is_ours(pid)]


def _is_ours(pid: int) -> bool:
    """An ssh client has the command that it sends in its own command line; it is not what is looked for."""
    try:
        return Path(os.readlink(f"/proc/{pid}/exe")).name in ("ssh", "scp", "sftp")
    except OSError:
        return True


@dataclass
class Running:
    """A program that a test started."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        if number != signal.SIGSTOP:
            self.process.wait(PATIENCE)


@dataclass
class RunningGateway:
    running: Running
    ssh_port: int
    agent_port: int


class World:
    """Everything of one test. `here` is where gateways listen."""

    here = "127.0.0.1"

    def __init__(self, folder: Path, portal: Any = None) -> None:
        """`portal` runs already, if one is given."""
        self.folder = folder
        self.portal = portal or _started(FakePortal())
        self.metadata = Metadata(self.portal)
        self.redis = redis.Redis.from_url(os.environ["REDIS_URL"])
        self.key = self.new_key("person")
        self._programs: list[Running] = []
        self._write_tls()

    def close(self) -> None:
        for running in reversed(self._programs):
            running.process.send_signal(signal.SIGCONT)
            running.kill()
        self.portal.stop()
        self.metadata.stop()
        self.redis.close()

    def gateway(self, name: str = "gateway", **settings: str) -> RunningGateway:
        """Start a gateway; its ports are chosen before, so that one started anew has the same."""
        ports = {what: free_port() for what in ("ssh", "agents")}
        return self.start_gateway(name, ports["ssh"], ports["agents"], **settings)

    def start_gateway(self, name: str, ssh_port: int, agent_port: int, **settings: str) -> RunningGateway:
        folder = self.folder
        environment = {
            "PATH": os.environ["PATH"],
            "GATEWAY_SSH_LISTEN": f"{self.here}:{ssh_port}",
            "GATEWAY_AGENT_LISTEN": f"{self.here}:{agent_port}",
            "GATEWAY_PORTAL_URL": f"http://127.0.0.1:{self.portal.port}/gateway",
            "GATEWAY_PORTAL_SECRET_FILE": _file(folder / "portal-secret", SECRET),
            "GATEWAY_PEER_SECRET_FILE": _file(folder / "peer-secret", PEER_SECRET),
            "GATEWAY_DOMAIN": DOMAIN,
            "GATEWAY_OWN_URL": f"wss://{self.here}:{agent_port}",
            "GATEWAY_HOST_KEY_FILE": str(folder / "gateway_host_key"),
            "GATEWAY_TLS_CERTIFICATE_FILE": str(folder / "gateway.pem"),
            "GATEWAY_TLS_KEY_FILE": str(folder / "gateway.key"),
            "GATEWAY_AGENT_ROOTS_FILE": _file(folder / "hosts-root.pem", self.portal.hosts_root.pem),
            "GATEWAY_ROOTS_FILE": _file(folder / "gateways-root.pem", self.portal.gateways_root.pem),
            "GATEWAY_SPOOL": str(folder / f"{name}-spool"),
            "REDIS_URL": os.environ["REDIS_URL"],
            **settings,
        }
        running = self._start(name, [sys.executable, "-m", "gateway"], environment)
        eventually(lambda: self._answers(ssh_port) and self._answers(agent_port))
        return RunningGateway(running, ssh_port, agent_port)

    def agent(self, host: Host, *gateways: RunningGateway, **changes: Any) -> Running:
        """Start a host's agent, and wait until it is connected."""
        running = self.start_agent(host, *gateways, **changes)
        eventually(lambda: b"Connected." in running.log.read_bytes())
        return running

    def start_agent(self, host: Host, *gateways: RunningGateway, **changes: Any) -> Running:
        config = self.folder / f"agent-{host.name}.json"
        config.write_text(json.dumps({**self.agent_config(host, *gateways), **changes}))
        command = [sys.executable, "-m", "agent", "--config", str(config)]
        return self._start(f"agent-{host.name}", self._with_account(host, command), dict(os.environ))

    def agent_config(self, host: Host, *gateways: RunningGateway) -> dict[str, Any]:
        grant_key = self.portal.grant_key
        return {
            "gateway_urls": [f"wss://{self.here}:{one.agent_port}" for one in gateways],
            "gateway_ca": self.portal.gateways_root.pem,
            "host_id": host.id,
            "tenant": host.enclave.tenant,
            "zone": ZONE,
            "cloud": "aws",
            "metadata_url": f"{self.metadata.url}/{host.id}",
            "grant_keys": {key_id(grant_key.public_key()): keys.public_pem(grant_key)},
            "user_ca": [host.enclave.user_ca.line],
            "state_dir": str(self.folder / f"state-{host.name}"),
            "sshd": str(SSHD),
            "login": LOGIN,
            "heartbeat_seconds": 1,
        }

    def _with_account(self, host: Host, command: list[str]) -> list[str]:
        folder = self.folder / f"etc-{host.name}"
        if not folder.exists():
            self._make_account(folder)
        mounts = [f"mount --bind {folder / name} /etc/{name}" for name in ("passwd", "group", "shadow")]
        script = " && ".join([*mounts, 'exec "$@"'])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command]

    def _make_account(self, folder: Path) -> None:
        folder.mkdir()
        uid = next(_UIDS)
        home = self.folder / f"home-{folder.name}"
        home.mkdir()
        os.chown(home, uid, uid)
        for name, line in {
            "passwd": f"{LOGIN}:x:{uid}:{uid}::{home}:/bin/bash\n",
            "group": f"{LOGIN}:x:{uid}:\n",
            "shadow": f"{LOGIN}:*:19000:0:99999:7:::\n",
        }.items():
            shutil.copy(f"/etc/{name}", folder / name)
            with (folder / name).open("a") as file:
                file.write(line)

    def uid(self, host: Host) -> int:
        lines = (self.folder / f"etc-{host.name}" / "passwd").read_text().splitlines()
        return int(lines[-1].split(":")[2])

    def home(self, host: Host) -> Path:
        return self.folder / f"home-etc-{host.name}"

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> Running:
        log, command = self.folder / f"{name}.log", self._placed(name, command)
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, env=environment, stdin=subprocess.DEVNULL
            )
        running = Running(process, log)
        self._programs.append(running)
        return running

    def _placed(self, name: str, command: list[str]) -> list[str]:
        """How a program is started where it belongs."""
        return command

    def _answers(self, port: int) -> bool:
        try:
            socket.create_connection((self.here, port), 1).close()
        except OSError:
            return False
        return True

    def person(self, grant: str, gateway: RunningGateway, **options: Any) -> "Person":
        """A person with a certificate for a grant."""
        path = self.folder / f"{grant}-cert.pub"
        path.write_text(self.portal.certificate(grant, self.key.with_suffix(".pub").read_text()) + "\n")
        return Person(self, grant, gateway, self.key, path)

    def end(self, grant: str, reason: str = "revoked") -> None:
        """End a grant and say so on Redis, as the portal does."""
        self.portal.end(grant, reason)
        hosts = sorted(self.portal.grants[grant].unverified)
        self.redis.publish("access:revoked", json.dumps({"grant": grant, "reason": reason, "hosts": hosts}))

    def new_key(self, name: str, kind: str = "ssh-ed25519", **size: int) -> Path:
        path = self.folder / name
        key = asyncssh.generate_private_key(kind, **size)
        key.write_private_key(str(path))
        key.write_public_key(f"{path}.pub")
        path.chmod(0o600)
        return path

    def strangers(self, gateway: RunningGateway, count: int) -> list[socket.socket]:
        """Connections of nobody who logs in; the gateway has taken notice of all."""
        opened = [socket.create_connection(("127.0.0.1", gateway.ssh_port), 5) for _ in range(count)]
        for one in opened:
            assert one.recv(64).startswith(b"SSH-2.0")
        return opened

    def is_dropped(self, gateway: RunningGateway) -> bool:
        """Whether one more connection is ended at once."""
        with socket.create_connection(("127.0.0.1", gateway.ssh_port), 5) as one:
            with contextlib.suppress(ConnectionResetError):
                while one.recv(4096):
                    pass
            return True

    def strange_sshd(self, alias: str) -> socket.socket:
        """OpenSSH's sshd on one socket, with the host's name certified by an authority that nobody knows."""
        return self._sshd(alias, asyncssh.generate_private_key("ssh-ed25519"), "")

    def sshd_of(self, host: Host) -> socket.socket:
        """The host's own sshd on one socket, for root, without an agent that would end it."""
        principals = _file(self.folder / f"principals-{host.name}", host.ssh_name.principal + "\n")
        trusted = _file(self.folder / f"trusted-{host.name}", host.enclave.user_ca.line + "\n")
        told = f"TrustedUserCAKeys {trusted}\nAuthorizedPrincipalsFile {principals}\nStrictModes no\n"
        return self._sshd(host.ssh_name.alias, host.enclave.host_ca.key, told)

    def _sshd(self, alias: str, authority: asyncssh.SSHKey, told: str) -> socket.socket:
        key = self.new_key(f"host_key_of_{alias}")
        public = asyncssh.read_public_key(f"{key}.pub")
        certificate = authority.generate_host_certificate(public, alias, principals=[alias])
        certificate.write_certificate(f"{key}-cert.pub")
        config = self.folder / f"sshd_of_{alias}"
        config.write_text(f"HostKey {key}\nHostCertificate {key}-cert.pub\nUsePAM no\n{told}")
        Path("/run/sshd").mkdir(exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs:
            command = [str(SSHD), "-i", "-E", f"{config}.log", "-f", str(config)]
            process = subprocess.Popen(command, stdin=theirs, stdout=theirs)
        self._programs.append(Running(process, config))
        return ours

    def _write_tls(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = x509.gateway_certificate(self.portal.gateways_root, key.public_key(), [self.here], now=now())
        (self.folder / "gateway.pem").write_text(pem)
        (self.folder / "gateway.key").write_bytes(keys.private_pem(key))
        self.new_key("gateway_host_key")


@dataclass
class Person:
    """Somebody with OpenSSH's clients."""

    world: World
    grant: str
    gateway: RunningGateway
    key: Path
    certificate: Path
    through: tuple[str, ...] = ()  # what starts a program where the person is

    def options(self, port_option: str = "-p") -> list[str]:
        known = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        named = ["IdentitiesOnly=yes", "BatchMode=yes", f"CertificateFile={self.certificate}", *known]
        flags = [part for option in named for part in ("-o", option)]
        return ["-F", "none", port_option, str(self.gateway.ssh_port), "-i", str(self.key), *flags]

    def at(self, host: str = "", user: str = "") -> str:
        name = user or self.grant
        return f"{name}{'+' if host else ''}{host}@{self.world.here}"

    def ssh(
        self, *command: str, host: str = "", user: str = "", **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run ssh to its end."""
        flags = options.pop("flags", [])
        return subprocess.run(
            [*self.through, "ssh", *self.options(), *flags, self.at(host, user), *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **options,
        )

    def copy(self, program: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run scp or sftp to its end."""
        return subprocess.run(
            [program, *self.options("-P"), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **options,
        )

    @contextlib.contextmanager
    def staying(self, mark: str, *flags: str, host: str = "") -> Iterator[subprocess.Popen[str]]:
        """Be logged in, with processes on the host: one attached, one that tried to get away."""
        command = (
            f"(setsid nohup sleep {mark}1 >/dev/null 2>&1 &) ; sleep {mark}2 & echo in; wait; sleep {mark}3"
        )
        with subprocess.Popen(
            [*self.through, "ssh", *self.options(), *flags, self.at(host), command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdout
            said = client.stdout.readline()
            assert said.strip() == "in", said + client.stderr.read()
            eventually(lambda: len(processes(mark)) >= 2)
            try:
                yield client
            finally:
                client.kill()


def _started(portal: FakePortal) -> FakePortal:
    portal.start()
    return portal


def _file(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)
