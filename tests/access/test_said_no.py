"""Staff at a tenant that said no: each way that we could think of is tried. docs/access.md has the list."""

import os
from dataclasses import replace

import asyncssh
import psycopg
import pytest
import redis
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.test import Client
from django.utils import timezone

from enclaves.lifecycle import AccessState, IllegalMove
from enclaves.models import AccessRequest, Work
from enclaves.provisioning import authorities, work
from enclaves.services import access
from enclaves.services.certificates import request_certificate
from enclaves.signing.rotation import Purpose
from portal.urls import site
from tenants import audit
from tenants.actors import Actor, Shell
from tenants.errors import Forbidden, Refused
from tenants.models import Membership
from tenants.policy import StaffRole
from tenants.services import members, staff
from tests.access.portal import PAGES_SECRET
from tests.access.world import web
from tests.gateway.portal import SECRET
from tests.gateway.world import eventually, processes
from tests.signing_in import TOTP, give_totp, sign_in

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

NOS = {
    "never decided": AccessState.REQUESTED,
    "denied": AccessState.DENIED,
    "withdrawn": AccessState.WITHDRAWN,
    "lapsed": AccessState.LAPSED,
}


@pytest.fixture(scope="module")
def old(world, portal):
    """What support has of a grant on the same host that is over: a certificate of its authority."""
    given = portal.granted(web(world))
    person = world.knocking(given)
    assert person.ssh("echo in").stdout == "in\n"
    with given.scope():
        access.finish_access(given.now, by=given.by)
    portal.until_nothing_is_left(given)
    return person


@pytest.fixture
def no(world, portal, mark, old, request):
    """A wish that acme did not grant; afterwards it is as it was, and nothing has opened."""
    how = getattr(request, "param", "denied")
    given = _said(portal, world, how)
    yield given
    assert (given.now.state, given.sessions, given.certificates) == (NOS[how], 0, [])
    old.grant = given.name
    refused = old.ssh(f"sleep {mark}")
    assert (refused.stdout, refused.returncode, processes(mark)) == ("", 255, [])


@pytest.fixture
def as_app():
    """SQL as the processes of the portal have it, past all code."""
    connection.ensure_connection()
    url, name = os.environ["DATABASE_URL"], connection.settings_dict["NAME"]
    with psycopg.connect(url, dbname=name, autocommit=True) as raw:
        yield raw


@pytest.mark.parametrize("no", NOS, indirect=True)
def test_no_key_is_certified_and_no_session_allowed(world, portal, no, old):
    line = old.key.with_suffix(".pub").read_text()
    with no.scope(), pytest.raises(Refused, match="opens nothing now"):
        request_certificate(no.now, by=no.by, public_key=line)
    wanted = {"request": str(no.now.pk), "public_key": line}
    assert portal.ask("/certificates", PAGES_SECRET, **wanted)[0] == 409
    assert portal.ask("/certificates", SECRET, **wanted)[0] == 401

    shown = _shown(portal, no, old)
    status, answer = portal.ask("/gateway/authorize", SECRET, **shown)
    assert (status, f"{no.name} is " in answer["detail"]) == (409, True)
    assert portal.ask("/gateway/authorize", "x" * 40, **shown)[0] == 401


def test_no_certificate_of_something_else_opens_it(world, portal, mark, no, old):
    other = portal.granted(web(world, 2))
    elsewhere = portal.granted(portal.globex.hosts["db-1"])
    strange = asyncssh.generate_private_key("ssh-ed25519")
    for person in (world.knocking(other), world.knocking(elsewhere), old):
        for name, host in ((no.name, ""), (no.name, "web-1"), (person.certificate.stem[:16], "web-1")):
            refused = person.ssh(f"sleep {mark}", user=name, host=host)
            assert (refused.stdout, processes(mark)) == ("", [])
    forged = strange.generate_user_certificate(
        asyncssh.read_public_key(f"{old.key}.pub"), no.name, principals=[no.name]
    )
    path = world.folder / "forged-cert.pub"
    forged.write_certificate(str(path))
    assert replace(old, certificate=path).ssh(f"sleep {mark}", user=no.name).stdout == ""


