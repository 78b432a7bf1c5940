import json
import logging
import re
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from enclaves.models import SigningKey
from enclaves.providers.base import ProviderError, Trouble
from enclaves.provisioning import issuer, sweeping
from enclaves.provisioning.issuer import KEY_SIGNS, NOTICE

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

AUDIENCE = "api://AzureADTokenExchange"
SUBJECT = "tenant:0a1b:subscription:7c1d:role:observer"
HOUR = timedelta(hours=1)


class Clock:
    """Time as the issuer sees it; it begins now and passes when the test says so."""

    def __init__(self):
        self.now = datetime.now(UTC).replace(microsecond=0)

    def pass_by(self, span):
        self.now += span

    def sweep_for(self, span, every=HOUR):
        end = self.now + span
        while self.now < end:
            self.pass_by(every)
            issuer.keep_keys()


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


@pytest.fixture
def key(db):
    issuer.keep_keys()
    return SigningKey.objects.get()


def checked(assertion, keys=None, **wishes):
    """What a stranger reads from an assertion who has nothing but the published keys."""
    ring = jwt.PyJWKSet(issuer.published_keys() if keys is None else keys)
    key = ring[jwt.get_unverified_header(assertion)["kid"]]
    wanted = {"audience": AUDIENCE, "issuer": "http://127.0.0.1:8000", **wishes}
    return jwt.decode(assertion, key, algorithms=["RS256"], **wanted)


def kid_of(assertion):
    return jwt.get_unverified_header(assertion)["kid"]


def kids(keys):
    return {key["kid"] for key in keys}


def test_an_assertion_says_for_five_minutes_who_asks_whom_and_for_what(key):
    claims = checked(issuer.sign(SUBJECT))

    assert (claims["iss"], claims["sub"], claims["aud"]) == ("http://127.0.0.1:8000", SUBJECT, AUDIENCE)
    assert claims["nbf"] == claims["iat"]
    assert claims["exp"] - claims["iat"] == 300
    assert set(claims) == {"iss", "sub", "aud", "jti", "iat", "nbf", "exp"}


def test_no_two_assertions_are_the_same(key):
    first, second = checked(issuer.sign(SUBJECT)), checked(issuer.sign(SUBJECT))

    assert first["jti"] != second["jti"]


def test_the_header_names_the_key_and_the_only_algorithm(key):
    assert jwt.get_unverified_header(issuer.sign(SUBJECT)) == {"alg": "RS256", "kid": key.kid, "typ": "JWT"}


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"audience": "https://management.azure.com"}, jwt.InvalidAudienceError),
        ({"issuer": "https://portal.example.com"}, jwt.InvalidIssuerError),
    ],
)
def test_who_expects_another_audience_or_issuer_refuses_it(key, wish, error):
    with pytest.raises(error):
        checked(issuer.sign(SUBJECT), **wish)


def test_an_assertion_is_worth_nothing_after_five_minutes(clock):
    clock.pass_by(timedelta(minutes=-6))
    issuer.keep_keys()

    with pytest.raises(jwt.ExpiredSignatureError):
        checked(issuer.sign(SUBJECT))


def test_another_key_of_the_same_name_does_not_fit(key):
    from cryptography.hazmat.primitives.asymmetric import rsa

    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode({"aud": AUDIENCE, "sub": SUBJECT}, forger, "RS256", headers={"kid": key.kid})

    with pytest.raises(jwt.InvalidSignatureError):
        checked(forged)


def test_the_first_key_signs_at_once_and_is_made_once(clock):
    issuer.keep_keys()
    issuer.keep_keys()

    assert SigningKey.objects.count() == 1
    assert checked(issuer.sign(SUBJECT))["sub"] == SUBJECT


def test_the_sweep_keeps_the_keys():
    sweeping.sweep()

    assert SigningKey.objects.count() == 1


def test_the_index_lets_only_one_key_be_without_an_end(key):
    with pytest.raises(IntegrityError), transaction.atomic():
        issuer._add(signs_from=timezone.now())


def test_a_sweep_that_comes_second_publishes_no_second_successor(clock, key):
    issuer._publish_next(key, signs_from=clock.now + NOTICE)
    issuer._publish_next(key, signs_from=clock.now + NOTICE)

    assert SigningKey.objects.count() == 2


