"""The record is complete and in order, and whoever changes it is found out."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from tenants import audit, signing
from tenants.errors import Refused
from tenants.models import AuditEvent, AuditHead, Membership
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.tenants import forging


@pytest.fixture
def five(in_acme, actor):
    """acme's chain: its beginning and four events more."""
    for number in range(4):
        audit.record("host.failed", f"query-{number}", by=actor(Role.ADMIN), number=number)
    return in_acme


def test_an_event_says_who_did_what_when_to_what(in_acme, actor):
    by = actor(Role.ADMIN)

    event = audit.record("member.added", by.membership, by=by, roles=["reader"])

    event.refresh_from_db()
    assert (event.actor_kind, event.actor_id, event.actor) == ("user", by.id, "admin@acme.example")
    assert (event.action, event.subject_kind, event.subject_id) == (
        "member.added",
        "membership",
        str(by.membership.pk),
    )
    assert event.detail == {"roles": ["reader"]}


def test_a_part_of_the_system_is_an_actor_too(in_acme):
    event = audit.record("account.verified", "aws:1", by=audit.System("verifier", in_acme.pk))

    assert (event.actor_kind, event.actor_id, event.actor) == ("system", None, "verifier")
    assert (event.subject_kind, event.subject) == ("account", "aws:1")


def test_events_are_numbered_and_each_carries_the_hash_of_the_one_before(five):
    events = list(AuditEvent.objects.order_by("sequence"))

    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert [event.previous_hash for event in events[1:]] == [event.hash for event in events[:-1]]


def test_an_intact_chain_is_proved_and_the_proof_is_noted(five):
    verdict = audit.verify(five)

    assert (verdict.intact, verdict.events) == (True, 5)
    assert audit.head(five).verified_count == 5


def test_detail_survives_the_way_through_the_database(in_acme, actor):
    odd = {
        "share": 0.1,
        "huge": 1e300,
        "text": "ÄÖ \"'\\ 日本",
        "id": uuid4(),
        "nested": {"b": 1, "a": [None, True]},
    }

    audit.record("host.failed", "query-1", by=actor(Role.ADMIN), **odd)

    assert audit.verify(in_acme).intact


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        (
            "UPDATE tenants_auditevent SET actor = 'somebody else' WHERE sequence = 3",
            "Event 3 was changed after it was recorded.",
        ),
        (
            "UPDATE tenants_auditevent SET detail = '{}' WHERE sequence = 2",
            "Event 2 was changed after it was recorded.",
        ),
        (
            "UPDATE tenants_auditevent SET recorded_at = now() WHERE sequence = 5",
            "Event 5 was changed after it was recorded.",
        ),
        ("DELETE FROM tenants_auditevent WHERE sequence = 3", "Event 3 is missing: 4 stands in its place."),
        ("DELETE FROM tenants_auditevent WHERE sequence = 1", "Event 1 is missing: 2 stands in its place."),
        (
            "DELETE FROM tenants_auditevent WHERE sequence > 3",
            "The chain ends at event 3, and 5 were recorded.",
        ),
        ("DELETE FROM tenants_auditevent", "The chain ends at event 0, and 5 were recorded."),
        (
            "UPDATE tenants_auditevent SET sequence = 30 WHERE sequence = 2;"
            "UPDATE tenants_auditevent SET sequence = 2 WHERE sequence = 3;"
            "UPDATE tenants_auditevent SET sequence = 3 WHERE sequence = 30",
            "Event 2 was recorded as event 3: events were put in, taken out or swapped.",
        ),
        ("DELETE FROM tenants_audithead", "The end of the chain, which is kept apart from it, is missing."),
        (
            "UPDATE tenants_audithead SET count = 4",
            "Event 5 was added past the end: 4 were recorded.",
        ),
        (
            "UPDATE tenants_audithead SET hash = repeat('0', 64)",
            "Event 5 is not the one that was recorded last.",
        ),
    ],
    ids=[
        *("who", "detail", "when", "gap", "beginning", "cut tail", "all", "swap"),
        *("no end", "end before", "other end"),
    ],
)
def test_any_change_is_found(five, tampering, problem):
    with connection.cursor() as cursor:
        cursor.execute(tampering)

    verdict = audit.verify(five)

    assert verdict.problem == problem
    assert audit.head(five).problem == problem


def test_a_chain_that_was_made_again_from_the_middle_no_longer_has_the_hash_that_was_noted(five):
    noted = audit.head(five)
    AuditEvent.objects.filter(sequence=5).delete()
    AuditHead.objects.update(count=4, hash=AuditEvent.objects.get(sequence=4).hash)
    audit.record("host.failed", "another", by=audit.System("forger", five.pk))

    verdict = audit.check(map(json.loads, "".join(audit.export(audit.find(five), five)).splitlines()))

    assert verdict.intact
    assert verdict.hash != noted.hash


def test_an_export_can_be_checked_by_anybody(five):
    lines = "".join(audit.export(audit.find(five), five)).splitlines()

    events = [json.loads(line) for line in lines]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4, 5]
    assert audit.check(events, 5, audit.head(five).hash).intact
    assert not audit.check(events[:-1], 5, audit.head(five).hash).intact


def test_the_record_goes_with_the_change_that_it_tells_of(five):
    with transaction.atomic():
        audit.record("host.failed", "query-9", by=audit.System("worker", five.pk))
        transaction.set_rollback(True)

    assert audit.verify(five).events == 5


def test_each_tenant_has_a_chain_of_its_own(five, globex):
    with tenant_scope(globex.pk):
        audit.record("host.failed", "query-1", by=audit.System("worker", globex.pk))
        sequences = list(audit.find(globex).order_by("sequence").values_list("sequence", flat=True))

    assert sequences == [1, 2]
    assert audit.verify(five).events == 5


