"""The pretend provider refuses what a real one refuses."""

from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from sandbox.idp.provider import Application, NotAsked, Person, Provider, Wrong, challenge_of

BACK = "http://localhost/back/"
VERIFIER = "v" * 43
ASKED = {
    "client_id": "portal",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid email",
    "state": "s",
    "nonce": "n",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def provider() -> Provider:
    person = Person("1", "ada@acme.example", "Ada")
    applications = [Application("portal", "hush", BACK), Application("other", "hush", BACK)]
    return Provider("http://127.0.0.1:1", [person], applications)


def code_of(provider: Provider) -> str:
    return parse_qs(urlsplit(provider.sign_in(ASKED, "1")).query)["code"][0]


def form(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": "portal",
        "client_secret": "hush",
        "code_verifier": VERIFIER,
    }


def test_a_code_is_changed_for_a_token_that_its_key_signed(provider):
    token = provider.redeem(form(code_of(provider)), "")["id_token"]

    key = jwt.PyJWK(provider.keys()["keys"][0])
    said = jwt.decode(token, key, ["RS256"], audience="portal", issuer=provider.issuer)
    assert (said["sub"], said["email"], said["nonce"]) == ("1", "ada@acme.example", "n")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://localhost/elsewhere/"},
        {"response_type": "token"},
        {"scope": "email"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
    ids=str,
)
def test_a_question_that_is_not_as_agreed_is_not_answered(provider, changes):
    with pytest.raises(NotAsked):
        provider.sign_in({**ASKED, **changes}, "1")


def test_nobody_signs_in_as_somebody_whom_it_does_not_know(provider):
    with pytest.raises(NotAsked):
        provider.sign_in(ASKED, "2")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "loud"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://localhost/elsewhere/"}, "invalid_grant"),
    ],
    ids=str,
)
def test_a_code_is_not_changed_for_whoever_comes(provider, changes, error):
    with pytest.raises(Wrong, match=error):
        provider.redeem({**form(code_of(provider)), **changes}, "")


def test_a_code_works_once(provider):
    code = code_of(provider)
    provider.redeem(form(code), "")

    with pytest.raises(Wrong, match="invalid_grant"):
        provider.redeem(form(code), "")
