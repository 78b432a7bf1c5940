"""PostgreSQL and Valkey for one state folder: embedded, or those that the environment names."""

import os
from dataclasses import dataclass
from pathlib import Path

from portal.runtime.postgres import EmbeddedPostgres, embedded_postgres
from portal.runtime.programs import Program
from portal.runtime.roles import APP, OWNER, SYSTEM, database_urls, drop_database, make_database
from portal.runtime.secrets import Secrets
from portal.runtime.valkey import EmbeddedValkey, embedded_valkey


@dataclass(frozen=True)
class Servers:
    """What to start, and the addresses that settings read once it is up."""

    admin_url: str
    redis_url: str
    passwords: dict[str, str]
    postgres: EmbeddedPostgres | None
    valkey: EmbeddedValkey | None

    def environment(self) -> dict[str, str]:
        return {**database_urls(self.admin_url, self.passwords).environment(), "REDIS_URL": self.redis_url}

    def programs(self, *, throwaway: bool = False) -> list[Program]:
        """What must run before the database can be made; nothing if all is replaced."""
        chosen = (self.postgres, self.valkey)
        return [server.program(throwaway=throwaway) for server in chosen if server]

    def make_database(self, *, throwaway: bool = False) -> None:
        """Make the roles and the database where they are missing."""
        make_database(self.admin_url, self.passwords, owner_bypasses=not throwaway)

    def forget_database(self) -> None:
        """Drop the database, which matters on a server that is not ours and so was not removed."""
        drop_database(self.admin_url)


def servers(state: Path) -> Servers:
    """The servers of this state folder. DATABASE_URL, of an administrator, and REDIS_URL replace them."""
    secrets = Secrets(state / "secrets")
    admin_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    postgres = None if admin_url else embedded_postgres(state, secrets)
    valkey = None if redis_url else embedded_valkey(state, secrets)
    return Servers(
        admin_url=postgres.admin_url if postgres else admin_url,
        redis_url=valkey.url if valkey else redis_url,
        passwords={role: secrets.get(role) for role in (OWNER, APP, SYSTEM)},
        postgres=postgres,
        valkey=valkey,
    )
