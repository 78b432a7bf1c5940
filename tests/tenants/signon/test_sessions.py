import time

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore

from tenants.signon.protocol import Attempt
from tenants.signon.sessions import MOST_ATTEMPTS, keep_attempt, note_sign_on, take_attempt


@pytest.fixture
def attempt() -> Attempt:
    texts = dict.fromkeys(("tenant", "issuer", "client_id", "nonce", "verifier", "purpose", "page"), "x")
    texts |= {
        "token_endpoint": "https://login.example.com/token",
        "jwks_uri": "https://login.example.com/keys",
    }
    return Attempt(**texts, names_issuer=True, posts_secret=False, begun_at=time.time())


def test_a_sign_in_of_ones_own_ends_what_rested_on_a_provider():
    session = SessionStore()
    note_sign_on(session, {"tenant": "00000000-0000-4000-8000-000000000001"})
    before = set(session.keys())

    note_sign_on(session, None)

    assert {"signed_on_for", "signed_on_at"} <= before
    assert {"signed_on_for", "signed_on_at"} & set(session.keys()) == set()


def test_an_attempt_is_taken_once(attempt):
    session = SessionStore()
    keep_attempt(session, "state", attempt)

    assert [take_attempt(session, "state") for _ in range(2)] == [attempt, None]


def test_the_oldest_of_many_attempts_gives_way(attempt):
    session = SessionStore()
    for number in range(MOST_ATTEMPTS + 1):
        keep_attempt(session, str(number), attempt)

    found = [take_attempt(session, str(number)) is not None for number in range(MOST_ATTEMPTS + 1)]

    assert found == [False, *[True] * MOST_ATTEMPTS]