@pytest.mark.parametrize("no", ["never decided"], indirect=True)
def test_nobody_of_the_vendor_can_decide(portal, no):
    roles = [StaffRole.SUPPORT, StaffRole.APPROVER]
    both = staff.change_staff_roles(portal.staff["support"].member, roles, by=Shell())
    deciders = [type(no.by).of(both), portal.staff["approver"], portal.staff["other"], portal.acme.developer]
    with no.scope():
        for by in deciders:
            for decide in (access.approve_access, access.revoke_access):
                with pytest.raises((Forbidden, IllegalMove)):
                    decide(no.now, by=by)
        with pytest.raises(Refused):
            members.add_member(portal.staff["approver"].member.user, ["admin"], by=portal.acme.admin)
    staff.change_staff_roles(both, [StaffRole.SUPPORT], by=Shell())


@pytest.mark.parametrize("no", ["never decided"], indirect=True)
def test_no_page_and_no_api_lets_staff_decide(portal, no):
    browser = _browser(portal.staff["approver"].member.user)
    said = {"decision": "approve", "minutes": "60", "note": ""}
    for address in (
        f"/staff/access/{no.name}/decide/",
        f"/t/acme/access/{no.name}/decide/",
        "/t/acme/access/rules/",
        f"/api/v1/tenants/acme/access-requests/{no.name}/approve/",
        f"/api/v1/staff/access-requests/{no.name}/approve/",
        f"/staff/access/{no.name}/certificates/",
    ):
        answer = browser.post(address, {**said, "delegates": "on", "longest_minutes": "1440"})
        assert answer.status_code in (302, 400, 403, 404, 405, 409, 415), (address, answer.status_code)
    with no.scope():
        assert not access.rules_of(portal.acme.tenant).delegates


STATEMENTS = [
    "UPDATE enclaves_accessrequest SET state = 'active' WHERE name = %(name)s",
    "UPDATE enclaves_accessrequest SET state = 'requested', decided_at = NULL, decided_by_id = NULL"
    " WHERE name = %(name)s",
    "UPDATE enclaves_accesshost SET request_id = %(other)s WHERE request_id = %(request)s",
    "INSERT INTO enclaves_accesshost (id, tenant_id, request_id, host_id)"
    " VALUES (gen_random_uuid(), %(tenant)s, %(other)s, %(host)s)",
    "UPDATE enclaves_accessrequest SET ends_at = ends_at + interval '1 day' WHERE id = %(other)s",
    "DELETE FROM enclaves_accessrequest WHERE name = %(name)s",
    "SELECT private FROM enclaves_authority",
    "UPDATE tenants_auditevent SET action = 'access.approved' WHERE action = 'access.denied'",
    "ALTER TABLE enclaves_accessrequest DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "SET ROLE portal_system",
]


def test_sql_as_the_portal_itself_makes_no_grant_of_it(world, portal, no, as_app):
    """Not of the no, and not by a host that is put into a grant which support has elsewhere."""
    other = portal.granted(web(world, 2))
    as_app.execute("SELECT set_config('app.tenant', %s, false)", [str(portal.acme.tenant.pk)])
    names = {
        "name": no.name,
        "request": no.now.pk,
        "other": other.now.pk,
        "tenant": portal.acme.tenant.pk,
        "host": web(world).row.pk,
    }
    for statement in STATEMENTS:
        with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)):
            as_app.execute(statement, names)


def test_an_approval_that_was_written_past_the_services_opens_nothing(world, portal, as_app):
    """In an admin's name, step by step as the database takes it: the tenant's record knows nothing of it."""
    given = portal.asked(web(world))
    as_app.execute("SELECT set_config('app.tenant', %s, false)", [str(portal.acme.tenant.pk)])
    as_app.execute(
        "UPDATE enclaves_accessrequest SET state = 'approved', decided_at = now(), decided_for = 'tenant',"
        " decided_by_id = %s, minutes_given = 60, begins_at = now(), ends_at = now() + interval '1 hour'"
        " WHERE name = %s",
        [portal.acme.admin.id, given.name],
    )
    as_app.execute("UPDATE enclaves_accessrequest SET state = 'active' WHERE name = %s", [given.name])

    with pytest.raises(Refused, match="record knows of no approval"):
        world.knocking(given)
    status, _ = portal.ask("/gateway/authorize", SECRET, **_shown(portal, given))

    assert (status, given.sessions, given.certificates) == (409, 0, [])
    with given.scope():
        access.revoke_access(given.now, by=portal.acme.admin)


