"""The watch over the logs itself: here secrets are logged on purpose, and taken out again."""

import logging
import secrets

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.test import Client

from portal import testing_secrets

log = logging.getLogger("somebody.chatty")


@pytest.fixture
def logged():
    """What the watch has to say of a text in a log."""

    def say(text, **options):
        log.warning("This is %s.", text, **options)
        return testing_secrets.take()

    return say


def test_ordinary_words_are_no_secret(logged):
    assert logged("nothing of interest") == []


def test_a_secret_made_by_chance_is_found_and_not_repeated(logged):
    assert logged(secrets.token_urlsafe(32)) == ["somebody.chatty: This is [a random secret]."]


def test_a_short_name_made_by_chance_is_no_secret(logged):
    assert logged(secrets.token_urlsafe(24)) == []


def test_a_password_is_found(logged):
    get_user_model()().set_password("correct horse battery")

    assert logged("correct horse battery") == ["somebody.chatty: This is [a password]."]


@pytest.mark.django_db
def test_a_session_key_is_found(new_user, logged):
    client = Client()
    client.force_login(new_user("ada@acme.example"))

    assert logged(client.session.session_key) == ["somebody.chatty: This is [a session key]."]


def test_what_is_sealed_is_found(logged):
    Fernet(Fernet.generate_key()).encrypt(b"a seed of an authenticator")

    assert logged("a seed of an authenticator") == ["somebody.chatty: This is [something that is sealed]."]


def test_a_secret_in_an_error_is_found_too(logged):
    secret = secrets.token_hex(32)
    try:
        raise ValueError(secret)
    except ValueError:
        found = logged("a failure", exc_info=True)

    assert len(found) == 1
    assert secret not in found[0]


def test_a_logger_that_speaks_to_nobody_is_heard(logged):
    secret = secrets.token_urlsafe(32)
    mute = logging.getLogger("somebody.mute")
    mute.propagate = False

    mute.error(secret)

    assert testing_secrets.take() == ["somebody.mute: [a random secret]"]
