"""Two hundred manipulations of the record, by SQL as the database's owner: each is found."""

from random import Random
from uuid import UUID

import pytest
from django.db import transaction

from tenants import audit
from tenants.models import AuditCheckpoint
from tests.tenants import forging
from tests.tenants.forging import exported, run

SEED = 20261121
ROUNDS = 20  # of each kind
EVENTS, CHECKPOINTS = 16, (6, 11, 16)


@pytest.fixture
def chain(in_acme):
    """acme's chain of 16 events, the last of which tells of the last of three checkpoints."""
    by = audit.System("worker", in_acme.pk)
    for sequence in range(2, EVENTS + 1):
        if sequence in CHECKPOINTS:
            audit.sign(in_acme, audit.verify(in_acme), by=by)
        else:
            audit.record("host.failed", f"query-{sequence}", by=by, number=sequence)
    return in_acme


def edit(random: Random) -> str:
    column, value = random.choice(EVENT_COLUMNS)(random)
    at = random.randint(1, EVENTS)
    run(f"UPDATE tenants_auditevent SET {column} = %s WHERE sequence = %s", [value, at])  # noqa: S608
    return f"{column} of event {at}"


def take_out(random: Random) -> str:
    at = random.randint(1, EVENTS)
    run("DELETE FROM tenants_auditevent WHERE sequence = %s", [at])
    if random.random() < 0.5:
        run("UPDATE tenants_auditevent SET sequence = sequence + 1000 WHERE sequence > %s", [at])
        run("UPDATE tenants_auditevent SET sequence = sequence - 1001 WHERE sequence >= 1000")
    return f"event {at}"


def swap(random: Random) -> str:
    one, other = random.sample(range(1, EVENTS + 1), 2)
    forging.swap(one, other)
    return f"events {one} and {other}"


def cut_tail(random: Random) -> str:
    after, noted = random.randrange(EVENTS), random.random() < 0.5
    if noted:
        forging.cut(after)
    else:
        run("DELETE FROM tenants_auditevent WHERE sequence > %s", [after])
    return f"after {after}, end {'moved' if noted else 'left'}"


def append(random: Random) -> str:
    forged = random.randint(1, 3)
    for number in range(forged):
        forging.forge(EVENTS + 1 + number)
    return f"{forged} events"


def insert(random: Random) -> str:
    at = random.randint(2, EVENTS)
    if random.random() < 0.5:
        forging.make_room(at)
    else:
        run("DELETE FROM tenants_auditevent WHERE sequence = %s", [at])
    forging.forge(at)
    return f"at {at}"


def rewrite(random: Random) -> str:
    start = random.randint(1, EVENTS)
    run("UPDATE tenants_auditevent SET subject = 'nothing' WHERE sequence = %s", [start])
    if start < EVENTS and random.random() < 0.5:
        forging.swap(start, EVENTS)
    forging.rewrite(start)
    return f"from event {start} on"


def delete_checkpoint(random: Random) -> str:
    at = random.choice(CHECKPOINTS)
    run("DELETE FROM tenants_auditcheckpoint WHERE sequence = %s", [at])
    return f"at {at}"


def change_checkpoint(random: Random) -> str:
    column, value = random.choice(CHECKPOINT_COLUMNS)(random)
    at = random.choice(CHECKPOINTS)
    statement = f"UPDATE tenants_auditcheckpoint SET {column} = %s WHERE sequence = %s"  # noqa: S608
    run(statement, [value, at])
    return f"{column} at {at}"


def move_end(random: Random) -> str:
    if random.random() < 0.2:
        run("DELETE FROM tenants_audithead")
        return "deleted"
    if random.random() < 0.5:
        run("UPDATE tenants_audithead SET hash = %s", [_hex(random, 64)])
        return "hash"
    run("UPDATE tenants_audithead SET count = %s", [random.choice([*range(EVENTS), EVENTS + 1, 10**9])])
    return "count"


KINDS = {
    edit,
    take_out,
    swap,
    cut_tail,
    append,
    insert,
    rewrite,
    delete_checkpoint,
    change_checkpoint,
    move_end,
}
EVENT_COLUMNS = [
    lambda random: ("id", _uuid(random)),
    lambda random: ("sequence", random.choice([0, EVENTS + 1, EVENTS + 2, 10**6])),
    lambda random: ("recorded_at", f"2026-01-{random.randint(1, 28):02} 10:00:00.000001+00"),
    lambda random: ("actor_kind", random.choice(["user", "token"])),
    lambda random: ("actor_id", _uuid(random)),
    lambda random: ("actor", _hex(random, 12)),
    lambda random: ("action", random.choice(["host.launched", "checkpoint.removed"])),
    lambda random: ("subject_kind", random.choice(["account", "enclave"])),
    lambda random: ("subject_id", _hex(random, 8)),
    lambda random: ("subject", _hex(random, 8)),
    lambda random: ("detail", f'{{"number": {random.randint(100, 999)}}}'),
    lambda random: ("previous_hash", _hex(random, 64)),
    lambda random: ("hash", _hex(random, 64)),
]
CHECKPOINT_COLUMNS = [
    lambda random: ("id", _uuid(random)),
    lambda random: ("sequence", random.choice([1, 2, 15, 17, 10**6])),
    lambda random: ("hash", _hex(random, 64)),
    lambda random: ("tenant_name", random.choice(["globex", "ACME"])),
    lambda random: ("signed_at", f"2026-01-{random.randint(1, 28):02} 10:00:00+00"),
    lambda random: ("key_id", _hex(random, 43)),
    lambda random: ("signature", _hex(random, 128)),
    lambda random: ("signature", AuditCheckpoint.objects.get(sequence=6).signature.upper()),
]


def _hex(random: Random, digits: int) -> str:
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def _uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128))


def test_two_hundred_random_manipulations_are_all_found(chain):
    random, missed = Random(SEED), []  # noqa: S311 -- the same ones each time
    print(f"seed {SEED}")

    for kind in sorted(KINDS, key=lambda kind: kind.__name__) * ROUNDS:
        with transaction.atomic():
            told = kind(random)
            verdict = audit.verify(chain)
            transaction.set_rollback(True)
        if verdict.intact:
            missed.append((kind.__name__, told))

    assert len(KINDS) * ROUNDS == 200
    assert missed == []
    assert audit.verify(chain).intact


def test_an_event_that_was_put_before_the_first_is_found(chain):
    run(
        "INSERT INTO tenants_auditevent SELECT gen_random_uuid(), 0, recorded_at, actor_kind, actor_id,"
        " actor, action, subject_kind, subject_id, subject, detail, previous_hash, hash, tenant_id"
        " FROM tenants_auditevent WHERE sequence = 1"
    )

    assert audit.verify(chain).problem == "Event 1 is missing: 0 stands in its place."


@pytest.mark.parametrize("after", [1, 5, 6, 10, 15])
def test_a_database_that_was_put_back_whole_is_found_with_a_checkpoint_that_was_kept(chain, after):
    kept = audit.document(AuditCheckpoint.objects.get(sequence=EVENTS))

    forging.go_back(after)

    found = audit.check(exported(chain), checkpoints=[kept])
    assert audit.verify(chain).intact
    assert found.problem == (
        f"The chain ends at event {after}, and the checkpoint of {kept['signed_at']} signed event {EVENTS}."
    )