def test_a_shell_with_djangos_models_makes_no_grant_of_it(portal, no):
    with no.scope():
        row = no.now
        with pytest.raises(IllegalMove):
            row.move_to(AccessState.ACTIVE)
        row.state = AccessState.ACTIVE
        with pytest.raises(IntegrityError):
            row.save()
        with pytest.raises(Refused, match="denied already"):
            access.approve_access(no.now, by=portal.acme.admin)
        with pytest.raises(Refused, match="denied"):
            access.extend_access(no.now, by=no.by, reason="again")


def test_what_is_sent_to_workers_and_gateways_makes_no_grant_of_it(portal, no):
    bus = redis.Redis.from_url(os.environ["REDIS_URL"])
    for channel in ("access:revoked", f"events:{portal.acme.tenant.pk}", "access:granted"):
        bus.publish(channel, f'{{"grant": "{no.name}", "reason": "active", "hosts": [], "state": "active"}}')
    bus.close()
    with no.scope():
        for kind in Work.Kind:
            work.ask(portal.acme.tenant.pk, Work.Kind.ACCESS, no.now.pk, urgent=kind == Work.Kind.ACCESS)
    for _ in range(3):
        portal.hurry()
        portal.work()


def test_who_copies_a_hosts_identity_is_not_taken_for_it(world, portal, no):
    """An agent of somebody else's, with the configuration and the document of the host."""
    host = web(world)
    config = world.agent_config(host, world.gateway_running)
    impostor = world.start_impostor({**config, "state_dir": str(world.folder / "impostor")})

    eventually(lambda: b"enrolled before" in impostor.log.read_bytes())

    impostor.kill()
    assert b"Connected." not in impostor.log.read_bytes()


def test_wishes_for_hosts_of_others_are_none(portal, world):
    by, foreign = portal.staff["support"], portal.globex.hosts["db-1"].row
    for hosts in ([foreign], [web(world).row, foreign]):
        with portal.acme.scope(), pytest.raises((ValidationError, IntegrityError)):
            access.ask_access(hosts, by=by, tenant=portal.acme.tenant, reason="x")
    with portal.acme.scope():
        assert not AccessRequest.objects.filter(places__host_id=foreign.pk).exists()


def test_production_has_no_door_of_the_demo():
    routes = {str(entry.pattern) for entry in site(production=False)}

    assert routes - {str(entry.pattern) for entry in site(production=True)} == {"_outbox/"}


def test_who_may_act_as_an_admin_in_the_process_itself_is_seen(world, portal):
    """Whoever runs code of theirs inside the portal can call the service; what is left is that it is told."""
    given = portal.asked(web(world))
    with given.scope():
        member = Membership.objects.select_related("tenant", "user").get(pk=portal.acme.admin.membership.pk)
        access.approve_access(given.now, by=Actor.of_member(member))
        with atomic():
            told = audit.verify(portal.acme.tenant)

    assert given.audit == ["access.asked", "access.approved"]
    assert told.problem == ""
    with given.scope():
        access.revoke_access(given.now, by=portal.acme.admin)


def _said(portal, world, how):
    given = portal.asked(web(world))
    with given.scope():
        if how == "denied":
            access.deny_access(given.now, by=portal.acme.admin, note="Not today.")
        elif how == "withdrawn":
            access.withdraw_access(given.now, by=given.by)
        elif how == "lapsed":
            AccessRequest.objects.filter(name=given.name).update(lapses_at=timezone.now())
    if how == "lapsed":
        portal.until(given, AccessState.LAPSED)
    return given


def _shown(portal, given, person=None):
    """What a gateway would ask, with the best that support has."""
    hop = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    certificate = asyncssh.read_certificate(str(person.certificate)) if person else None
    key = asyncssh.read_public_key(f"{person.key}.pub") if person else None
    authority = authorities.ssh_authority(Purpose.SSH_USERS, given.now.enclave_id)
    return {
        "grant": given.name,
        "host_name": "web-1",
        "key_fingerprint": key.get_fingerprint() if key else "SHA256:any",
        "certificate_serial": certificate._serial if certificate else 1,
        "authority_fingerprint": authority.fingerprint,
        "source": "127.0.0.1",
        "hop_key": hop,
    }


def _browser(user):
    give_totp(user)
    return sign_in(Client(), user, factor=TOTP)