def test_events_are_found_by_who_what_and_to_what(five):
    def found(**wanted):
        return list(audit.find(five, **wanted).order_by("sequence").values_list("sequence", flat=True))

    assert found(action="host.") == [2, 3, 4, 5]
    assert found(subject="QUERY-2") == [4]
    assert found(actor="nobody") == []
    assert found(since=AuditEvent.objects.get(sequence=4).recorded_at) == [4, 5]
    assert found(until=AuditEvent.objects.get(sequence=2).recorded_at) == [1]


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_tenant_take_turns(acme):
    def write(number: int) -> UUID:
        try:
            with tenant_scope(acme.pk), transaction.atomic():
                return audit.record("host.failed", str(number), by=audit.System("worker", acme.pk)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        written = set(pool.map(write, range(12)))

    with tenant_scope(acme.pk), transaction.atomic():
        assert (len(written), audit.verify(acme).events, audit.verify(acme).problem) == (12, 13, "")


def test_a_member_is_recorded_by_name_even_after_they_left(five, actor):
    by = actor(Role.READER)

    audit.record("deployment.applied", "recommender", by=by)
    Membership.objects.filter(pk=by.membership.pk).delete()

    assert audit.find(five, actor="reader@acme.example").count() == 1


@pytest.fixture
def signed(five):
    """acme's chain with a checkpoint, which covers its sixth event."""
    return audit.sign(five, audit.verify(five), by=audit.System("worker", five.pk))


def test_a_checkpoint_covers_the_event_that_tells_of_it(five, signed):
    event = audit.find(five).get(sequence=6)

    assert (signed.sequence, signed.hash, event.subject_id) == (6, event.hash, str(signed.pk))
    assert (event.action, event.subject) == ("checkpoint.signed", "event 6")
    assert (audit.verify(five).intact, audit.verify(five).events) == (True, 6)


def test_after_signing_the_whole_chain_counts_as_verified(five, signed):
    head = audit.head(five)

    assert (head.verified_count, head.count) == (6, 6)


def test_nothing_is_signed_twice(five, signed):
    again = audit.sign(five, audit.verify(five), by=audit.System("worker", five.pk))

    assert (again, audit.head(five).count) == (signed, 6)


def test_a_new_key_signs_again_what_another_one_signed(five, signed, settings):
    settings.AUDIT_OLD_KEYS = [key["x"] for key in signing.published_keys()]
    settings.AUDIT_KEY = "new" * 20

    again = audit.sign(five, audit.verify(five), by=audit.System("worker", five.pk))

    assert (again.sequence, again.key_id != signed.key_id, audit.verify(five).intact) == (7, True, True)


def test_a_chain_that_is_not_intact_is_not_signed(five):
    AuditEvent.objects.filter(sequence=3).update(actor="somebody else")

    with pytest.raises(Refused, match=r"Only an intact chain is signed\. Event 3 was changed"):
        audit.sign(five, audit.verify(five), by=audit.System("worker", five.pk))

    assert list(audit.checkpoints(five)) == []


def test_without_a_key_nothing_is_signed(five, settings):
    settings.AUDIT_KEY = ""

    with pytest.raises(Refused, match="no key"):
        audit.sign(five, audit.verify(five), by=audit.System("worker", five.pk))

    assert audit.head(five).count == 5


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        (
            "DELETE FROM tenants_auditcheckpoint",
            "The checkpoint that was signed at event 6 is missing.",
        ),
        (
            "UPDATE tenants_auditcheckpoint SET id = gen_random_uuid()",
            "The checkpoint that was signed at event 6 is missing.",
        ),
        (
            "UPDATE tenants_auditcheckpoint SET sequence = 4",
            "The checkpoint at event 4 was changed after it was signed.",
        ),
        (
            "UPDATE tenants_auditcheckpoint SET hash = repeat('0', 64)",
            "The checkpoint at event 6 was changed after it was signed.",
        ),
        (
            "UPDATE tenants_auditcheckpoint SET key_id = 'mine'",
            "The checkpoint at event 6 was signed with the key mine, which this portal does not know.",
        ),
    ],
    ids=["deleted", "other id", "other event", "other hash", "other key"],
)
def test_any_change_of_a_checkpoint_is_found(five, signed, tampering, problem):
    forging.run(tampering)

    assert audit.verify(five).problem == problem


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        (3, "Event 4 was recorded as event 3: events were put in, taken out or swapped."),
        (7, "Event 7 was added past the end: 6 were recorded."),
    ],
    ids=["inserted", "appended"],
)
def test_a_forged_event_is_found_where_it_was_put_in(five, signed, at, problem):
    forging.make_room(at)
    forging.forge(at)

    assert audit.verify(five).problem == problem


def test_an_event_that_was_replaced_is_found(five, signed):
    AuditEvent.objects.filter(sequence=3).delete()
    forging.forge(3)

    expected = "Event 4 does not follow from event 3: one of them was forged."
    assert audit.verify(five).problem == expected


def test_a_chain_that_was_written_anew_is_found_and_from_which_event_on(five, signed):
    for number in range(2):
        audit.record("host.failed", f"late-{number}", by=audit.System("worker", five.pk))
    last = audit.sign(five, audit.verify(five), by=audit.System("worker", five.pk))
    AuditEvent.objects.filter(sequence=8).update(subject="nothing")
    forging.rewrite(8)

    verdict = audit.verify(five)

    assert (verdict.events, verdict.hash) == (6, signed.hash)
    assert verdict.problem == (
        "The chain was written anew, from event 7 on or later: event 9 is not the one that the checkpoint"
        f" of {audit.document(last)['signed_at']} signed."
    )
