"""What access promises, from the rows to the last process on the host.

The portal is the real one: rows in PostgreSQL, its signer over HTTP. The gateway, the agents, OpenSSH's sshd
and ssh are real too. docs/access.md has the table of what is promised and the test of each.
"""

import hashlib
import time
from datetime import timedelta

import asyncssh
import pytest
from django.test import Client

from enclaves.lifecycle import AccessEnd, AccessState
from enclaves.services import access, accounts
from tenants.actors import Shell
from tenants.errors import Refused
from tenants.policy import StaffRole
from tenants.services import members, staff, tenants
from tests.access.world import web
from tests.gateway.world import eventually, processes
from tests.signing_in import TOTP, give_totp, sign_in

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

SOON = 10  # seconds: enough to log in on a busy machine before the end comes


def test_a_session_leaves_its_trace_in_the_rows_and_in_the_record(world, portal):
    given = portal.asked(web(world))
    with pytest.raises(Refused, match="opens nothing now: it is requested"):
        world.knocking(given)

    portal.approve(given, minutes=15)
    said = world.knocking(given).ssh("echo in; id -un").stdout

    assert said == "in\nenclave\n"
    session = eventually(lambda: given.session.sha256 and given.session)
    assert (session.host.name, session.close_reason, session.source) == ("web-1", "finished", "127.0.0.1")
    assert session.nothing_left_at >= session.closed_at
    assert _downloaded(portal, session) == session.sha256
    assert given.detail("access.session_closed")["sha256"] == session.sha256
    assert given.audit == [
        "access.asked",
        "access.approved",
        "access.activated",
        "access.certificate_issued",
        "access.session_opened",
        "access.session_closed",
    ]


def test_a_grant_that_was_shortened_has_certificates_as_short(world, portal):
    given = portal.asked(web(world), minutes=240)
    portal.approve(given, minutes=15)
    world.knocking(given)

    (line,) = given.certificates
    certificate = asyncssh.import_certificate(line)
    now = given.now
    assert now.ends_at - now.begins_at == timedelta(minutes=15)
    assert certificate._valid_before == int(now.ends_at.timestamp())
    assert certificate.principals == [given.name]


@pytest.mark.parametrize("how", ["revoked", "finished", "tenant frozen", "account frozen"])
def test_an_end_before_the_time_ends_everything_at_once(world, portal, mark, how):
    given = portal.granted(web(world))
    person = world.knocking(given)
    with person.staying(mark) as client:
        _end(portal, given, how)
        eventually(lambda: not processes(mark))
        assert client.wait(20) == 255
    row = portal.until_nothing_is_left(given)
    _lift(portal)

    why = "frozen" if "frozen" in how else how
    assert _is_whole(given)
    assert (row.state, row.end_reason, given.session.close_reason) == (AccessState.ENDED, why, why)
    assert {"access.ended", "access.end_verified"} <= set(given.audit)
    again = person.ssh(f"sleep {mark}")
    assert (again.stdout, f"{given.name} is ended" in again.stderr) == ("", True)
    with pytest.raises(Refused, match="opens nothing now: it is ended"):
        world.knocking(given)


def test_at_its_end_a_grant_is_over_and_its_extension_is_not(world, portal, mark):
    given = portal.granted(web(world), ends_in=SOON)
    with given.scope():
        request = access.extend_access(given.now, by=given.by, reason="It takes longer.", minutes=15)
    more = portal.of(request, given.by)
    portal.approve(more)
    first, second = world.knocking(given), world.knocking(more)
    with first.staying(f"{mark}1"), second.staying(f"{mark}2"):
        before = processes(f"{mark}2")
        eventually(lambda: not processes(f"{mark}1"))
        assert time.time() >= int(given.now.ends_at.timestamp())  # tokens end at whole seconds

        assert portal.until_nothing_is_left(given).end_reason == AccessEnd.EXPIRED
        assert processes(f"{mark}2") == before
        refused = first.ssh("echo in")
        assert (refused.stdout, refused.returncode) == ("", 255)
        assert second.ssh("echo in").stdout == "in\n"
    assert more.now.state == AccessState.ACTIVE


def test_the_end_of_one_of_two_grants_leaves_what_the_other_opened(world, portal, mark):
    one, other = portal.granted(web(world)), portal.granted(web(world))
    with world.knocking(other).staying(f"{mark}2") as client:
        before = processes(f"{mark}2")
        with world.knocking(one).staying(f"{mark}1"):
            _end(portal, one, "revoked")
            portal.until_nothing_is_left(one)
        assert not processes(f"{mark}1")
        assert processes(f"{mark}2") == before
        assert client.poll() is None


def test_a_grant_opens_its_own_hosts_alone(world, portal, mark):
    given, theirs = portal.granted(web(world)), portal.granted(portal.globex.hosts["db-1"])
    person = world.knocking(given)

    for host in ("web-2", "db-1", "nowhere"):
        refused = person.ssh(f"sleep {mark}", host=host)
        assert (refused.stdout, "Say which host" in refused.stderr) == ("", True)
    for name in (theirs.name, "grant-unknown"):
        refused = person.ssh(f"sleep {mark}", user=name)
        assert (refused.stdout, refused.returncode) == ("", 255)
    assert not processes(mark)
    assert (given.sessions, theirs.sessions) == (0, 0)


