from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest, AccessSession, Agent, RecordingChunk
from enclaves.services import access, visits
from tenants.policy import Role
from tests.enclaves.asking import HOUR, signed
from tests.signing_in import TOO_LONG, TOTP, give_totp, sign_in

pytestmark = pytest.mark.usefixtures("in_acme")
CAST = '{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "$ \\u001b[1mls\\u001b[0m\\r\\n"]\n'


@pytest.fixture
def careful(actor):
    """The same as ``browse``, for somebody who has given a second factor a moment ago."""

    def make(role: Role, **how) -> Client:
        user = actor(role).membership.user
        give_totp(user)
        return sign_in(Client(), user, factor=TOTP, **how)

    return make


@pytest.fixture
def session(grant, hosts):
    return AccessSession.objects.create(
        tenant=grant.tenant,
        request=grant,
        host=hosts[0],
        fingerprint="SHA256:x",
        source="198.51.100.7",
        gateway="g",
    )


@pytest.fixture
def mine(hosts, acme, actor):
    """A request of acme's developer."""
    return access.ask_access(hosts[:1], by=actor(Role.DEVELOPER), tenant=acme, **HOUR)


def test_an_admin_sees_who_asks_and_goes_on_to_decide(browse, asked):
    page = browse(Role.ADMIN).get("/t/acme/access/").text

    assert asked.asked_as in page
    assert HOUR["reason"] in page
    assert f"/t/acme/access/{asked.name}/decide/" in page


def test_a_reader_sees_who_asks_and_cannot_decide(browse, asked):
    client = browse(Role.READER)

    assert "/decide/" not in client.get("/t/acme/access/").text
    assert client.get(f"/t/acme/access/{asked.name}/decide/").status_code == 403


def test_deciding_needs_a_second_factor_of_the_last_minutes(browse, careful, asked):
    page, yes = f"/t/acme/access/{asked.name}/decide/", {"decision": "approve", "minutes": 60}

    without, late = browse(Role.ADMIN).post(page, yes), careful(Role.ADMIN, ago=TOO_LONG).post(page, yes)

    assert without.url.startswith("/accounts/2fa/")
    assert late.url.startswith("/accounts/2fa/reauthenticate/")
    assert AccessRequest.objects.get().state == "requested"


def test_an_admin_approves_for_less_than_was_asked(careful, asked):
    client = careful(Role.ADMIN)
    assert "If you approve" in client.get(f"/t/acme/access/{asked.name}/decide/").text

    form = {"decision": "approve", "minutes": 30, "note": "Only the histogram."}
    answer = client.post(f"/t/acme/access/{asked.name}/decide/", form)

    asked.refresh_from_db()
    assert (answer.status_code, asked.state, asked.minutes_given) == (302, "approved", 30)
    assert asked.note == "Only the histogram."


def test_an_admin_denies(careful, asked):
    careful(Role.ADMIN).post(f"/t/acme/access/{asked.name}/decide/", {"decision": "deny"})

    assert AccessRequest.objects.get().state == "denied"


def test_what_is_decided_is_not_asked_again(careful, grant):
    page = careful(Role.ADMIN).get(f"/t/acme/access/{grant.name}/decide/").text

    assert "It is decided" in page


def test_revoking_asks_first_and_names_what_is_cut(browse, session, grant):
    client = browse(Role.ADMIN)
    assert "The open session on query-1 is cut at once" in client.get(
        f"/t/acme/access/{grant.name}/revoke/"
    ).text.replace("\n", " ")

    client.post(f"/t/acme/access/{grant.name}/revoke/")

    grant.refresh_from_db()
    assert (grant.state, grant.end_reason) == ("ended", "revoked")


def test_a_developer_asks_for_a_host(browse, hosts):
    client = browse(Role.DEVELOPER)
    assert "query-2" in client.get("/t/acme/access/ask/").text

    form = {"hosts": [str(hosts[1].pk)], "reason": "A core dump.", "minutes": 30}
    answer = client.post("/t/acme/access/ask/", form)

    made = AccessRequest.objects.get()
    assert answer["Location"] == f"/t/acme/access/{made.name}/"
    assert [host.name for host in made.hosts.all()] == ["query-2"]


@pytest.mark.parametrize("form", [{}, {"hosts": ["x"], "reason": "r", "minutes": 60}, {"minutes": 7}])
def test_a_wish_that_makes_no_sense_is_shown_again(browse, hosts, form):
    answer = browse(Role.DEVELOPER).post("/t/acme/access/ask/", form)

    assert (answer.status_code, AccessRequest.objects.exists()) == (200, False)


