import json

import pytest
from django.db import connection

from tenants import audit
from tenants.policy import Role
from tenants.scope import tenant_scope

PAGE = "/t/acme/audit/"


@pytest.fixture
def three(acme, actor):
    with tenant_scope(acme.pk):
        for number in range(3):
            audit.record("host.failed", f"query-{number}", by=actor(Role.ADMIN), reason="no capacity")
    return acme


def test_the_page_tells_who_did_what_to_what(browser, three):
    page = browser(Role.READER).get(PAGE).text

    said = ("host.failed", "query-2", "admin@acme.example", "reason no capacity", "tenant.created")
    assert [part in page for part in said] == [True] * len(said)


def test_events_are_filtered(browser, three):
    page = browser(Role.READER).get(PAGE, {"subject": "query-1", "first": "2020-01-01"}).text

    assert ("query-1</span>" in page, "query-2</span>" in page) == (True, False)


@pytest.mark.parametrize(
    "query", [{"first": "someday"}, {"after": "x"}, {"last": "2020-01-01", "actor": "a\0b"}]
)
def test_a_filter_that_makes_no_sense_breaks_nothing(browser, three, query):
    assert browser(Role.READER).get(PAGE, query).status_code == 200


def test_what_was_filtered_away_can_be_shown_again(browser, three):
    page = browser(Role.READER).get(PAGE, {"actor": "nobody"}).text

    assert ("No event fits" in page, "Show all" in page) == (True, True)


def test_the_export_is_the_chain(browser, three):
    answer = browser(Role.READER).get(PAGE, {"format": "jsonl"})

    lines = b"".join(answer.streaming_content).decode().splitlines()
    with tenant_scope(three.pk):
        head = audit.head(three)
    assert audit.check(map(json.loads, lines), head.count, head.hash).intact
    assert answer["Content-Disposition"] == 'attachment; filename="acme-audit.jsonl"'


def test_the_chain_is_verified_on_request(browser, three):
    client = browser(Role.READER)

    before = client.get(PAGE).text
    after = client.post(PAGE + "verify/", follow=True).text

    assert "was not checked yet" in before
    assert "The chain is intact: 4 of 4 events" in after


def test_a_broken_chain_is_loud(browser, three):
    with tenant_scope(three.pk), connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_auditevent SET actor = 'somebody else' WHERE sequence = 2")

    page = browser(Role.READER).post(PAGE + "verify/", follow=True).text

    assert page.count("Event 2 was changed after it was recorded.") == 2
    assert "The chain is broken" in page


def test_the_page_costs_the_same_for_one_event_and_for_more(browser, acme, actor, queries, at_most):
    client = browser(Role.READER)
    with at_most(12) as before:
        client.get(PAGE)
    with tenant_scope(acme.pk):
        for number in range(3):
            audit.record("host.failed", f"query-{number}", by=actor(Role.ADMIN))

    with queries(len(before)):
        client.get(PAGE)
