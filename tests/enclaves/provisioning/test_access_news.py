"""Who is told of somebody's access, and in which words."""

import pytest
from django.utils import timezone

from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest
from enclaves.provisioning import access_news
from enclaves.services import access
from tenants.letters import writing
from tenants.models import Letter, Notification
from tenants.policy import Role
from tests.enclaves.asking import HOUR

pytestmark = pytest.mark.usefixtures("in_acme")


def told(kind):
    return Notification.objects.filter(kind=kind).latest("changed_at")


def readers(kind):
    found = Letter.objects.filter(notification=told(kind), is_end=False)
    return sorted(found.values_list("user__email", flat=True))


def test_admins_are_told_who_asks_why_and_for_how_long(asked, actor):
    news = told("access.asked")

    assert news.title == f"{asked.asked_as} asks for access to query-1, query-2"
    assert news.detail == f"“{HOUR['reason']}” For 1 hour. An admin of yours decides within 24 hours."
    assert readers("access.asked") == ["admin@acme.example"]


def test_approvers_are_written_to_where_they_decide_and_nowhere_else(hosts, acme, actor, approver, support):
    access.ask_access(hosts[:1], by=support, tenant=acme, **HOUR)
    of_support = readers("access.asked")
    access.ask_access(hosts[:1], by=actor(Role.DEVELOPER), tenant=acme, **HOUR)
    of_member = readers("access.asked")
    access.change_rules(by=actor(Role.ADMIN), longest_minutes=240, delegates=True)
    access.ask_access(hosts[:1], by=support, tenant=acme, **HOUR)

    admin, approver_ = "admin@acme.example", "approver@vendor.example"
    assert (of_support, of_member, readers("access.asked")) == (
        [admin],
        [admin, approver_],
        [admin, approver_],
    )


def test_whoever_asked_is_told_by_whom_it_was_approved_and_ended(grant, actor):
    approved = told("access.decided")
    access.revoke_access(grant, by=actor(Role.ADMIN))
    ended = told("access.ended")

    assert approved.title == f"admin@acme.example approved the access of {grant.asked_as} for 1 hour"
    assert (ended.title, ended.detail) == (
        f"The access of {grant.asked_as} is revoked",
        "By admin@acme.example.",
    )
    assert "support@vendor.example" in readers("access.decided")
    assert "support@vendor.example" in readers("access.ended")


def test_whoever_asked_is_told_no_with_the_note_and_of_silence(asked, hosts, support, acme, actor):
    access.deny_access(asked, by=actor(Role.ADMIN), note="Look at the logs first.")
    denied = told("access.decided")
    access_news.lapsed(access.ask_access(hosts, by=support, tenant=acme, **HOUR))
    lapsed = told("access.decided")

    assert (denied.title, denied.detail) == (
        f"admin@acme.example denied the access of {asked.asked_as}",
        "“Look at the logs first.”",
    )
    assert lapsed.title == f"Nobody decided on the access of {asked.asked_as}"
    assert not Notification.objects.filter(kind="access.asked", ended_at=None).exists()


def test_what_is_open_and_what_could_not_be_ended_stands_until_it_is_over(grant, actor):
    access_news.opened(grant)
    opened = told("access.active")
    grant.move_to(
        AccessState.ENDED, ended_at=timezone.now(), end_reason="revoked", problem="Nobody has said."
    )
    access_news.not_gone(grant)
    loud = told("access.not_gone")
    access_news.gone(grant)

    assert opened.title == f"{grant.asked_as} may get onto query-1, query-2 until {grant.ends_at:%H:%M} UTC"
    assert loud.detail.startswith("Nobody has said. We go on asking.")
    assert told("access.not_gone").ended_at is not None


def test_a_letter_leads_staff_to_their_own_area_and_members_to_theirs(asked, actor):
    access.approve_access(asked, by=actor(Role.ADMIN))
    row = AccessRequest.objects.get()

    made = {one.user.email: writing.write(one).body for one in Letter.objects.select_related("user")}

    assert f"/staff/access/{row.name}/" in made["support@vendor.example"]
    assert f"/t/acme/access/{row.name}/" in made["admin@acme.example"]