def test_where_only_short_grants_are_allowed_the_longest_is_chosen(browse, hosts, actor):
    access.change_rules(by=actor(Role.ADMIN), longest_minutes=30, delegates=False)

    field = browse(Role.DEVELOPER).get("/t/acme/access/ask/").context["form"]["minutes"]

    assert ([label for _, label in field.field.choices], field.value()) == (["15 min", "30 min"], 30)


def test_whoever_asked_takes_it_back(browse, mine):
    browse(Role.DEVELOPER).post(f"/t/acme/access/{mine.name}/withdraw/")

    assert AccessRequest.objects.get().state == "withdrawn"


def test_whoever_asked_sees_the_line_to_type(browse, mine, approver, settings):
    settings.GATEWAY_SSH = "gateway.example.com:2222"
    access.approve_access(mine, by=approver)
    signed(mine)
    page = browse(Role.DEVELOPER).get(f"/t/acme/access/{mine.name}/").text

    line = f"ssh -p 2222 -o CertificateFile={mine.name}-cert.pub {mine.name}@gateway.example.com"
    assert line in page
    assert "SHA256:abc" in page
    assert "SHA256:abc" not in browse(Role.ADMIN).get(f"/t/acme/access/{mine.name}/").text


def test_only_whoever_asked_downloads_the_certificate(browse, mine, approver):
    access.approve_access(mine, by=approver)
    made = signed(mine, "the certificate")
    path = f"/t/acme/access/{mine.name}/certificates/{made.pk}/"

    assert browse(Role.DEVELOPER).get(path).text == "the certificate\n"
    assert browse(Role.ADMIN).get(path).status_code == 403


def test_rules_are_changed_by_admins(browse, hosts):
    form = {"longest_minutes": 240, "delegates": "on"}
    assert browse(Role.DEVELOPER).post("/t/acme/access/rules/", form).status_code == 403

    browse(Role.ADMIN).post("/t/acme/access/rules/", form)

    page = browse(Role.READER).get("/t/acme/access/").text
    assert "4 hours" in page
    assert "on: an approver of the vendor may decide for you" in page


def test_an_admin_reads_a_recording_as_text_and_as_it_was_made(browse, session, monkeypatch):
    for offset in (0, len(CAST)):
        RecordingChunk.objects.create(tenant=session.tenant, session=session, offset=offset, text=CAST)
    AccessSession.objects.update(recorded=2 * len(CAST))
    monkeypatch.setattr(visits, "MOST_READ", len(CAST))
    client, file = browse(Role.ADMIN), f"/t/acme/sessions/{session.pk}/recording/"

    page = client.get(f"/t/acme/sessions/{session.pk}/").text
    whole, first = client.get(file), client.get(f"{file}?from=0")
    rest, none = client.get(f"{file}?from={len(CAST)}"), client.get(f"{file}?from={2 * len(CAST)}")

    assert ">$ ls\n</div>" in page
    assert (whole.getvalue().decode(), first.text, rest.text, none.text) == (2 * CAST, CAST, CAST, "")
    assert (first["X-Recording-More"], rest["X-Recording-More"]) == ("yes", "no")
    assert (rest["X-Recording-Open"], client.get(f"{file}?from=x").status_code) == ("yes", 200)


def test_only_admins_read_recordings(browse, session):
    assert browse(Role.DEVELOPER).get(f"/t/acme/sessions/{session.pk}/").status_code == 403
    assert browse(Role.DEVELOPER).get(f"/t/acme/sessions/{session.pk}/recording/").status_code == 403


def test_a_recording_that_was_changed_is_told_as_such(browse, session):
    RecordingChunk.objects.create(tenant=session.tenant, session=session, offset=0, text=CAST)
    AccessSession.objects.update(sha256="0" * 64, closed_at=timezone.now())

    assert "hash does not match" in browse(Role.ADMIN).get(f"/t/acme/sessions/{session.pk}/").text


