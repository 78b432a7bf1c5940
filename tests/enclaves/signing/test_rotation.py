from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from enclaves.signing.rotation import SCHEDULES, Purpose, Schedule, Succession, believed, due, signing
from tests.enclaves.signing.made import NOW

DAY = timedelta(days=1)
PLAN = Schedule(signs=90 * DAY, notice=2 * DAY, overlap=3 * DAY)


@dataclass(frozen=True)
class StoredKey:
    signs_from: datetime
    ends_at: datetime | None = None


def test_the_first_key_signs_at_once():
    assert due([], PLAN, NOW) == Succession(NOW, NOW)


def test_a_key_that_signs_has_no_successor_yet():
    assert due([StoredKey(NOW - 87 * DAY)], PLAN, NOW) is None


def test_a_successor_is_published_before_it_signs_and_the_old_key_after():
    assert due([StoredKey(NOW - 88 * DAY)], PLAN, NOW) == Succession(NOW + 2 * DAY, NOW + 5 * DAY)


def test_a_published_successor_is_not_made_twice():
    keys = [StoredKey(NOW - 88 * DAY, NOW + 5 * DAY), StoredKey(NOW + 2 * DAY)]

    assert due(keys, PLAN, NOW) is None


def test_the_old_key_signs_until_the_next_one_begins_and_is_believed_for_a_while():
    old, new = StoredKey(NOW - 88 * DAY, NOW + 5 * DAY), StoredKey(NOW + 2 * DAY)

    assert [signing([new, old], NOW + days * DAY) for days in (0, 1, 2, 4, 6)] == [old, old, new, new, new]
    assert [believed([new, old], NOW + days * DAY) for days in (0, 4, 5)] == [[old, new], [old, new], [new]]


def test_without_keys_nothing_signs():
    assert signing([], NOW) is None
    assert signing([StoredKey(NOW + DAY)], NOW) is None


@pytest.mark.parametrize("late", [0, 1, 30, 400])
def test_whenever_somebody_looks_there_is_always_a_key_that_signs(late):
    keys: list[StoredKey] = []
    moment = NOW
    while moment < NOW + 1000 * DAY:
        if (made := due(keys, PLAN, moment)) is not None:
            keys = [StoredKey(k.signs_from, k.ends_at or made.predecessor_ends_at) for k in keys]
            keys.append(StoredKey(made.signs_from))
        assert signing(keys, moment) is not None
        moment += max(late, 1) * DAY


def test_every_purpose_has_a_schedule_in_which_nothing_signed_outlives_its_key():
    assert set(SCHEDULES) == set(Purpose)
    assert all(plan.overlap > DAY and plan.notice + plan.overlap < plan.signs for plan in SCHEDULES.values())
