import os
import stat

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from portal.runtime import identity, postgres
from portal.runtime.roles import APP, OWNER, SYSTEM
from portal.runtime.servers import servers


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    return tmp_path


@pytest.fixture
def started(state, supervisor):
    chosen = servers(state)
    supervisor.start(*chosen.programs(throwaway=True))
    chosen.make_database()
    return chosen


def _one(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchone()[0]


def test_each_role_can_do_what_it_is_for_and_no_more(started):
    made = started.environment()
    with psycopg.connect(made["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE thing (id serial PRIMARY KEY)")

    for name in ("DATABASE_URL", "DATABASE_SYSTEM_URL"):
        with psycopg.connect(made[name], autocommit=True) as connection:
            connection.execute("INSERT INTO thing DEFAULT VALUES")
            for forbidden in ("DROP TABLE thing", "CREATE TABLE other ()", "TRUNCATE thing"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(forbidden)


@pytest.mark.parametrize("owner_bypasses", [True, False])
def test_only_the_application_is_always_bound_by_row_level_security(started, owner_bypasses):
    started.make_database(throwaway=not owner_bypasses)

    found = _one(
        started.admin_url,
        "SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles "
        "WHERE rolname LIKE 'portal_%' AND (rolbypassrls OR rolsuper)",
    )

    assert found == ([OWNER, SYSTEM] if owner_bypasses else [SYSTEM])
    assert APP not in found


def test_databases_that_a_test_run_makes_grant_the_same(started):
    made = started.environment()
    with psycopg.connect(made["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_portal")

    copy = {name: url.removesuffix("portal") + "test_portal" for name, url in made.items()}
    with psycopg.connect(copy["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE thing (id integer)")

    assert _one(copy["DATABASE_URL"], "SELECT count(*) FROM thing") == 0


def test_valkey_wants_its_password(started):
    with Redis.from_url(started.redis_url) as valkey:
        assert valkey.ping()
    guessed = started.redis_url.replace(started.valkey.password, "guess")
    with Redis.from_url(guessed) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_secrets_are_readable_by_nobody_else(started, state):
    folders = [state / "secrets", state / "valkey", started.postgres.home / "data"]
    files = [*(state / "secrets").iterdir(), state / "valkey" / "valkey.conf"]

    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_data_is_kept_from_one_start_to_the_next(started, supervisor, state):
    with psycopg.connect(started.environment()["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept ()")
    supervisor.stop()

    with supervisor:
        again = servers(state)
        supervisor.start(*again.programs())

        assert _one(again.environment()["DATABASE_URL"], "SELECT count(*) FROM kept") == 0


def test_a_killed_server_starts_again_over_what_it_left(started, supervisor, state):
    supervisor._children[0].kill()
    supervisor._children[1].kill()
    supervisor.stop()

    with supervisor:
        again = servers(state)
        supervisor.start(*again.programs())

        assert _one(again.environment()["DATABASE_URL"], "SELECT 1") == 1


def test_the_database_can_be_forgotten_under_those_who_use_it(started):
    with psycopg.connect(started.environment()["DATABASE_OWNER_URL"], autocommit=True) as user:
        user.execute("CREATE TABLE thing ()")

        started.forget_database()
        started.make_database()

    made = started.environment()
    assert _one(made["DATABASE_URL"], "SELECT to_regclass('thing') IS NULL")


def test_servers_of_the_environment_replace_the_embedded_ones(started, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", started.admin_url)
    monkeypatch.setenv("REDIS_URL", started.redis_url)

    given = servers(tmp_path / "elsewhere")
    given.make_database()

    assert given.programs() == []
    assert _one(given.environment()["DATABASE_URL"], "SELECT current_user::text") == APP
    assert given.environment()["REDIS_URL"] == started.redis_url


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_without_user_namespaces_an_account_runs_a_copy_that_it_can_reach(state, supervisor, monkeypatch):
    monkeypatch.setattr(postgres.identity, "unprivileged", lambda: "nobody")
    state.chmod(0o700)
    chosen = servers(state)

    supervisor.start(*chosen.programs(throwaway=True))

    assert _one(chosen.admin_url, "SELECT 1") == 1
    assert chosen.postgres.home != state / "postgres"
    supervisor.stop()
    postgres.forget_postgres(state)
    assert not chosen.postgres.home.exists()


def test_root_is_nobody_special_to_the_server():
    assert (identity.unprivileged() == "myself") == (os.geteuid() != 0)
