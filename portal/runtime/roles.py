"""The database and the three roles that use it, made through an administrator's connection.

*owner* migrates, *app* serves and works and is bound by row-level security, *system* is for the sweep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

DATABASE = "portal"
OWNER, APP, SYSTEM = "portal_owner", "portal_app", "portal_system"


@dataclass(frozen=True)
class DatabaseUrls:
    owner: str
    app: str
    system: str

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.app,
            "DATABASE_OWNER_URL": self.owner,
            "DATABASE_SYSTEM_URL": self.system,
        }


def database_urls(admin_url: str, passwords: Mapping[str, str], database: str = DATABASE) -> DatabaseUrls:
    """The URLs of the three roles on the administrator's server."""
    return DatabaseUrls(
        **{
            name: _with(admin_url, database, user=role, password=passwords[role])
            for name, role in (("owner", OWNER), ("app", APP), ("system", SYSTEM))
        }
    )


def _with(url: str, database: str, *, user: str = "", password: str = "") -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = f"{quote(user)}:{quote(password)}@" if user else parts.netloc[: -len(place) or None]
    return urlunsplit(parts._replace(netloc=f"{who}{place}", path=f"/{database}"))


def make_database(admin_url: str, passwords: Mapping[str, str], *, owner_bypasses: bool) -> None:
    """Make what is missing and set what differs; repeating it changes nothing.

    Outside tests the owner bypasses row-level security, because a data migration would otherwise see no
    rows and say nothing. In tests it is bound like everybody, so that every test proves the policies.
    """
    attributes = {
        OWNER: f"CREATEDB {'BYPASSRLS' if owner_bypasses else 'NOBYPASSRLS'}",
        APP: "NOCREATEDB NOBYPASSRLS",
        SYSTEM: "NOCREATEDB BYPASSRLS",
    }
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role, attribute in attributes.items():
            _make_role(connection, role, attribute, passwords[role])
        _make_database(connection)
    # Databases are copies of template1, those that a test run makes included.
    for database in ("template1", DATABASE):
        with psycopg.connect(_with(admin_url, database), autocommit=True) as connection:
            _grant(connection)


def drop_database(admin_url: str) -> None:
    """Drop the database with all that is in it, also under those who are connected."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(DATABASE)))


def _make_role(connection: psycopg.Connection, role: str, attributes: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = "ALTER ROLE {} LOGIN {} PASSWORD {}" if known else "CREATE ROLE {} LOGIN {} PASSWORD {}"
    connection.execute(
        sql.SQL(statement).format(sql.Identifier(role), sql.SQL(attributes), sql.Literal(password))
    )


def _make_database(connection: psycopg.Connection) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if known:
        return
    names = {"database": sql.Identifier(DATABASE), "owner": sql.Identifier(OWNER)}
    # An administrator who is no superuser must be a member of a role to give it something.
    connection.execute(sql.SQL("GRANT {owner} TO CURRENT_USER").format(**names))
    connection.execute(sql.SQL("CREATE DATABASE {database} OWNER {owner}").format(**names))


def _grant(connection: psycopg.Connection) -> None:
    """Let the two bound roles use, and never change the shape of, what the owner makes."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for what, rights in (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE, SELECT")):
        connection.execute(
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public "
            f"GRANT {rights} ON {what} TO {APP}, {SYSTEM}"
        )
