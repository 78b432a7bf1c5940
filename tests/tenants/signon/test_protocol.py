"""What a provider must not get away with, whoever runs it."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.idp.provider import KEY_ID
from tenants.signon.protocol import Attempt, Client, SignOnFailed, begin, finish
from tests.tenants.signon.liar import Liar
from tests.tenants.signon.providers import SECRET, Browser, know

NOBODY = Browser(None)


@pytest.fixture
def client(provider) -> Client:
    application = provider.applications[0]
    return Client(provider.issuer, application.client_id, SECRET, application.redirect_uri)


@pytest.fixture
def ada(provider) -> str:
    return know(provider, "Ada@Acme.example")


@pytest.fixture
def attempted(client, provider, ada):
    """Go to the provider and come back with a code: ``attempt, code = attempted()``."""

    def go(purpose: str = "sign-on") -> tuple[Attempt, str]:
        _, attempt, place = begin(client, tenant="acme", purpose=purpose, page="")
        back = NOBODY.choose(place, provider, ada)
        return attempt, back.split("code=")[1].split("&")[0]

    return go


def token_signed(key, algorithm: str, kid: str | None = KEY_ID):
    headers = {"kid": kid} if kid else {}
    return lambda claims: jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def test_an_honest_provider_vouches_for_a_person(client, provider, attempted):
    attempt, code = attempted()

    claims = finish(client, attempt, code=code, issuer=provider.issuer)

    assert (claims.issuer, claims.subject) == (provider.issuer, "sub-Ada@Acme.example")
    assert (claims.email, claims.email_verified, claims.name) == ("ada@acme.example", True, "Somebody")


def test_the_browser_carries_a_state_a_nonce_and_a_challenge_that_are_new_each_time(client):
    ways = [begin(client, tenant="acme", purpose="sign-on", page="") for _ in range(2)]

    for parts in zip(*((state, one.nonce, one.verifier) for state, one, _ in ways), strict=True):
        assert len({*parts}) == 2
        assert min(map(len, parts)) >= 43
    assert all(one.verifier not in place for _, one, place in ways)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "Invalid issuer"),
        ({"iss": ["http://127.0.0.1"]}, "not good"),
        ({"aud": "another-client"}, "Audience"),
        ({"aud": []}, "aud"),
        ({"aud": ["portal-acme", "other"]}, "another application"),
        ({"aud": ["portal-acme", "other"], "azp": "other"}, "another application"),
        ({"azp": "other"}, "another application"),
        ({"nonce": "of another attempt"}, "another attempt"),
        ({"nonce": None}, "nonce"),
        ({"exp": timedelta(minutes=-2)}, "expired"),
        ({"exp": "soon"}, "not good"),
        ({"iat": timedelta(minutes=-15)}, "too old"),
        ({"iat": timedelta(minutes=15)}, "not good"),
        ({"nbf": timedelta(minutes=15)}, "not good"),
        ({"sub": ""}, "names nobody"),
        ({"sub": 7}, "not good"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": "a\0b"}, "names nobody"),
    ],
    ids=str,
)
def test_an_id_token_with_a_claim_that_does_not_fit_is_refused(client, provider, attempted, claims, why):
    attempt, code = attempted()
    provider.claimed = {name: _moment(value) for name, value in claims.items()}

    with pytest.raises(SignOnFailed, match=why):
        finish(client, attempt, code=code, issuer=provider.issuer)


def _moment(value: object) -> object:
    """A time that is named by its distance from the test; anything else as it is."""
    return time.time() + value.total_seconds() if isinstance(value, timedelta) else value


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "nonce"])
def test_an_id_token_that_leaves_out_a_claim_is_refused(client, provider, attempted, claim):
    attempt, code = attempted()
    provider.left_out = {claim}

    with pytest.raises(SignOnFailed):
        finish(client, attempt, code=code, issuer=provider.issuer)


def _unsigned(claims: dict) -> str:
    return jwt.encode(claims, None, algorithm="none")


def _by_the_public_key(provider: Liar):
    """The old confusion: the public key, which everybody knows, taken for the secret of a MAC."""
    pem = provider.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def sign(claims: dict) -> str:
        parts = [{"alg": "HS256", "typ": "JWT", "kid": KEY_ID}, claims]
        text = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        mac = urlsafe_b64encode(hmac.digest(pem, text, hashlib.sha256)).rstrip(b"=")
        return f"{text.decode()}.{mac.decode()}"

    return sign


@pytest.mark.parametrize(
    "signer",
    [
        lambda provider: _unsigned,
        _by_the_public_key,
        lambda provider: token_signed(SECRET * 3, "HS256"),
        lambda provider: token_signed(rsa.generate_private_key(65537, 2048), "RS256"),
        lambda provider: token_signed(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        lambda provider: token_signed(provider.key, "RS512"),
        lambda provider: token_signed(provider.key, "PS256"),
        lambda provider: token_signed(provider.key, "RS256", kid="another"),
        lambda provider: lambda claims: "no.token.atall",
        lambda provider: lambda claims: "",
        lambda provider: lambda claims: {"not": "text"},
    ],
    ids=[
        "none",
        "confused",
        "HS256",
        "other RSA",
        "other EC",
        "RS512",
        "PS256",
        "kid",
        "junk",
        "empty",
        "map",
    ],
)
def test_a_token_that_was_not_signed_as_agreed_is_refused(client, provider, attempted, signer):
    attempt, code = attempted()
    provider.signs = signer(provider)
    # Keys that say nothing of their algorithm leave it to us which ones are taken.
    (key,) = Liar.keys(provider)["keys"]
    provider.shows = {"keys": [{name: value for name, value in key.items() if name != "alg"}]}

    with pytest.raises(SignOnFailed):
        finish(client, attempt, code=code, issuer=provider.issuer)


def test_es256_is_taken_too(client, provider, attempted):
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    provider.shows = {"keys": [{**public, "kid": "curve"}]}
    provider.signs = token_signed(key, "ES256", "curve")
    attempt, code = attempted()

    claims = finish(client, attempt, code=code, issuer=provider.issuer)

    assert claims.email == "ada@acme.example"


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
@pytest.mark.parametrize("bits", [1024])
def test_a_key_that_is_too_short_is_refused(client, provider, attempted, bits):
    key = rsa.generate_private_key(65537, bits)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    provider.shows = {"keys": [{**public, "kid": KEY_ID}]}
    provider.signs = token_signed(key, "RS256")
    attempt, code = attempted()

    with pytest.raises(SignOnFailed, match="too weak"):
        finish(client, attempt, code=code, issuer=provider.issuer)


def _with(provider: Liar, **changes) -> dict:
    return {"keys": [{**Liar.keys(provider)["keys"][0], **changes}]}


@pytest.mark.parametrize(
    "keys",
    [
        lambda provider: {},
        lambda provider: {"keys": []},
        lambda provider: {"keys": "many"},
        lambda provider: {"keys": [None, 7, "key"]},
        lambda provider: _with(provider, use="enc"),
        lambda provider: _with(provider, alg="PS256"),
        lambda provider: _with(provider, n="!"),
        lambda provider: _with(provider, kty="oct", k="aHVzaA"),
        lambda provider: {"keys": Liar.keys(provider)["keys"] * 2},
    ],
    ids=["none", "empty", "no list", "no keys", "enc", "alg", "broken", "oct", "twice"],
)
def test_keys_that_leave_a_doubt_verify_nothing(client, provider, attempted, keys):
    attempt, code = attempted()
    provider.shows = keys(provider)

    with pytest.raises(SignOnFailed):
        finish(client, attempt, code=code, issuer=provider.issuer)


def test_a_code_works_once(client, provider, attempted):
    attempt, code = attempted()
    finish(client, attempt, code=code, issuer=provider.issuer)

    with pytest.raises(SignOnFailed, match="invalid_grant"):
        finish(client, attempt, code=code, issuer=provider.issuer)


def test_a_code_that_belongs_to_another_attempt_is_worth_nothing(client, provider, attempted):
    _, stolen = attempted()
    own, _ = attempted()

    with pytest.raises(SignOnFailed, match="invalid_grant"):
        finish(client, own, code=stolen, issuer=provider.issuer)


@pytest.mark.parametrize("said", ["https://evil.example", "", None])
def test_an_answer_that_names_another_provider_or_none_is_not_redeemed(client, provider, attempted, said):
    attempt, code = attempted()

    with pytest.raises(SignOnFailed, match="another provider"):
        finish(client, attempt, code=code, issuer=said)

    assert provider.redeemed == []


@pytest.mark.parametrize(
    ("configured", "why"),
    [
        ({"issuer": "https://login.example.com"}, "calls itself https://login.example.com"),
        ({"issuer": None}, "calls itself"),
        ({"token_endpoint": None}, "has no token_endpoint"),
        ({"token_endpoint": "https://169.254.169.254.example.com:22/"}, "port 443 or 8443"),
        ({"jwks_uri": "http://localhost:1/keys"}, "https://"),
        ({"jwks_uri": "file:///etc/passwd"}, "https://"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "https://"),
        ({"authorization_endpoint": "https://u:p@login.example.com/"}, "no user"),
        ({"authorization_endpoint": ["x"]}, "has no authorization_endpoint"),
        ({"jwks_uri": "https://example.com/" + "x" * 1000}, "has no jwks_uri"),
    ],
    ids=str,
)
def test_a_configuration_that_leads_astray_is_refused(client, provider, configured, why):
    provider.configured = configured

    with pytest.raises(SignOnFailed, match=why):
        begin(client, tenant="acme", purpose="sign-on", page="")


def test_a_secret_goes_into_the_body_where_the_provider_wants_it_there(client, provider, attempted):
    provider.configured = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    attempt, code = attempted()

    finish(client, attempt, code=code, issuer=provider.issuer)

    assert provider.redeemed[0]["client_secret"] == SECRET


def test_a_wrong_secret_is_told_without_the_secret(provider, attempted):
    attempt, code = attempted()
    application = provider.applications[0]
    wrong = Client(provider.issuer, application.client_id, "wrong-and-secret", application.redirect_uri)

    with pytest.raises(SignOnFailed) as failure:
        finish(wrong, attempt, code=code, issuer=provider.issuer)

    assert str(failure.value) == "The provider answered 400 (invalid_client)."


@pytest.mark.parametrize("at", [timedelta(hours=-1), None, "now"], ids=str)
def test_who_shows_again_who_they_are_must_have_been_asked_now(client, provider, attempted, at):
    attempt, code = attempted("again")
    provider.claimed = {"auth_time": _moment(at)}

    with pytest.raises(SignOnFailed, match="did not ask who you are again"):
        finish(client, attempt, code=code, issuer=provider.issuer)


def test_showing_again_who_one_is_asks_the_provider_to_ask(client, provider, attempted):
    _, _, place = begin(client, tenant="acme", purpose="again", page="")
    attempt, code = attempted("again")

    assert "max_age=0&prompt=login" in place
    assert finish(client, attempt, code=code, issuer=provider.issuer).authenticated_at


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (True, True),
        ("true", True),
        (False, False),
        ("false", False),
        (None, None),
        (1, False),
        (["true"], False),
    ],
)
def test_only_a_clear_word_makes_an_address_verified(client, provider, attempted, said, meant):
    attempt, code = attempted()
    provider.claimed = {"email_verified": said}

    assert finish(client, attempt, code=code, issuer=provider.issuer).email_verified is meant


def test_an_attempt_ends_after_ten_minutes(attempted):
    attempt, _ = attempted()
    old = Attempt.read({**attempt.as_kept(), "begun_at": time.time() - 601})

    assert (attempt.is_over, old.is_over) == (False, True)
