"""The cache counts on when Valkey is away."""

import pytest

from portal.cache import SteadyCache

NOBODY_LISTENS = "redis://127.0.0.1:9/0"


@pytest.fixture
def alone():
    return SteadyCache(NOBODY_LISTENS, {"OPTIONS": {"socket_connect_timeout": 0.2}})


def test_a_process_counts_for_itself_while_valkey_is_away(alone):
    assert alone.add("count", 0, timeout=60) is True
    assert [alone.incr("count"), alone.incr("count")] == [1, 2]
    assert alone.add("count", 0, timeout=60) is False
    assert alone.get("count") == 2


def test_what_was_set_or_deleted_is_so_while_valkey_is_away(alone):
    alone.set("code", "used", timeout=60)
    before = alone.get("code")
    alone.delete("code")

    assert (before, alone.get("code")) == ("used", None)
