"""What may be concluded from a session about who holds it."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from tenants import assurance
from tenants.assurance import Lack
from tests.signing_in import JUST_NOW, PASSKEY, PASSWORD, TOO_LONG, TOTP, give_totp

pytestmark = pytest.mark.django_db

FIRST = (PASSWORD, "sign_on")  # factors


@pytest.fixture
def ada(new_user):
    return new_user("ada@acme.example")


@pytest.fixture
def session_of(ada):
    """A request in a session: ``session_of(password=JUST_NOW, totp=TOO_LONG)`` seconds ago."""

    def make(of=ada, **given):
        request = RequestFactory().get("/")
        request.user, request.session = ada, SessionStore()
        request.session["account_authentication_methods_user"] = str(of.pk)
        request.session["account_authentication_methods"] = [
            {
                "method": kind if kind in (PASSWORD, "sign_on") else "mfa",
                "type": kind,
                "at": time.time() - ago,
            }
            for kind, ago in given.items()
        ]
        return request

    return make


def test_a_session_that_nobody_authenticated_in_is_not_sure_of_anything(session_of):
    request = session_of()

    assert assurance.second_factor_used(request) is False
    assert assurance.second_factor_ago(request) is None
    assert assurance.authenticated_ago(request) == timedelta.max
    assert assurance.is_fresh(request) is False


def test_a_password_is_no_second_factor(session_of):
    assert assurance.second_factor_used(session_of(password=JUST_NOW)) is False


@pytest.mark.parametrize("kind", [TOTP, PASSKEY, "recovery_codes"])
def test_whatever_stands_for_a_second_factor_counts_as_one(session_of, kind):
    assert assurance.second_factor_used(session_of(password=TOO_LONG, **{kind: JUST_NOW})) is True


def test_what_somebody_else_authenticated_in_the_same_session_counts_for_nothing(session_of, new_user):
    request = session_of(of=new_user("eve@acme.example"), password=JUST_NOW, totp=JUST_NOW)

    assert (assurance.second_factor_used(request), assurance.is_fresh(request)) == (False, False)


def test_the_latest_authentication_counts(session_of):
    request = session_of(totp=TOO_LONG, password=JUST_NOW)

    assert assurance.authenticated_ago(request) < timedelta(seconds=60)
    assert assurance.second_factor_ago(request) > timedelta(minutes=15)


FRESHNESS = [
    ({"password": JUST_NOW}, False, True),
    ({"password": TOO_LONG}, False, False),
    ({"password": JUST_NOW}, True, False),
    ({"password": JUST_NOW, "totp": TOO_LONG}, True, False),
    ({"password": TOO_LONG, "totp": JUST_NOW}, True, True),
    ({"password": TOO_LONG, "webauthn": TOO_LONG}, True, False),
    ({"recovery_codes": JUST_NOW}, True, True),
]


@pytest.mark.parametrize(("given", "has_one", "fresh"), FRESHNESS)
def test_an_authentication_is_fresh_for_a_quarter_of_an_hour_with_the_second_factor_of_who_has_one(
    session_of, ada, given, has_one, fresh
):
    if has_one:
        give_totp(ada)

    assert assurance.is_fresh(session_of(**given)) is fresh


def test_a_second_factor_of_late_is_believed_without_a_query(session_of, django_assert_num_queries):
    request = session_of(totp=JUST_NOW)

    with django_assert_num_queries(0):
        assert assurance.is_fresh(request) is True


def test_a_sign_on_is_fresh_by_the_word_of_the_tenants_identity_provider(session_of, ada):
    give_totp(ada)
    request, tenant = session_of(sign_on=JUST_NOW), uuid4()
    request.session[assurance.SIGNED_ON_FOR] = str(tenant)

    assert assurance.signed_on_for(request) == tenant
    assert assurance.is_fresh(request) is True


def test_recovery_codes_alone_are_no_second_factor(ada):
    assurance.Authenticator.objects.create(user=ada, type="recovery_codes", data={})

    assert assurance.has_second_factor(ada) is False


LACKS = [
    ({"password": JUST_NOW}, {}, None),
    ({"password": TOO_LONG}, {}, None),
    ({"password": TOO_LONG}, {"fresh": True}, Lack.REAUTHENTICATION),
    ({"password": JUST_NOW}, {"second_factor": True}, Lack.SECOND_FACTOR),
    ({"totp": TOO_LONG}, {"second_factor": True}, None),
    ({"password": JUST_NOW, "totp": TOO_LONG}, {"second_factor": True, "fresh": True}, Lack.REAUTHENTICATION),
    ({"totp": JUST_NOW}, {"second_factor": True, "fresh": True}, None),
]


@pytest.mark.parametrize(("given", "wanted", "lacking"), LACKS)
def test_a_session_lacks_what_is_wanted_and_was_not_given(session_of, ada, given, wanted, lacking):
    if "totp" in given:
        give_totp(ada)

    assert assurance.lack(session_of(**given), **wanted) is lacking
