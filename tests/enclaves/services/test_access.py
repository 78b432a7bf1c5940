from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from enclaves.lifecycle import AccessEnd, AccessState
from enclaves.models import AccessRequest, Host, Work
from enclaves.services import access, accounts
from tenants.errors import Forbidden, Refused
from tenants.models import AuditEvent, Notification
from tenants.policy import Role, StaffRole
from tenants.services import tenants
from tests.enclaves.asking import HOUR

pytestmark = pytest.mark.usefixtures("in_acme")


def test_support_asks_and_an_admin_is_told(asked):
    told = Notification.objects.get(kind="access.asked")

    assert (asked.state, asked.side, asked.minutes_asked) == ("requested", "vendor", 60)
    assert asked.name.startswith("grant-")
    assert told.title == f"{asked.asked_as} asks for access to query-1, query-2"
    assert AuditEvent.objects.get(action="access.asked").detail["reason"] == HOUR["reason"]
    assert Work.objects.filter(kind="access", subject=asked.pk).exists()


def test_the_clock_starts_at_the_approval(asked, actor):
    before = timezone.now()

    grant = access.approve_access(asked, by=actor(Role.ADMIN), minutes=15, note="Only query-1, thanks.")

    assert (grant.state, grant.minutes_given, grant.decided_for) == ("approved", 15, "tenant")
    assert before <= grant.begins_at <= timezone.now()
    assert grant.ends_at - grant.begins_at == timedelta(minutes=15)
    assert not Notification.objects.filter(kind="access.asked", ended_at=None).exists()


@pytest.mark.parametrize("minutes", [14, 61, 1440])
def test_a_decision_shortens_and_never_lengthens(asked, actor, minutes):
    with pytest.raises(ValidationError, match="shorten, never lengthen"):
        access.approve_access(asked, by=actor(Role.ADMIN), minutes=minutes)

    assert AccessRequest.objects.get().state == "requested"


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_admins_decide_for_the_tenant(asked, actor, role):
    with pytest.raises(Forbidden):
        access.approve_access(asked, by=actor(role))

    assert AccessRequest.objects.get().state == "requested"


def test_the_vendors_approver_decides_on_support_only_where_the_tenant_delegates(asked, actor, approver):
    with pytest.raises(Forbidden, match="An admin of the tenant decides"):
        access.approve_access(asked, by=approver)
    access.change_rules(by=actor(Role.ADMIN), longest_minutes=240, delegates=True)

    assert access.approve_access(asked, by=approver).decided_for == "vendor"


def test_the_vendor_decides_on_what_a_member_asks(hosts, acme, actor, approver):
    asked = access.ask_access(hosts, by=actor(Role.DEVELOPER), tenant=acme, **HOUR)

    with pytest.raises(Forbidden, match="An approver of the vendor decides"):
        access.approve_access(asked, by=actor(Role.ADMIN))
    assert access.approve_access(asked, by=approver).decided_for == "vendor"


def test_nobody_decides_on_their_own_request(hosts, acme, staff, actor):
    both = staff(StaffRole.SUPPORT, "both")
    both.member.roles = ["support", "approver"]
    both.member.save()
    both = type(both).of(both.member)
    access.change_rules(by=actor(Role.ADMIN), longest_minutes=240, delegates=True)
    asked = access.ask_access(hosts, by=both, tenant=acme, **HOUR)

    with pytest.raises(Forbidden, match="own request"):
        access.approve_access(asked, by=both)


def test_the_database_itself_refuses_a_decision_by_who_asked(asked):
    with pytest.raises(IntegrityError, match="access_decided_by_another"), transaction.atomic():
        AccessRequest.objects.update(decided_by=asked.person)


def test_the_database_itself_refuses_a_grant_that_nobody_gave(asked):
    now = timezone.now()

    with pytest.raises(IntegrityError, match="access_granted_by_somebody"), transaction.atomic():
        AccessRequest.objects.update(state="approved", begins_at=now, ends_at=now + timedelta(hours=1))


def test_a_token_cannot_decide(asked, actor):
    admin = actor(Role.ADMIN)
    token = type(admin)(admin.tenant, "token", admin.id, "token ci", admin.roles)

    with pytest.raises(Forbidden, match="a token cannot"):
        access.approve_access(asked, by=token)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"minutes": 14}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"ticket": "x" * 81}, "ticket"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(hosts, support, acme, changed, field):
    with pytest.raises(ValidationError) as refusal:
        access.ask_access(hosts, by=support, tenant=acme, **{**HOUR, **changed})

    assert list(refusal.value.message_dict) == [field]
    assert not AccessRequest.objects.exists()