def test_the_next_key_is_published_a_day_before_it_signs(clock):
    issuer.keep_keys()
    old = kid_of(issuer.sign(SUBJECT))

    clock.sweep_for(KEY_SIGNS - NOTICE)
    (new,) = kids(issuer.published_keys()) - {old}
    clock.pass_by(NOTICE - timedelta(seconds=1))
    assert kid_of(issuer.sign(SUBJECT)) == old

    clock.pass_by(timedelta(seconds=1))
    assert kid_of(issuer.sign(SUBJECT)) == new


def test_the_old_key_is_published_for_a_day_after_its_last_signature_and_then_forgotten(clock):
    issuer.keep_keys()
    old = kid_of(issuer.sign(SUBJECT))
    clock.sweep_for(KEY_SIGNS)

    clock.pass_by(NOTICE - timedelta(seconds=1))
    issuer.keep_keys()
    assert old in kids(issuer.published_keys())

    clock.pass_by(timedelta(seconds=1))
    assert old not in kids(issuer.published_keys())
    issuer.keep_keys()
    assert not SigningKey.objects.filter(kid=old).exists()


def test_in_a_year_of_rotations_who_fetched_the_keys_a_day_ago_can_check_every_signature(clock):
    issuer.keep_keys()
    fetched, used = {}, set()

    for day in range(366):
        fetched[day] = kids(issuer.published_keys())
        used.add(signed_by := kid_of(issuer.sign(SUBJECT)))
        assert signed_by in fetched[day] & fetched[max(day - 1, 0)]
        clock.sweep_for(timedelta(days=1), every=timedelta(hours=8))

    assert len(used) == 13
    assert SigningKey.objects.count() <= 3


def test_a_worker_that_was_away_for_a_year_signs_with_the_old_key_until_the_new_one_is_known(clock):
    issuer.keep_keys()
    old = kid_of(issuer.sign(SUBJECT))
    clock.pass_by(timedelta(days=365))
    assert kid_of(issuer.sign(SUBJECT)) == old

    issuer.keep_keys()
    assert (kid_of(issuer.sign(SUBJECT)), len(issuer.published_keys())) == (old, 2)

    clock.pass_by(NOTICE)
    assert kid_of(issuer.sign(SUBJECT)) != old


def test_what_is_published_has_no_private_part(key):
    (shown,) = issuer.published_keys()

    assert set(shown) == {"kty", "n", "e", "kid", "use", "alg"}


def test_the_name_of_a_key_follows_from_the_key(key):
    needed = {name: key.public[name] for name in ("e", "kty", "n")}

    assert key.kid == key.public["kid"] == issuer._thumbprint(needed)


def test_without_a_key_nothing_is_signed_and_nobody_is_accused():
    with pytest.raises(ProviderError) as caught:
        issuer.sign(SUBJECT)

    assert (caught.value.trouble, caught.value.permanent) == (Trouble.UNAVAILABLE, False)


def test_a_process_without_the_secret_shows_the_keys_and_neither_makes_nor_uses_one(key, settings):
    settings.SIGNING_SECRET = ""
    issuer.keep_keys()

    assert kids(issuer.published_keys()) == {key.kid}
    with pytest.raises(ProviderError, match="Only a worker"):
        issuer.sign(SUBJECT)

    SigningKey.objects.all().delete()
    issuer.keep_keys()
    assert not SigningKey.objects.exists()


def test_another_secret_opens_no_key(key, settings, caplog):
    settings.SIGNING_SECRET = "z" * 64

    with pytest.raises(ProviderError, match="cannot read its own signing key"):
        issuer.sign(SUBJECT)
    assert "z" * 64 not in caplog.text


def test_the_private_half_is_encrypted_where_it_lies(key):
    assert key.private.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_neither_logs_nor_representations_give_a_secret_away(settings, caplog):
    caplog.set_level(logging.DEBUG)
    issuer.keep_keys()
    key = SigningKey.objects.get()
    assertion = issuer.sign(SUBJECT)

    told = caplog.text + repr(key) + str(key) + json.dumps(issuer.published_keys())
    secret_parts = [settings.SIGNING_SECRET, assertion, *re.findall(r"\S{40,}", key.private)]
    assert key.kid in caplog.text
    assert [part for part in secret_parts if part in told] == []
