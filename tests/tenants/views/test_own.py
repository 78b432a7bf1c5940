"""One's own account: the name, and the sessions in which one is signed in."""

import pytest
from django.test import Client

from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
def ada(proven):
    user = proven("ada@acme.example")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def signed_in(ada):
    """A browser that went through the page: ``signed_in(FIREFOX)``."""

    def make(agent: str = FIREFOX) -> Client:
        client = Client(headers={"User-Agent": agent})
        answer = client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
        assert answer.status_code == 302
        return client

    return make


def test_a_name_is_changed(ada):
    client = sign_in(Client(), ada)

    client.post("/accounts/profile/", {"name": "Ada L."})

    ada.refresh_from_db()
    assert ada.name == "Ada L."


@pytest.mark.parametrize(
    "page", ["profile/", "sessions/", "sessions/end/", "sessions/end-others/", "sessions/1/end/", "2fa/"]
)
def test_nobody_has_no_account(client, page):
    answer = client.get(f"/accounts/{page}")

    assert (answer.status_code, answer.url.split("?")[0]) == (302, "/accounts/login/")


def test_the_sessions_of_a_person_are_listed_with_their_device(signed_in):
    signed_in("curl/8.1")
    page = signed_in().get("/accounts/sessions/").content.decode()

    assert "Firefox on Linux" in page
    assert "this one" in page
    assert "curl" in page


def test_somebody_elses_sessions_are_neither_shown_nor_ended(signed_in, new_user):
    mine, eve = signed_in(), sign_in(Client(), new_user("eve@acme.example"))
    session = mine.get("/accounts/sessions/").context["sessions"][0]["session"]

    assert eve.get("/accounts/sessions/").context["sessions"] == []
    assert eve.post(f"/accounts/sessions/{session.pk}/end/").status_code == 404
    assert mine.get("/accounts/profile/").status_code == 200


def test_a_session_that_was_ended_lets_nobody_in(signed_in):
    thief, mine = signed_in("curl/8.1"), signed_in()
    stolen = next(
        one for one in mine.get("/accounts/sessions/").context["sessions"] if one["device"] == "curl"
    )

    mine.post(f"/accounts/sessions/{stolen['session'].pk}/end/")

    assert thief.get("/accounts/profile/").status_code == 302
    assert mine.get("/accounts/profile/").status_code == 200


def test_all_other_sessions_end_at_once(signed_in):
    one, two, mine = signed_in(), signed_in(), signed_in()

    mine.post("/accounts/sessions/end-others/")

    assert [each.get("/accounts/profile/").status_code for each in (one, two, mine)] == [302, 302, 200]


def test_signing_out_everywhere_means_here_too(signed_in):
    other, mine = signed_in(), signed_in()

    mine.post("/accounts/sessions/end/")

    assert [each.get("/accounts/profile/").status_code for each in (other, mine)] == [302, 302]


def test_a_changed_password_ends_the_other_sessions_and_they_leave_the_list(signed_in):
    other, mine = signed_in(), signed_in()
    new = "another sentence that nobody guesses"

    mine.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert other.get("/accounts/profile/").status_code == 302
    assert len(mine.get("/accounts/sessions/").context["sessions"]) == 1


def test_the_list_costs_the_same_for_one_and_for_three(signed_in, queries):
    mine = signed_in()
    mine.get("/accounts/sessions/")
    with queries(6):
        mine.get("/accounts/sessions/")

    signed_in(), signed_in()

    with queries(6):
        mine.get("/accounts/sessions/")
