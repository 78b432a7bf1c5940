"""Valkey loses everything, or is not there: messages are nudges, the rows are the truth."""

import os
import signal
import subprocess
import sys
import time

import pytest
from redis import Redis

from enclaves.models import CloudAccount, Operation
from portal.runtime.console import Console
from portal.runtime.processes import PortalProcesses
from portal.runtime.secrets import Secrets
from portal.runtime.supervisor import Supervisor
from portal.runtime.valkey import embedded_valkey
from tests.baddays.mortal import ROOT, worker_environment

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

LAUNCHED = "ec2:RunInstances ok"


class Running:
    """A worker and a beat under their supervisor, as in production, with a Valkey of their own to lose."""

    def __init__(self, supervisor, state):
        self._supervisor = supervisor
        valkey = embedded_valkey(state, Secrets(state / "secrets"))
        self._valkey_url = valkey.url
        (self._valkey,) = supervisor.begin(valkey.program(throwaway=True))
        supervisor.wait([self._valkey])
        processes = PortalProcesses(0, state, {**worker_environment(), "REDIS_URL": valkey.url})
        supervisor.start(processes.worker(), processes.beat())

    def until(self, is_so, seconds=120):
        """Start again what dies, until this is so."""
        deadline = time.monotonic() + seconds
        self._supervisor.watch(until=lambda: is_so() or time.monotonic() > deadline)
        assert time.monotonic() <= deadline, "It took too long."

    def lose_every_message(self):
        Redis.from_url(self._valkey_url).flushall()

    def kill_valkey(self):
        os.kill(self._valkey.pid, signal.SIGKILL)


@pytest.fixture
def running(acme_cloud, tmp_path):
    with Supervisor(tmp_path, Console(tmp_path / "log", is_quiet=True)) as supervisor:
        yield Running(supervisor, tmp_path)


@pytest.mark.parametrize("loss", [Running.lose_every_message, Running.kill_valkey], ids=["flushed", "killed"])
def test_a_deployment_survives_the_loss_of_every_message(loss, acme_cloud, running):
    # Nothing is sent by this process, so the first message is lost already.
    deployment = acme_cloud.deploy(3)

    running.until(lambda: LAUNCHED in acme_cloud.aws.calls())
    loss(running)
    running.until(lambda: Operation.objects.latest("created_at").state == "finished")

    deployment.refresh_from_db()
    rows = {host.instance_id: str(host.pk) for host in deployment.hosts.filter(state="active")}
    assert (deployment.state, len(rows)) == ("live", 3)
    assert acme_cloud.aws.host_ids() == rows


ASK = """
import django; django.setup()
from enclaves.models import CloudAccount
from enclaves.services.accounts import verify_account
from tenants.gate import Actor
from tenants.models import Membership
from tenants.scope import tenant_scope
import sys
with tenant_scope(sys.argv[1]):
    member = Membership.objects.select_related("tenant", "user").get(user__email=sys.argv[2])
    print(verify_account(CloudAccount.objects.get(), by=Actor.of_member(member)).state)
"""


def test_without_valkey_a_wish_is_taken_down_all_the_same(acme_cloud, work_until_quiet):
    nowhere = {**os.environ, **worker_environment(), "REDIS_URL": "redis://127.0.0.1:9/0"}
    who = (str(acme_cloud.by.tenant.pk), acme_cloud.by.membership.user.email)
    before = CloudAccount.objects.get().checked_at

    asked = subprocess.run(  # noqa: S603 -- our own text
        [sys.executable, "-c", ASK, *who],
        env={**nowhere, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    work_until_quiet()

    assert asked.stdout == "queued\n"
    assert CloudAccount.objects.get().checked_at > before
