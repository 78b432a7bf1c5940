"""A pytest plugin that boots a throwaway PostgreSQL and Valkey before Django's settings are read.

Named in ``addopts``, because a conftest would be too late. With pytest-xdist the controller boots them
once and its workers inherit the environment.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from portal.runtime.console import Console
from portal.runtime.lock import AlreadyRunning, FolderLock
from portal.runtime.roles import OWNER
from portal.runtime.servers import servers
from portal.runtime.supervisor import Supervisor

_BOOTED = "PORTAL_TEST_STATE"
_PREFIX = "enclave-portal-test-"
_ENVIRONMENT = {
    "PORTAL_ENVIRONMENT": "test",
    "PORTAL_DATABASE_ROLE": "owner",
    "PORTAL_AWS_ACCOUNT_ID": "999900001111",
    "PORTAL_AWS_PRINCIPAL_ARN": "arn:aws:iam::999900001111:user/enclave-portal",
    # A test that forgot its fake cloud must not find a real one.
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_UNWANTED = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
# Empties the tables of a test's database in a tenth of the time that TRUNCATE takes, which makes each file
# of each table and index anew. The locks wait, as those of TRUNCATE do, for whoever is still writing.
_FORGET = """
CREATE OR REPLACE FUNCTION forget_everything() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET session_replication_role = replica AS $$
DECLARE
    tables text[] := ARRAY(
        SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    );
BEGIN
    EXECUTE 'LOCK TABLE ' || array_to_string(tables, ', ');
    FOR number IN 1 .. cardinality(tables) LOOP
        IF pg_relation_size(tables[number]::regclass) > 0 THEN
            EXECUTE 'DELETE FROM ' || tables[number];
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION forget_everything() FROM PUBLIC
"""
_FORGETS = sql.SQL("GRANT EXECUTE ON FUNCTION forget_everything() TO {}").format(sql.Identifier(OWNER))


def boot() -> None:
    """Start the servers, point the environment at them, and end them when this process ends."""
    folder = Path(tempfile.gettempdir())
    _remove_leftovers(folder)
    state = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    state.chmod(0o711)
    supervisor = Supervisor(state, Console(state / "log", is_quiet=True), removes=[state]).__enter__()
    atexit.register(_stop, supervisor, os.getpid())
    chosen = servers(state)
    supervisor.start(*chosen.programs(throwaway=True))
    chosen.make_database(throwaway=True)
    _make_forgetting(chosen.admin_url)
    os.environ.update(
        {
            **_ENVIRONMENT,
            **chosen.environment(),
            "PORTAL_SECRET_KEY": secrets.token_hex(32),
            "PORTAL_SIGNING_SECRET": secrets.token_hex(32),
            "PORTAL_AUDIT_KEY": secrets.token_hex(32),
            "PORTAL_SEALING_SECRET": secrets.token_hex(32),
            _BOOTED: str(state),
        }
    )
    for name in _UNWANTED:
        os.environ.pop(name, None)


def _make_forgetting(admin_url: str) -> None:
    """Let the tests' databases, which are copies of template1, be emptied quickly."""
    # It passes by row-level security and triggers. An administrator who may not do that leaves it to Django.
    with (
        contextlib.suppress(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(admin_url, dbname="template1") as connection,
    ):
        connection.execute(_FORGET)
        connection.execute(_FORGETS)


def _remove_leftovers(folder: Path) -> None:
    """Remove the folders of test runs that nobody holds any more."""
    for state in folder.glob(f"{_PREFIX}*"):
        lock = FolderLock(state)
        try:
            lock.take()
        except (AlreadyRunning, OSError):
            continue
        shutil.rmtree(state, ignore_errors=True)
        lock.release()


def _stop(supervisor: Supervisor, owner: int) -> None:
    if os.getpid() == owner:  # not in a child that was forked by a test
        supervisor.stop()


def _use_own_redis_database(worker: str) -> None:
    """Let workers of one run not flush each other's Valkey: gw0 has database 1, and so on."""
    parts = urlsplit(os.environ["REDIS_URL"])
    number = 1 + int(worker.removeprefix("gw")) % 15
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{number}"))


if _BOOTED not in os.environ:
    boot()
elif worker := os.environ.get("PYTEST_XDIST_WORKER"):
    _use_own_redis_database(worker)
