"""Guessing is slowed down, and nobody is shut out by what somebody else does."""

import pytest
from django.core.cache import cache
from django.test import Client

from tenants.lockout import LIMITS, TOO_MANY

pytestmark = pytest.mark.django_db

PASSWORD = "a sentence that nobody guesses"
MOST = LIMITS["password"].client[0]


@pytest.fixture(autouse=True)
def _nothing_counted_yet(settings):
    # A thousand guesses with a slow hash are a long wait.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada(proven):
    user = proven("ada@acme.example")
    user.set_password(PASSWORD)
    user.save()
    return user


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def tries(client: Client, password: str, login: str = "ada@acme.example"):
    return client.post("/accounts/login/", {"login": login, "password": password})


def is_in(answer) -> bool:
    return answer.status_code == 302


def is_shut_out(answer) -> bool:
    return TOO_MANY in answer.content.decode()


def test_who_guesses_is_shut_out_even_with_the_right_password(ada):
    thief = at("198.51.100.1")

    answers = [tries(thief, f"guess {number}") for number in range(MOST)]

    assert not any(map(is_shut_out, answers))
    assert is_shut_out(tries(thief, PASSWORD))


def test_somebody_elsewhere_is_not_shut_out_by_that(ada):
    for _ in range(MOST + 1):
        tries(at("198.51.100.1"), "guess")

    assert is_in(tries(at("198.51.100.7"), PASSWORD))


def test_another_account_at_the_same_address_is_not_shut_out_by_that(ada, proven):
    bob = proven("bob@acme.example")
    bob.set_password(PASSWORD)
    bob.save()
    for _ in range(MOST + 1):
        tries(at("198.51.100.1"), "guess")

    assert is_in(tries(at("198.51.100.1"), PASSWORD, login="bob@acme.example"))


def test_a_device_that_signed_in_before_goes_on_while_strangers_from_everywhere_guess(ada):
    mine = at("198.51.100.7")
    tries(mine, PASSWORD)
    mine.cookies.pop("sessionid")
    _guess_from_everywhere()

    assert is_shut_out(tries(at("203.0.113.9"), PASSWORD))
    assert is_in(tries(mine, PASSWORD))


def test_a_device_of_somebody_else_is_no_device_of_this_account(ada, proven):
    eve, theirs = proven("eve@globex.example"), at("198.51.100.1")
    eve.set_password(PASSWORD)
    eve.save()
    tries(theirs, PASSWORD, login=eve.email)
    theirs.cookies.pop("sessionid")
    _guess_from_everywhere()

    assert is_shut_out(tries(theirs, PASSWORD))


def test_a_cookie_that_was_made_up_is_no_device(ada):
    forger = at("198.51.100.1")
    forger.cookies["device"] = "WyJhIiwiYiJd:1abc:forged"
    _guess_from_everywhere()

    assert is_shut_out(tries(forger, PASSWORD))


def test_a_known_device_cannot_guess_for_ever_either(ada):
    mine = at("198.51.100.7")
    tries(mine, PASSWORD)
    mine.cookies.pop("sessionid")
    for _ in range(MOST):
        tries(mine, "guess")

    assert is_shut_out(tries(mine, PASSWORD))


def test_a_success_at_times_buys_no_more_guesses(ada):
    for _ in range(MOST):
        tries(at("198.51.100.1"), "guess")
        tries(at("198.51.100.1"), PASSWORD)

    assert is_shut_out(tries(at("198.51.100.1"), "guess"))


def test_an_address_without_an_account_gets_the_same_answers(ada):
    known = [tries(at("198.51.100.1"), "guess") for _ in range(MOST + 1)]
    unknown = [tries(at("198.51.100.1"), "guess", login="nobody@acme.example") for _ in range(MOST + 1)]

    assert [_said(one) for one in known] == [_said(one) for one in unknown]


def test_who_reset_the_password_by_letter_signs_in_while_strangers_guess(ada, mailoutbox):
    owner = at("198.51.100.7")
    owner.post("/accounts/password/reset/", {"email": ada.email})
    link = next(word for word in mailoutbox[-1].body.split() if "/password/reset/key/" in word)
    page = owner.get("/" + link.split("/", 3)[3], follow=True)
    new = "another sentence that nobody guesses"
    owner.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    _guess_from_everywhere()

    assert is_shut_out(tries(at("203.0.113.9"), new))
    assert is_in(tries(owner, new))


def test_many_addresses_from_one_network_are_too_many(ada):
    for number in range(100):
        tries(at("198.51.100.1"), "guess", login=f"user{number}@acme.example")

    assert is_shut_out(tries(at("198.51.100.1"), PASSWORD))


def test_a_network_of_ipv6_counts_as_one_client(ada):
    for number in range(MOST):
        tries(at(f"2001:db8::{number:x}"), "guess")

    assert is_shut_out(tries(at("2001:db8::ffff"), PASSWORD))


def _guess_from_everywhere() -> None:
    for number in range(LIMITS["password"].account[0] + 1):
        tries(at(f"203.0.113.{number}"), "guess")


def _said(answer) -> tuple[int, list[str]]:
    return answer.status_code, answer.context["form"].non_field_errors()
