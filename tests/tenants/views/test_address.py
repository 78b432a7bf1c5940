"""The address of an account: changed by whoever has just shown who they are, once its letter was opened."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from portal.codes import give_app, new_secret
from tests.signing_in import TOO_LONG, TOTP, sign_in

pytestmark = pytest.mark.django_db

OLD, NEW = "ada@acme.example", "ada@initech.example"


@pytest.fixture
def ada(proven):
    cache.clear()  # one letter in three minutes goes to an address
    user = proven(OLD)
    user.set_password("a sentence that nobody guesses")
    user.save()
    return user


def ask_for(client: Client, address: str):
    return client.post("/accounts/email/", {"action_add": "", "email": address})


def link_in(letter) -> str:
    return re.search(r"/accounts/confirm-email/\S+", letter.body)[0]


@pytest.mark.parametrize("with_app", [False, True])
def test_the_new_address_counts_once_its_letter_was_opened(ada, mailoutbox, with_app):
    if with_app:
        give_app(ada, new_secret())
    client = sign_in(Client(), ada, factor=TOTP if with_app else "")

    ask_for(client, NEW.upper())
    ada.refresh_from_db()
    before = ada.email
    client.post(link_in(next(letter for letter in mailoutbox if letter.to == [NEW])))

    ada.refresh_from_db()
    assert (before, ada.email) == (OLD, NEW)
    assert list(EmailAddress.objects.filter(user=ada).values_list("email", "verified")) == [(NEW, True)]


def test_the_page_tells_what_it_waits_for_and_forgets_it(ada):
    client = sign_in(Client(), ada)
    ask_for(client, NEW)
    waiting = client.get("/accounts/email/").content.decode()

    client.post("/accounts/email/", {"action_remove": "", "email": NEW})

    assert "Waiting for the new address" in waiting
    assert "Waiting for the new address" not in client.get("/accounts/email/").content.decode()


def test_who_found_an_open_session_changes_no_address(ada, mailoutbox):
    thief = sign_in(Client(), ada, ago=TOO_LONG)

    answer = ask_for(thief, "thief@evil.example")

    assert answer.url.startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="thief@evil.example").exists()
    assert mailoutbox == []


def test_somebody_elses_address_is_not_taken_and_not_told(ada, proven, mailoutbox):
    proven("bob@acme.example")
    client = sign_in(Client(), ada)

    ask_for(client, "bob@acme.example")

    ada.refresh_from_db()
    assert ada.email == OLD
    assert not EmailAddress.objects.filter(user=ada, email="bob@acme.example", verified=True).exists()
