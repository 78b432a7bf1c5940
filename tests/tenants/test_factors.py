"""Second factors: kept sealed, used once, and asked of whoever has one."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from portal.codes import code_of, give_app, new_secret
from tenants.lockout import LIMITS, TOO_MANY
from tenants.models import User
from tests.signing_in import TOO_LONG, TOTP, sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada(proven) -> User:
    user = proven("ada@acme.example")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def app(ada) -> str:
    """The secret of the app that Ada has set up."""
    secret = new_secret()
    give_app(ada, secret)
    return secret


def half_in(ada, client: Client | None = None) -> Client:
    """Who gave the password, and is asked for the code now."""
    client = client or Client()
    answer = client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert answer.url == "/accounts/2fa/authenticate/"
    return client


def give(client: Client, code: str):
    return client.post("/accounts/2fa/authenticate/", {"code": code})


def is_in(client: Client) -> bool:
    return client.get("/accounts/profile/").status_code == 200


def test_the_password_alone_lets_nobody_in_who_has_an_app(ada, app):
    client = half_in(ada)

    assert not is_in(client)


def test_the_code_of_the_app_lets_in(ada, app):
    client = half_in(ada)

    give(client, code_of(app))

    assert is_in(client)


def test_a_wrong_code_lets_nobody_in(ada, app):
    client = half_in(ada)

    give(client, "000000")

    assert not is_in(client)


def test_a_clock_that_is_half_a_minute_off_is_no_matter(ada, app):
    client = half_in(ada)

    give(client, code_of(app, later=1))

    assert is_in(client)


def test_a_code_works_once_also_after_allauth_forgot_it(ada, app):
    code = code_of(app, later=1)
    give(half_in(ada), code)
    cache.delete(f"allauth.mfa.totp.used?user={ada.pk}&code={code}")
    thief = half_in(ada)

    give(thief, code)

    assert not is_in(thief)


def test_a_recovery_code_works_once(ada, app):
    codes = Authenticator.objects.get(user=ada, type="recovery_codes").wrap().get_unused_codes()
    first, second = half_in(ada), half_in(ada)

    give(first, codes[0])
    give(second, codes[0])

    assert (is_in(first), is_in(second)) == (True, False)


def test_codes_are_not_to_be_guessed(ada, app):
    thief = half_in(ada)
    for number in range(LIMITS["code"].client[0]):
        give(thief, f"00000{number}")

    answer = give(thief, code_of(app))

    assert TOO_MANY in answer.content.decode()
    assert not is_in(thief)


def test_who_guesses_codes_does_not_shut_out_the_person(ada, app):
    mine = half_in(ada)
    give(mine, code_of(app))
    mine.post("/accounts/logout/")
    for place in range(LIMITS["code"].account[0] + 1):
        give(half_in(ada, Client(REMOTE_ADDR=f"203.0.113.{place}")), "000000")

    give(half_in(ada, mine), code_of(app, later=1))

    assert is_in(mine)


def test_the_secret_of_an_app_and_of_recovery_codes_is_sealed_in_the_database(ada, app):
    kept = {one.type: one.data for one in Authenticator.objects.filter(user=ada)}

    assert app not in str(kept)
    assert get_adapter().decrypt(kept["totp"]["secret"]) == app
    assert kept["recovery_codes"]["seed"].startswith("gAAAA")


def test_a_new_app_counts_as_a_second_factor_at_once_and_leads_on(ada):
    client = sign_in(Client(), ada)
    client.get("/accounts/2fa/?next=/t/acme/hosts/")
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret

    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}, follow=True)

    used = [one for one in client.session["account_authentication_methods"] if one["method"] == "mfa"]
    assert [one["type"] for one in used] == ["totp"]
    assert 'href="/t/acme/hosts/"' in answer.content.decode()


def test_nobody_is_led_on_to_somewhere_else(ada):
    client = sign_in(Client(), ada)

    client.get("/accounts/2fa/?next=https://evil.example/")

    assert "onward" not in client.session


@pytest.mark.parametrize(
    "page",
    ["totp/activate/", "webauthn/add/", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"],
)
def test_who_learned_the_password_or_found_a_session_changes_no_factor(ada, app, page):
    with_the_password = sign_in(Client(), ada)
    old_session = sign_in(Client(), ada, ago=TOO_LONG, factor=TOTP)

    for thief in (with_the_password, old_session):
        answer = thief.get(f"/accounts/2fa/{page}")
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/accounts/2fa/reauthenticate/")
    assert Authenticator.objects.filter(user=ada).count() == 2


def test_the_password_page_cannot_be_used_to_get_around_the_second_factor(ada, app):
    client = sign_in(Client(), ada, ago=TOO_LONG, factor=TOTP)

    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    assert answer.url == "/accounts/2fa/reauthenticate/"
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 302


def test_a_code_makes_a_session_fresh_again_and_leads_back(ada, app):
    client = sign_in(Client(), ada, ago=TOO_LONG, factor=TOTP)
    way = client.get("/accounts/2fa/totp/deactivate/").url

    back = client.post(way, {"code": code_of(app), "next": "/accounts/2fa/totp/deactivate/"})

    assert back.url == "/accounts/2fa/totp/deactivate/"
    assert client.get(back.url).status_code == 200


def test_staff_keep_their_last_second_factor(ada, app):
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    client = sign_in(Client(), ada, factor=TOTP)

    client.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.filter(user=ada, type="totp").exists()


def test_somebody_elses_passkey_is_neither_renamed_nor_removed(ada, app, proven):
    theirs = Authenticator.objects.create(
        user=proven("eve@acme.example"), type="webauthn", data={"name": "key", "credential": {}}
    )
    client = sign_in(Client(), ada, factor=TOTP)

    for what in ("edit", "remove"):
        assert client.get(f"/accounts/2fa/webauthn/keys/{theirs.pk}/{what}/").status_code == 404


def test_what_opens_a_passkey_is_the_portals_own_name(ada, settings):
    settings.BASE_URL = "https://portal.example.com"
    client = sign_in(Client(), ada)

    options = client.get("/accounts/2fa/webauthn/add/").context["js_data"]["creation_options"]

    assert options["publicKey"]["rp"]["id"] == "portal.example.com"


NO_PASSKEYS = [
    "",
    "no json",
    "[]",
    "null",
    "7",
    "{}",
    '{"id": "x"}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {}}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "eA", '
    '"authenticatorData": "eA", "signature": "eA", "userHandle": "eA"}}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "eA", '
    '"attestationObject": "o2NmbXRkbm9uZQ"}}',
]


@pytest.mark.parametrize("sent", NO_PASSKEYS)
def test_what_is_no_passkey_lets_nobody_in_and_breaks_nothing(client, ada, sent):
    client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})

    client.post("/accounts/2fa/webauthn/login/", {"credential": sent}, follow=True)

    assert not is_in(client)


@pytest.mark.parametrize("sent", NO_PASSKEYS)
def test_what_is_no_passkey_is_no_second_factor_either(ada, app, sent):
    client = half_in(ada)
    client.get("/accounts/2fa/authenticate/")

    client.post("/accounts/2fa/authenticate/", {"credential": sent})

    assert not is_in(client)


@pytest.mark.parametrize("sent", NO_PASSKEYS)
def test_what_is_no_passkey_is_not_added(ada, sent):
    client = sign_in(Client(), ada)
    client.get("/accounts/2fa/webauthn/add/")

    answer = client.post("/accounts/2fa/webauthn/add/", {"name": "key", "credential": sent})

    assert answer.status_code == 200
    assert not Authenticator.objects.filter(user=ada).exists()
