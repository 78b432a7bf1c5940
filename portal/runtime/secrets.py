"""Passwords of the embedded servers: made once, kept in files that only we may read."""

import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    folder: Path

    def get(self, name: str) -> str:
        """The secret of that name, made on first use. Safe in a URL and in SQL."""
        path = self.folder / name
        if not path.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(24))
        return path.read_text()
