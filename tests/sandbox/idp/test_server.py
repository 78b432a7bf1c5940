"""The pretend provider over HTTP, as a browser and the portal meet it."""

import http.client
import json
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.idp.provider import Application, Person
from sandbox.idp.server import IdentityProvider
from tests.sandbox.idp.test_provider import ASKED, BACK

SHADY = Person('"><script>', "eve@elsewhere.example", "<b>Eve</b>", email_verified=False)


@pytest.fixture(scope="module")
def running():
    people = [Person("1", "ada@acme.example", "Ada"), SHADY]
    one = IdentityProvider.listening(people=people, applications=[Application("portal", "hush", BACK)])
    one.start()
    yield one.provider
    one.stop()


def ask(provider, method: str, path: str, **form: str) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(urlsplit(provider.issuer).netloc, timeout=5)
    connection.request(method, path, urlencode(form))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_it_tells_where_everything_is(running):
    _, text = ask(running, "GET", "/.well-known/openid-configuration")

    told = json.loads(text)
    assert (told["issuer"], told["jwks_uri"]) == (running.issuer, f"{running.issuer}/keys")
    assert json.loads(ask(running, "GET", "/keys")[1]) == running.keys()


def test_it_asks_who_one_is_and_writes_down_names_as_text(running):
    answer, page = ask(running, "GET", f"/authorize?{urlencode(ASKED)}")

    assert (answer.status, "ada@acme.example" in page, "(not verified)" in page) == (200, True, True)
    assert "<b>Eve" not in page
    assert "<script>" not in page


def test_whoever_says_who_they_are_is_sent_back_with_a_code(running):
    answer, _ = ask(running, "POST", "/authorize", **ASKED, subject="1")

    assert (answer.status, answer.headers["Location"].startswith(f"{BACK}?code=")) == (303, True)


def test_whoever_refuses_is_sent_back_without(running):
    answer, _ = ask(running, "POST", "/authorize", **ASKED, refuse="1")

    assert answer.headers["Location"].startswith(f"{BACK}?error=access_denied&state=s")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_is_sent_to_an_address_that_was_not_registered(running, method):
    asked = {**ASKED, "redirect_uri": "http://evil.example/"}

    answer, _ = ask(running, method, f"/authorize?{urlencode(asked)}", **asked, subject="1")

    assert (answer.status, answer.headers["Location"]) == (400, None)


def test_a_wrong_code_is_told_by_the_error_of_the_standard(running):
    answer, text = ask(running, "POST", "/token", client_id="portal", client_secret="hush", code="x")

    assert (answer.status, json.loads(text)) == (400, {"error": "unsupported_grant_type"})
