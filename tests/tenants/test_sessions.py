"""Sessions: noted while in use, named by their device, and kept off what is the person's own."""

import time
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from tenants.assurance import SIGNED_ON_FOR
from tenants.sessions import SEEN_AT, device_of, is_alive
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

PERSONAL = [
    "profile/",
    "sessions/",
    "sessions/end/",
    "sessions/end-others/",
    "email/",
    "password/change/",
    "password/set/",
    "password/reset/",
    "reauthenticate/",
    "2fa/",
    "2fa/totp/activate/",
    "2fa/totp/deactivate/",
    "2fa/recovery-codes/",
    "2fa/recovery-codes/generate/",
    "2fa/recovery-codes/download/",
    "2fa/webauthn/",
    "2fa/webauthn/add/",
]


@pytest.fixture
def ada(new_user):
    return new_user("ada@acme.example")


@pytest.fixture
def signed_on(ada):
    """A browser that Ada's organisation signed in, for its own tenant."""
    client = sign_in(Client(), ada)
    session = client.session
    session[SIGNED_ON_FOR] = str(uuid4())
    session.save()
    return client


@pytest.mark.parametrize("page", PERSONAL)
def test_a_session_of_an_organisation_opens_no_personal_page(signed_on, page):
    for answer in (signed_on.get(f"/accounts/{page}"), signed_on.post(f"/accounts/{page}")):
        assert answer.status_code == 403
        assert "belong to you alone" in answer.content.decode()


def test_a_session_of_an_organisation_can_be_left(signed_on):
    signed_on.post("/accounts/logout/")

    assert signed_on.get("/accounts/profile/").status_code == 302


def test_ones_own_session_opens_them(ada):
    assert sign_in(Client(), ada).get("/accounts/profile/").status_code == 200


@pytest.fixture
def noted(ada):
    """A session of Ada's with its row, last seen so many seconds ago: ``noted(600)``."""

    def make(ago: float) -> tuple[Client, UserSession]:
        client = sign_in(Client(), ada)
        row = UserSession.objects.create(
            user=ada, session_key=client.session.session_key, ip="198.51.100.1", user_agent="curl"
        )
        session = client.session
        session[SEEN_AT] = time.time() - ago
        session.save()
        return client, row

    return make


def test_a_session_in_use_is_noted_every_few_minutes(noted):
    client, row = noted(600)

    client.get("/accounts/profile/")

    before, seen = row.last_seen_at, row.ip
    row.refresh_from_db()
    assert row.last_seen_at > before
    assert (seen, row.ip) == ("198.51.100.1", "127.0.0.1")


def test_a_session_that_was_noted_just_now_costs_nothing_more(noted):
    client, row = noted(10)

    client.get("/accounts/profile/")

    before = row.last_seen_at
    row.refresh_from_db()
    assert row.last_seen_at == before


def test_a_session_that_was_ended_is_dead(noted):
    _, row = noted(10)
    before = is_alive(row.session_key)

    row.end()

    assert (before, is_alive(row.session_key)) == (True, False)


def test_a_session_from_before_the_password_was_changed_is_dead(noted, ada):
    _, row = noted(10)

    ada.set_password("another sentence that nobody guesses")
    ada.save()

    assert is_alive(row.session_key) is False


DEVICES = [
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
    (
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
        "Edge on Windows",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 Version/18 Safari/605.1",
        "Safari on macOS",
    ),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari on iPhone"),
    (
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
        "Chrome on Android",
    ),
    ("curl/8.1", "curl"),
    ("", "Something that does not say what it is"),
    ("<script>", "Something that does not say what it is"),
]


@pytest.mark.parametrize(("agent", "device"), DEVICES)
def test_a_device_is_named_as_people_call_it(agent, device):
    assert device_of(agent) == device