def test_pages_cost_the_same_for_few_and_for_many(browse, hosts, support, acme, actor, queries):
    client, admin = browse(Role.READER), actor(Role.ADMIN)

    def fill(count):
        for number in range(3 * count):
            made = access.ask_access(hosts, by=support, tenant=acme, **HOUR)
            if number % 3:
                access.approve_access(made, by=admin)
            if number % 3 == 2:
                access.revoke_access(made, by=admin)
            if number % 3 == 1:
                visit(made, hosts)
        return f"/t/acme/access/{made.name}/", f"/t/acme/hosts/{hosts[0].pk}/"

    def visit(grant, places):
        told = {"fingerprint": "SHA256:x", "source": "198.51.100.7", "gateway": "g"}
        for host in places:
            AccessSession.objects.create(tenant=acme, request=grant, host=host, **told)

    pages = ["/t/acme/access/", "/t/acme/", *fill(1)]
    few = [queries(client, page) for page in pages]
    fill(4)

    assert [queries(client, page) for page in pages] == few
    assert max(few) <= 24
    assert client.get("/t/acme/access/").text.count(support.label) >= 12


def test_a_script_gets_the_part_that_lives_alone(browse, grant):
    for page in ("/t/acme/access/", f"/t/acme/access/{grant.name}/"):
        text = browse(Role.READER).get(page, headers={"HX-Request": "true"}).text
        assert ('id="live"' in text, "<html" in text) == (True, False)


def test_what_is_not_known_to_be_gone_stands_before_everything_else(browse, grant, actor):
    access.revoke_access(grant, by=actor(Role.ADMIN))
    problem = "Nobody has confirmed that nothing is left on query-1."
    AccessRequest.objects.get().move_to(AccessState.REVOCATION_FAILED, problem=problem)

    page = browse(Role.READER).get("/t/acme/access/").text

    assert 0 < page.index(problem) < page.index("Waiting for a decision")


def test_an_ended_grant_says_that_it_is_verified(browse, grant, actor):
    access.revoke_access(grant, by=actor(Role.ADMIN))
    AccessRequest.objects.update(nothing_left_at=timezone.now() - timedelta(minutes=1))

    page = browse(Role.READER).get(f"/t/acme/access/{grant.name}/").text

    assert "no login, no session, no process" in page
    audit = browse(Role.READER).get(f"/t/acme/audit/?subject={grant.name}").text
    assert f"/t/acme/audit/?subject={grant.name}" in page
    assert [said in audit for said in ("access.asked", "access.approved", "access.ended")] == [True] * 3


def test_a_host_tells_how_it_is_and_how_one_gets_in(browse, hosts, agents, grant):
    Agent.objects.filter(host=hosts[0]).update(version="0.1.0", facts={"load": [0.42, 0.3, 0.2]})
    reader, developer = browse(Role.READER), browse(Role.DEVELOPER)

    heard = developer.get(f"/t/acme/hosts/{hosts[0].pk}/").text
    Agent.objects.filter(host=hosts[1]).update(seen_at=timezone.now() - timedelta(minutes=5))
    silent = reader.get(f"/t/acme/hosts/{hosts[1].pk}/").text
    Agent.objects.filter(host=hosts[2]).delete()
    never = reader.get(f"/t/acme/hosts/{hosts[2].pk}/").text

    assert [said in heard for said in ("0.42", "version 0.1.0", "heard of", grant.asked_as)] == [True] * 4
    assert (f"/access/ask/?host={hosts[0].pk}" in heard, "/access/ask/" in silent) == (True, False)
    assert ("silent" in silent, "Nothing was heard since" in silent) == (True, True)
    assert ("has never enrolled" in never, "Nobody has access, nobody ever had" in never) == (True, True)


def test_one_asks_for_the_hosts_that_one_came_from(browse, hosts):
    client = browse(Role.DEVELOPER)
    deployment = f"/t/acme/deployments/{hosts[0].deployment_id}/"

    one = client.get(f"/t/acme/access/ask/?host={hosts[0].pk}").context["form"]
    all_of_it = client.get(f"/t/acme/access/ask/?deployment={hosts[0].deployment_id}").context["form"]
    nonsense = client.get("/t/acme/access/ask/?host=nonsense").text

    assert (len(one["hosts"]), one["hosts"].value()) == (1, [str(hosts[0].pk)])
    assert len(all_of_it["hosts"]) == 3
    assert "No host to get onto" in nonsense
    assert f"/access/ask/?deployment={hosts[0].deployment_id}" in client.get(deployment).text


def test_home_shows_who_is_in_and_who_asks(browse, grant, hosts, actor, acme):
    client = browse(Role.ADMIN)
    asked = access.ask_access(hosts[:1], by=actor(Role.DEVELOPER), tenant=acme, **HOUR)

    page = client.get("/t/acme/").text

    assert (f"/access/{grant.name}/revoke/" in page, f"{asked.asked_as} asks for access" in page) == (
        True,
        True,
    )