def test_the_certificate_of_somebody_else_opens_nothing(world, portal, mark):
    """Also if both are of the same key, and for the same host."""
    mine, other = portal.granted(web(world)), portal.granted(web(world), by=portal.staff["other"])
    person, certificate = world.knocking(mine), world.knocking(other).certificate
    person.certificate = certificate

    refused = person.ssh(f"sleep {mark}")

    assert (refused.stdout, "Permission denied" in refused.stderr) == ("", True)
    assert mine.sessions == 0


@pytest.mark.parametrize("who", ["of the staff", "of the tenant"])
def test_who_may_not_ask_any_more_is_out(world, portal, mark, who):
    by = portal.staff["leaver"] if who == "of the staff" else portal.acme.leaver
    given = portal.granted(web(world), by=by)
    person = world.knocking(given)
    with person.staying(mark):
        _leave(portal, by)
        refused = person.ssh("echo in")
        assert (refused.stdout, "may not ask for access any more" in refused.stderr) == ("", True)

        portal.work()  # at once, because whoever lets people go tells of it
        eventually(lambda: not processes(mark))
    row = portal.until_nothing_is_left(given)
    assert (row.state, row.end_reason) == (AccessState.ENDED, AccessEnd.REVOKED)


def test_a_grant_ends_while_the_portal_is_away(world, portal, mark):
    given = portal.granted(web(world), ends_in=SOON)
    person = world.knocking(given)
    with person.staying(mark):
        portal.stop()
        refused = person.ssh("echo in")
        assert (refused.stdout, "The portal cannot be reached" in refused.stderr) == ("", True)
        eventually(lambda: not processes(mark))
    portal.start()

    row = portal.until_nothing_is_left(given)
    assert (row.end_reason, given.session.close_reason) == (AccessEnd.EXPIRED, "expired")
    assert _is_whole(given)


def test_a_gateway_that_is_killed_takes_its_sessions_with_it(world, portal, mark):
    given = portal.granted(web(world))
    with world.knocking(given).staying(mark):
        world.gateway_running.running.kill()
        eventually(lambda: not processes(mark))
    world.revive_gateway()

    session = eventually(lambda: given.session.sha256 and given.session)
    assert (session.close_reason, session.nothing_left_at) == ("gateway lost", None)
    assert _is_whole(given)
    assert world.knocking(given).ssh("echo in").stdout == "in\n"

    _end(portal, given, "revoked")
    portal.until_nothing_is_left(given)
    assert given.is_confirmed


def test_nobody_says_that_all_is_well_while_a_host_is_away(world, portal, mark):
    """The row is the truth: it is asked about until the host is back, and shouted about meanwhile."""
    host = web(world, 2)
    given = portal.granted(host)
    with world.knocking(given).staying(mark):
        world.agents["web-2"].kill()
        eventually(lambda: not processes(mark))
    _end(portal, given, "revoked", long_ago=True)
    assert portal.until(given, AccessState.REVOCATION_FAILED).nothing_left_at is None
    assert "web-2" in given.now.problem

    world.agents["web-2"] = world.agent(host, world.gateway_running)

    row = portal.until_nothing_is_left(given)
    assert (row.state, row.problem) == (AccessState.ENDED, "")


def _end(portal, given, how, *, long_ago=False):
    admin = portal.acme.admin
    with given.scope():
        if how == "revoked":
            access.revoke_access(given.now, by=admin)
        elif how == "finished":
            access.finish_access(given.now, by=given.by)
        elif how == "tenant frozen":
            tenants.freeze_tenant(by=admin)
        else:
            accounts.freeze_account(given.now.enclave.account, by=admin)
    if long_ago:
        given.age()


def _lift(portal):
    with portal.acme.scope():
        tenants.unfreeze_tenant(by=portal.acme.admin)
        portal.acme.account.refresh_from_db()
        accounts.unfreeze_account(portal.acme.account, by=portal.acme.admin)


def _leave(portal, by):
    if by is portal.acme.leaver:
        with portal.acme.scope():
            members.change_roles(by.membership, ["reader"], by=portal.acme.admin)
    else:
        staff.change_staff_roles(by.member, [StaffRole.APPROVER], by=Shell())


def _downloaded(portal, session):
    """The hash of the file that an admin of the tenant gets."""
    user = portal.acme.admin.membership.user
    give_totp(user)
    file = sign_in(Client(), user, factor=TOTP).get(f"/t/acme/sessions/{session.pk}/recording/")
    return hashlib.sha256(file.getvalue()).hexdigest()


def _is_whole(given):
    """Whether what the portal has of the recording is what the gateway's hash was made of."""
    sha256 = eventually(lambda: given.session.sha256)
    return hashlib.sha256(given.recording.encode()).hexdigest() == sha256
