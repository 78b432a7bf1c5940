"""The agent checks tokens with code of its own; the portal's reading of the same tokens must agree."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as some

from agent.tokens import FRESH, TokenRefused, read_grant, read_statement
from enclaves.signing import grants
from enclaves.signing.errors import NotTrusted
from tests.agent.made import HOST, NOW, Made

OTHER = "00000000-0000-4000-8000-000000000000"
MADE = Made()
MOMENT = timedelta(seconds=1)


def test_a_token_says_what_was_granted():
    flags = {"allow_port_forwarding": True, "allow_agent_forwarding": False}

    grant = _read(MADE.token(session=OTHER, flags=flags))

    assert (grant.id, grant.session, grant.login, grant.tenant) == ("grant-7", OTHER, "enclave", "acme")
    assert grant.ends_at == (NOW + timedelta(hours=1)).timestamp()
    assert (grant.allow_port_forwarding, grant.allow_agent_forwarding) == (True, False)


@pytest.mark.parametrize(
    ("changes", "later", "text"),
    [
        ({"host": OTHER}, 0, "another host"),
        ({"tenant": "globex"}, 0, "another tenant"),
        ({"key": ed25519.Ed25519PrivateKey.generate()}, 0, "of the key"),
        ({"ends": NOW + 30 * MOMENT}, 30, "over"),
        ({}, FRESH + 1, "just now"),
        ({}, -FRESH - 1, "just now"),
        ({"begins": NOW}, -1, "has not begun"),
    ],
    ids=["other host", "other tenant", "other key", "over", "old", "from the future", "early"],
)
def test_a_token_for_something_else_is_refused(changes, later, text):
    with pytest.raises(TokenRefused, match=text):
        _read(MADE.token(**changes), later)


def _changed(**changes):
    claims = jwt.decode(MADE.token(), options={"verify_signature": False})
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _signed(claims, key=MADE.grant_key, algorithm="EdDSA", **header):
    kid = next(iter(MADE.grant_keys))
    return jwt.encode(claims, key, algorithm, headers={"typ": "grant+jwt", "kid": kid, **header})


FORGED = {
    "no end": lambda: _signed(_changed(exp=None)),
    "no beginning": lambda: _signed(_changed(nbf=None)),
    "no time of signing": lambda: _signed(_changed(iat=None)),
    "an end that is text": lambda: _signed(_changed(exp="9999999999")),
    "an end that is a fraction": lambda: _signed(_changed(exp=9999999999.5)),
    "a claim too many": lambda: _signed(_changed(root=True)),
    "a flag that is a number": lambda: _signed(_changed(port_forwarding=1)),
    "a list of hosts": lambda: _signed(_changed(aud=[f"host:{HOST}"])),
    "a grant that is a path": lambda: _signed(_changed(sub="grant-../../x")),
    "a session that is a path": lambda: _signed(_changed(jti="../../x")),
    "no signature": lambda: _signed(_changed(), None, "none"),
    "another algorithm": lambda: _signed(_changed(), "secret" * 9, "HS256"),
    "another curve": lambda: _signed(_changed(), ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "a key that it brings along": lambda: _signed(_changed(), jwk={"kty": "OKP"}),
    "a key by address": lambda: _signed(_changed(), jku="https://evil.example"),
    "a critical extension": lambda: _signed(_changed(), crit=["b64"], b64=False),
    "another type": lambda: _signed(_changed(), typ="JWT"),
    "an unknown key": lambda: _signed(_changed(), kid="unknown"),
    "a statement": lambda: _signed(_changed(), typ="statement+jwt"),
    "two parts": lambda: MADE.token().rpartition(".")[0],
    "four parts": lambda: MADE.token() + ".e30",
    "nothing": lambda: "",
    "too much": lambda: _signed(_changed(login="x" * 100_000)),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused_here_and_by_the_portal(name):
    token = FORGED[name]()

    with pytest.raises(TokenRefused):
        _read(token)
    if name not in ("a grant that is a path", "a session that is a path"):
        with pytest.raises(NotTrusted):
            _read_as_the_portal(token)


@given(some.integers(min_value=0), some.integers(1, 255))
def test_a_token_with_any_bit_changed_is_refused(place, change):
    token = MADE.token()
    where = place % len(token)
    wrong = token[:where] + chr((ord(token[where]) ^ change) % 128) + token[where + 1 :]
    if _same_bytes(wrong, token):
        return  # the last character of base64 has bits that say nothing

    with pytest.raises(TokenRefused):
        _read(wrong)


@given(some.text() | some.text(alphabet="ey.J0-_=", max_size=200))
def test_nothing_that_is_no_token_breaks_the_reader(text):
    with pytest.raises(TokenRefused):
        _read(text)


@given(some.recursive(some.none() | some.booleans() | some.integers() | some.text(), some.lists))
def test_no_claims_of_another_kind_break_the_reader(value):
    with pytest.raises(TokenRefused):
        _read(_by_hand(value))
    with pytest.raises(TokenRefused):
        _read(_by_hand(_changed(sub=value) if not isinstance(value, str) else value))


def test_a_statement_is_no_grant_and_a_grant_no_statement():
    with pytest.raises(TokenRefused):
        read_statement(MADE.token(), MADE.grant_keys, host=HOST, now=NOW.timestamp())


def _read(token, later=0):
    return read_grant(token, MADE.grant_keys, host=HOST, tenant="acme", now=NOW.timestamp() + later)


def _read_as_the_portal(token):
    public = {kid: MADE.grant_key.public_key() for kid in MADE.grant_keys}
    return grants.read_grant_token(token, public, host=HOST, now=NOW)


def _by_hand(claims):
    """A token with any claims whatever, signed with the right key."""
    header = {"alg": "EdDSA", "typ": "grant+jwt", "kid": next(iter(MADE.grant_keys))}
    body = ".".join(
        urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)
    )
    return f"{body}.{urlsafe_b64encode(MADE.grant_key.sign(body.encode())).decode().rstrip('=')}"


def _same_bytes(one, other):
    def decoded(token):
        return [urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]

    try:
        return decoded(one) == decoded(other)
    except ValueError:
        return False