def test_the_ceiling_of_the_tenant_holds_for_wishes_and_for_decisions(hosts, asked, support, acme, actor):
    access.change_rules(by=actor(Role.ADMIN), longest_minutes=30, delegates=False)

    with pytest.raises(ValidationError, match="15 to 30"):
        access.ask_access(hosts, by=support, tenant=acme, **HOUR)
    assert access.approve_access(asked, by=actor(Role.ADMIN)).minutes_given == 30


def test_hosts_that_nobody_can_get_onto_are_refused(hosts, support, acme):
    hosts[0].state = "deprovisioned"

    with pytest.raises(ValidationError, match="Nobody can get onto these: query-1"):
        access.ask_access(hosts, by=support, tenant=acme, **HOUR)
    with pytest.raises(ValidationError, match="at least one host"):
        access.ask_access([], by=support, tenant=acme, **HOUR)


def test_an_admin_of_the_tenant_is_no_support(hosts, approver, acme):
    with pytest.raises(Forbidden, match="access:ask"):
        access.ask_access(hosts, by=approver, tenant=acme, **HOUR)


def test_a_freeze_ends_every_grant_at_once_and_lets_nobody_in(grant, hosts, support, acme, actor):
    tenants.freeze_tenant(by=actor(Role.ADMIN))

    grant.refresh_from_db()
    assert (grant.state, grant.end_reason) == (AccessState.ENDED, AccessEnd.FROZEN)
    acme.refresh_from_db()
    with pytest.raises(Refused, match="is frozen"):
        access.ask_access(hosts, by=support, tenant=acme, **HOUR)


def test_what_was_asked_before_a_freeze_cannot_be_approved_in_it(asked, actor):
    accounts.freeze_account(asked.enclave.account, by=actor(Role.ADMIN))

    with pytest.raises(Refused, match="is frozen"):
        access.approve_access(asked, by=actor(Role.ADMIN))
    assert AccessRequest.objects.get().state == "requested"


def test_freezing_an_account_ends_the_grants_in_it(grant, actor):
    accounts.freeze_account(grant.enclave.account, by=actor(Role.ADMIN))

    grant.refresh_from_db()
    assert (grant.state, grant.end_reason) == (AccessState.ENDED, AccessEnd.FROZEN)


def test_an_admin_revokes_and_the_person_finishes(grant, actor, support):
    with pytest.raises(Forbidden, match="Only who asked"):
        access.finish_access(grant, by=actor(Role.ADMIN))
    with pytest.raises(Forbidden):
        access.revoke_access(grant, by=actor(Role.DEVELOPER))

    access.revoke_access(grant, by=actor(Role.ADMIN))

    grant.refresh_from_db()
    assert (grant.state, grant.end_reason, grant.opens_now) == ("ended", "revoked", False)
    with pytest.raises(Refused):
        access.finish_access(grant, by=support)


def test_more_time_is_a_new_wish(grant, support, actor):
    more = access.extend_access(grant, by=support, reason="The histogram takes longer.", minutes=30)

    assert (more.state, more.extends, more.minutes_asked) == ("requested", grant, 30)
    assert set(more.hosts.all()) == set(grant.hosts.all())
    access.approve_access(more, by=actor(Role.ADMIN))
    access.finish_access(grant, by=support)
    more.refresh_from_db()
    assert more.opens_now


def test_a_wish_is_taken_back_only_while_it_waits(asked, support, actor):
    access.withdraw_access(asked, by=support)

    assert AccessRequest.objects.get().state == "withdrawn"
    with pytest.raises(Refused, match="withdrawn already"):
        access.approve_access(asked, by=actor(Role.ADMIN))


def test_a_wish_that_lapsed_cannot_be_approved_although_nobody_has_noticed(asked, actor):
    AccessRequest.objects.update(lapses_at=timezone.now())

    with pytest.raises(Refused, match="has lapsed"):
        access.approve_access(asked, by=actor(Role.ADMIN))


def test_of_two_who_decide_only_one_is_heard(asked, actor):
    access.deny_access(asked, by=actor(Role.ADMIN), note="Ask for one host.")

    with pytest.raises(Refused, match="denied already"):
        access.approve_access(asked, by=actor(Role.ADMIN))
    assert AccessRequest.objects.get().note == "Ask for one host."


def test_every_step_is_in_the_record_with_its_person(grant, actor):
    access.revoke_access(grant, by=actor(Role.ADMIN))

    steps = AuditEvent.objects.filter(action__startswith="access.").order_by("sequence")
    assert [(one.action, one.actor_kind) for one in steps] == [
        ("access.asked", "staff"),
        ("access.approved", "user"),
        ("access.ended", "user"),
    ]
    assert Host.objects.count() == 3
