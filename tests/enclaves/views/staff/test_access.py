"""Access as staff see it: their desk, what they ask for and decide, and that each tenant is told of looks."""

import pytest

from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest, AccessRules, AccessSession
from enclaves.services import access
from tenants.policy import Role, StaffRole
from tests.enclaves.asking import HOUR, signed
from tests.signing_in import TOO_LONG, give_totp

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "system"]),
    pytest.mark.usefixtures("in_acme"),
]
LIST = "/staff/access/"


@pytest.fixture
def mine(hosts, acme, actor):
    """What acme's developer asks for: the vendor's approvers decide."""
    return access.ask_access(hosts[:1], by=actor(Role.DEVELOPER), tenant=acme, **HOUR)


def page_of(row):
    return f"{LIST}{row.name}/"


def now(row):
    return AccessRequest.objects.get(pk=row.pk)


def test_the_desk_tells_what_to_decide_from_what_is_ones_own(
    asked, mine, staff_browser, text_of, looks, acme
):
    support = text_of(staff_browser(StaffRole.SUPPORT), LIST)
    approver = text_of(staff_browser(StaffRole.APPROVER), LIST)
    operator = text_of(staff_browser(StaffRole.OPERATOR), LIST)

    assert f"{page_of(asked)}withdraw/" in support
    assert "To decide" not in support
    assert f"{page_of(mine)}decide/" in approver
    assert f"{page_of(asked)}decide/" not in approver
    assert "/decide/" not in operator
    assert HOUR["reason"] in operator
    assert [event.subject for event in looks(acme)] == ["access"] * 3


def test_before_anybody_asked_the_desk_says_how_to(acme, staff_browser, text_of, looks):
    text = text_of(staff_browser(StaffRole.SUPPORT), LIST)

    assert ("You have asked for nothing" in text, "No history yet" in text) == (True, True)
    assert looks(acme) == []


def test_support_asks_from_the_page_of_a_host_waits_and_takes_it_back(hosts, staff_browser, text_of, acme):
    client = staff_browser(StaffRole.SUPPORT)
    way = f"/staff/hosts/{hosts[0].pk}/access/"
    assert way in text_of(client, f"/staff/hosts/{hosts[0].pk}/")
    assert "An admin of acme decides" in text_of(client, way)

    empty = client.post(way, {"hosts": [str(hosts[0].pk)], "reason": " ", "minutes": 60})
    answer = client.post(way, {"hosts": [str(hosts[1].pk)], "reason": "A core dump.", "minutes": 30})

    made = AccessRequest.objects.get()
    assert ("This field is required" in empty.text, answer.url) == (True, page_of(made))
    assert (made.side, [host.name for host in made.hosts.all()]) == ("vendor", ["query-2"])
    assert "Waits for an admin of acme" in text_of(client, page_of(made))
    assert client.post(f"{page_of(made)}withdraw/").url == page_of(made)
    assert now(made).state == "withdrawn"


def test_an_approver_decides_on_what_members_ask_and_shortens(mine, staff_browser, text_of):
    client = staff_browser(StaffRole.APPROVER)
    page = text_of(client, f"{page_of(mine)}decide/")
    assert ("A member of acme" in page, "If you approve" in page) == (True, True)

    answer = client.post(f"{page_of(mine)}decide/", {"decision": "approve", "minutes": 30, "note": "Quick."})

    given = now(mine)
    assert (answer.url, given.state, given.minutes_given, given.decided_for) == (
        page_of(mine),
        "approved",
        30,
        "vendor",
    )
    assert "It is decided" in text_of(client, f"{page_of(mine)}decide/")


def test_a_decision_wants_a_second_factor_of_the_last_minutes(mine, approver, staff_browser):
    client = staff_browser(StaffRole.APPROVER, ago=TOO_LONG)
    give_totp(approver.member.user)

    answer = client.post(f"{page_of(mine)}decide/", {"decision": "approve", "minutes": 30})

    assert (answer.status_code, "reauthenticate" in answer.url) == (302, True)
    assert now(mine).state == "requested"


def test_approvers_decide_on_support_only_where_the_tenant_delegates(asked, staff_browser, text_of, acme):
    client = staff_browser(StaffRole.APPROVER)
    refused = client.post(f"{page_of(asked)}decide/", {"decision": "approve", "minutes": 30})
    assert (refused.status_code, now(asked).state) == (403, "requested")
    assert "/decide/" not in text_of(client, page_of(asked))

    AccessRules.objects.create(tenant=acme, delegates=True)

    assert f"{page_of(asked)}decide/" in text_of(client, LIST)
    client.post(f"{page_of(asked)}decide/", {"decision": "deny", "note": "Look at the logs first."})
    assert (now(asked).state, now(asked).decided_for) == ("denied", "vendor")


def test_nobody_decides_on_their_own_wish(asked, staff, staff_browser, acme):
    AccessRules.objects.create(tenant=acme, delegates=True)
    member = staff(StaffRole.SUPPORT).member
    member.roles = [StaffRole.SUPPORT, StaffRole.APPROVER]
    member.save()

    answer = staff_browser(StaffRole.SUPPORT).post(f"{page_of(asked)}decide/", {"decision": "approve"})

    assert (answer.status_code, now(asked).state) == (403, "requested")


