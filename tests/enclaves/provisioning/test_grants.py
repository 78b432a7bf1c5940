import os
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from enclaves.models import AccessRequest, AccessSession, Agent, Work
from enclaves.provisioning import grants, work
from enclaves.services import access
from tenants.models import AuditEvent, Notification, StaffMember
from tenants.policy import Role

pytestmark = pytest.mark.usefixtures("in_acme")


class Held:
    """Work in the hands of a worker that nobody takes it from."""

    def keep(self) -> None:
        pass


@pytest.fixture
def carry():
    """Let the worker take one step, and return the request as it is then and when to look again."""

    def step(request):
        found = AccessRequest.objects.select_related("tenant", "enclave__account").get(pk=request.pk)
        again = grants.carry(found, Held())
        found.refresh_from_db()
        return found, again

    return step


@pytest.fixture
def session(grant, hosts):
    return AccessSession.objects.create(
        tenant=grant.tenant,
        request=grant,
        host=hosts[0],
        fingerprint="SHA256:x",
        source="127.0.0.1",
        gateway="gateway-1",
    )


def test_a_wish_on_which_nobody_decides_lapses(asked, carry):
    waiting, again = carry(asked)
    assert (waiting.state, again) == ("requested", asked.lapses_at)
    AccessRequest.objects.update(lapses_at=timezone.now())

    lapsed, again = carry(asked)

    assert (lapsed.state, again) == ("lapsed", None)
    assert not Notification.objects.filter(kind="access.asked", ended_at=None).exists()


def test_a_grant_is_active_once_a_host_answers(grant, agents, carry):
    Agent.objects.filter(pk=agents[1].pk).update(seen_at=timezone.now() - timedelta(minutes=5))

    active, again = carry(grant)

    assert (active.state, again) == ("active", grant.ends_at)
    assert active.problem == "These hosts do not answer yet: query-2."


def test_a_grant_whose_hosts_are_all_silent_fails_after_a_while(grant, carry):
    assert carry(grant)[0].state == "approved"
    AccessRequest.objects.update(begins_at=timezone.now() - timedelta(minutes=6))

    failed, again = carry(grant)

    assert (failed.state, again) == ("activation_failed", None)
    assert failed.problem == "None of its hosts answers: query-1, query-2."


def test_a_grant_ends_by_itself(grant, agents, carry):
    carry(grant)
    AccessRequest.objects.update(begins_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now())

    ended, _ = carry(grant)

    assert (ended.state, ended.end_reason) == ("ended", "expired")
    assert Notification.objects.filter(kind="access.active", ended_at=None).count() == 0


def test_gateways_are_told_of_an_end_at_once_and_where_to_look(
    grant, session, actor, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(grants.live, "publish", lambda to, message: told.append((to, message)))

    with django_capture_on_commit_callbacks(execute=True):
        access.revoke_access(grant, by=actor(Role.ADMIN))

    message = {"grant": grant.name, "reason": "revoked", "hosts": [str(session.host_id)]}
    assert ("access:revoked", message) in told


def test_a_grant_that_was_never_used_leaves_nothing(grant, actor, carry):
    access.revoke_access(grant, by=actor(Role.ADMIN))

    ended, again = carry(grant)

    assert (ended.state, again) == ("ended", None)
    assert ended.nothing_left_at is not None
    assert AuditEvent.objects.filter(action="access.end_verified").count() == 1


def test_the_end_is_verified_when_the_host_says_that_nothing_is_left(grant, session, actor, carry):
    access.revoke_access(grant, by=actor(Role.ADMIN))
    assert carry(grant)[0].nothing_left_at is None
    AccessSession.objects.update(closed_at=timezone.now(), nothing_left_at=timezone.now())

    ended, again = carry(grant)

    assert (ended.state, ended.nothing_left_at is not None, again) == ("ended", True, None)


def test_an_end_that_nobody_confirms_is_shouted_about_until_somebody_does(grant, session, actor, carry):
    access.revoke_access(grant, by=actor(Role.ADMIN))
    AccessRequest.objects.update(ended_at=timezone.now() - timedelta(minutes=2))

    loud, again = carry(grant)

    assert (loud.state, loud.problem) == (
        "revocation_failed",
        "Nobody has confirmed that nothing is left on query-1.",
    )
    assert again is not None
    assert Notification.objects.filter(kind="access.not_gone", ended_at=None).exists()
    AccessSession.objects.update(nothing_left_at=timezone.now())
    assert (carry(grant)[0].state, carry(grant)[0].problem) == ("ended", "")
    assert not Notification.objects.filter(kind="access.not_gone", ended_at=None).exists()


def test_nothing_is_left_on_a_machine_that_is_no_more(grant, session, actor, carry):
    session.host.state = "deprovisioned"
    session.host.save(update_fields=["state"])
    access.revoke_access(grant, by=actor(Role.ADMIN))

    assert carry(grant)[0].nothing_left_at is not None


def test_a_closed_session_whose_host_said_nothing_does_not_count_as_gone(grant, session, actor, carry):
    access.revoke_access(grant, by=actor(Role.ADMIN))
    AccessSession.objects.update(closed_at=timezone.now())

    assert carry(grant)[0].nothing_left_at is None


def test_the_worker_is_woken_for_each_step(asked, actor):
    Work.objects.filter(kind="access").update(due_at=None)

    grant = access.approve_access(asked, by=actor(Role.ADMIN))

    assert Work.objects.get(kind="access", subject=grant.pk).due_at is not None


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_whoever_locks_the_request_first_finds_the_work_free(grant, session, monkeypatch):
    """Services and the signer lock a request, and then ask for work: in the other order one of them fails."""
    url, name = os.environ["DATABASE_SYSTEM_URL"], connection.settings_dict["NAME"]
    seen = []

    def look(*args):
        with psycopg.connect(url, dbname=name) as other:
            rows = "SELECT kind FROM enclaves_work WHERE subject = %s FOR UPDATE NOWAIT"
            seen.extend(other.execute(rows, [grant.pk]).fetchall())

    monkeypatch.setattr(grants.live, "nudge", look)
    claimed = work.claim()
    found = AccessRequest.objects.select_related("tenant", "enclave__account").get(pk=grant.pk)
    grants.carry(found, claimed)

    assert seen == [("access",)]


def test_who_lost_the_right_loses_the_grant_and_the_record_says_why(grant, support, agents, carry):
    assert carry(grant)[0].state == "active"

    StaffMember.objects.filter(user_id=support.id).update(roles=["operator"])
    ended, _ = carry(grant)

    assert (ended.state, ended.end_reason) == ("ended", "revoked")
    assert "may not ask" in AuditEvent.objects.get(action="access.ended").detail["because"]


def test_an_active_grant_is_looked_at_again_soon(grant, agents, carry):
    active, _ = carry(grant)

    _, again = carry(active)

    assert again <= timezone.now() + timedelta(seconds=30)
