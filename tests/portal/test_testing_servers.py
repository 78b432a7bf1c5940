import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg.errors import InsufficientPrivilege

from portal.runtime.roles import OWNER
from tenants.models import AuditEvent, Tenant
from tests.emptying import forget_everything
from tests.portal.runtime.watching import wait_until

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
import os, time
import psycopg

def test_one():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0], os.environ["REDIS_URL"][-2:])

def test_two():
    print("began", flush=True)
    time.sleep(float(os.environ.get("SECONDS", "0")))
"""


@pytest.fixture
def run(tmp_path) -> Callable[..., subprocess.Popen[str]]:
    """A run of pytest in a process of its own, with its own folder for what is temporary."""
    (tmp_path / "test_suite.py").write_text(SUITE)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ours = ("PORTAL_", "DATABASE_", "REDIS_", "PYTEST_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pytest", "-s", "-c", os.devnull, "--rootdir", str(tmp_path)]
        plugins = ["-p", "no:django", "-p", "no:cacheprovider", "-p", "portal.testing_servers"]
        return subprocess.Popen(  # noqa: S603 -- our own
            [*command, *plugins, *arguments, str(tmp_path)],
            cwd=ROOT,
            env={**inherited, **environment, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            text=True,
        )

    return run


def test_the_servers_of_this_run_are_up():
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (OWNER,)


def test_a_run_leaves_nothing_behind(run, tmp_path):
    output, _ = run().communicate()

    assert "portal_app /0" in output
    assert "2 passed" in output
    assert list((tmp_path / "temporary").glob("enclave-portal-*")) == []


@pytest.mark.soak
def test_workers_share_the_servers_of_the_run(run, tmp_path):
    process = run("-n", "2", SECONDS="2")
    assert wait_until(lambda: list((tmp_path / "temporary").glob("*/postgres/data/postmaster.pid")))

    booted = list((tmp_path / "temporary").glob("enclave-portal-*"))
    output, _ = process.communicate()

    assert (len(booted), "2 passed" in output) == (1, True)


def test_a_run_that_is_killed_leaves_nothing_behind(run, tmp_path):
    with run(SECONDS="60") as process:
        assert any("began" in line for line in process.stdout)
        process.kill()

    assert wait_until(lambda: not list((tmp_path / "temporary").glob("enclave-portal-*")))


def test_folders_of_the_dead_are_removed_by_the_next_run(run, tmp_path):
    left = tmp_path / "temporary" / "enclave-portal-test-left"
    left.mkdir()

    run().communicate()

    assert not left.exists()


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_what_a_test_commits_is_forgotten_also_what_nobody_may_delete(acme):
    assert AuditEvent.objects.using("system").exists()

    forget_everything()

    assert not AuditEvent.objects.using("system").exists()
    assert not Tenant.objects.using("system").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_SYSTEM_URL"])
def test_only_the_tests_can_forget(role):
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ[role], dbname=name) as bound, pytest.raises(InsufficientPrivilege):
        bound.execute("SELECT forget_everything()")