def test_whoever_asked_gets_a_certificate_more_time_and_gives_it_back(
    grant, staff_browser, text_of, settings, monkeypatch
):
    settings.GATEWAY_SSH = "gateway.example.com:2222"
    client, other = staff_browser(StaffRole.SUPPORT), staff_browser(StaffRole.APPROVER)
    made = signed(grant, "the certificate")

    page = text_of(client, page_of(grant))
    file = client.get(f"{page_of(grant)}certificates/{made.pk}/")
    more = client.post(f"{page_of(grant)}extend/", {"reason": "It is a large heap.", "minutes": 15})
    question = text_of(client, f"{page_of(grant)}finish/")
    client.post(f"{page_of(grant)}finish/")

    assert f"ssh -p 2222 -o CertificateFile={grant.name}-cert.pub {grant.name}+query-1@gateway" in page
    assert file.text == "the certificate\n"
    assert other.get(f"{page_of(grant)}certificates/{made.pk}/").status_code == 403
    assert more.url == page_of(AccessRequest.objects.get(extends=grant))
    assert "no session at the moment" in question
    assert (now(grant).state, now(grant).end_reason) == ("ended", "finished")


def test_a_key_that_is_too_weak_or_none_is_told_beside_the_field(grant, staff_browser):
    answer = staff_browser(StaffRole.SUPPORT).post(
        f"{page_of(grant)}certificates/", {"public_key": "ssh-dss AAAA"}
    )

    assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (200, True)


def test_an_approver_revokes_and_is_asked_first(grant, staff_browser, text_of):
    AccessSession.objects.create(
        tenant=grant.tenant, request=grant, host=grant.hosts.first(), fingerprint="f", source="198.51.100.7"
    )
    client = staff_browser(StaffRole.APPROVER)

    assert f"{page_of(grant)}revoke/" in text_of(client, LIST)
    assert "is cut at once" in text_of(client, f"{page_of(grant)}revoke/")
    client.post(f"{page_of(grant)}revoke/")

    assert (now(grant).state, now(grant).end_reason) == ("ended", "revoked")
    assert staff_browser(StaffRole.SUPPORT).post(f"{page_of(grant)}revoke/").status_code == 403


def test_staff_see_sessions_and_replay_none(grant, staff_browser, text_of, looks, acme):
    session = AccessSession.objects.create(
        tenant=grant.tenant, request=grant, host=grant.hosts.first(), fingerprint="f", source="198.51.100.7"
    )

    text = text_of(staff_browser(StaffRole.APPROVER), page_of(grant))

    assert ("198.51.100.7" in text, f"/sessions/{session.pk}/" in text) == (True, False)
    assert [event.subject_id for event in looks(acme)] == [str(grant.pk)]
    assert staff_browser(StaffRole.APPROVER).get(f"/t/acme/sessions/{session.pk}/").status_code == 404


def test_the_desk_costs_the_same_for_few_and_for_many_and_history_has_pages(
    hosts, support, acme, actor, staff_browser, count_queries, monkeypatch
):
    client, admin = staff_browser(StaffRole.SUPPORT), actor(Role.ADMIN)

    def fill():
        for wish in ("wait", "grant", "deny"):
            made = access.ask_access(hosts, by=support, tenant=acme, **HOUR)
            if wish == "grant":
                access.approve_access(made, by=admin)
            if wish == "deny":
                access.deny_access(made, by=admin)

    fill()
    client.get(LIST)  # the look is told of once
    before = count_queries(client, LIST)
    fill()
    fill()
    monkeypatch.setattr("tenants.paging.PAGE_SIZE", 2)

    assert count_queries(client, LIST) == before <= 20
    first = client.get(LIST)
    second = client.get(LIST + first.context["page"].next)
    assert (len(first.context["page"].rows), len(second.context["page"].rows)) == (2, 1)


def test_a_grant_that_does_not_exist_is_not_found(staff_browser):
    client = staff_browser(StaffRole.SUPPORT)

    assert [client.get(f"{LIST}grant-none/{page}").status_code for page in ("", "extend/")] == [404, 404]


def test_the_overview_counts_what_is_open_and_shouts_of_what_is_not_known_to_be_gone(
    grant, actor, staff_browser, text_of
):
    client = staff_browser(StaffRole.OPERATOR)
    opened = client.get("/staff/").context["figures"].grants_open
    access.revoke_access(grant, by=actor(Role.ADMIN))
    now(grant).move_to(AccessState.REVOCATION_FAILED, problem="Nobody has confirmed it.")

    shouted = text_of(client, "/staff/")

    assert (opened, client.get("/staff/").context["figures"].grants_open) == (1, 0)
    assert "1 grant ended, and nobody has confirmed that nothing is left" in shouted
    assert "Nobody has confirmed it." in text_of(client, LIST)
