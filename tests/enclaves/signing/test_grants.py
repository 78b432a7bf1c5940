import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.grants import CLAIMS, KIND, grant_token, read_grant_token
from enclaves.signing.names import Grant
from enclaves.signing.tokens import MOST_CHARACTERS, key_id
from tests.enclaves.signing.made import HOST, NOW, SESSION, p256

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
KEY = ed25519.Ed25519PrivateKey.generate()
OTHER_KEY = ed25519.Ed25519PrivateKey.generate()
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
GRANT = Grant(id="grant-41", not_before=NOW, not_after=NOW + HOUR)
HEADER = {"kid": key_id(KEY.public_key()), "typ": KIND}
OTHER_HOST = "c" + HOST[1:]


def signed(**changes):
    wish = {
        "grant": GRANT,
        "tenant": "acme",
        "host": HOST,
        "session": SESSION,
        "login": "enclave",
        "now": NOW,
    }
    return grant_token(changes.pop("key", KEY), **{**wish, **changes})


GOOD = signed()
CONTENT = jwt.decode(GOOD, options={"verify_signature": False})


def forged(content=CONTENT, key=KEY, **header):
    """A token that somebody with a key of the portal might make by mistake, or an attacker with another."""
    parts = {**HEADER, "alg": "EdDSA", **header}, content
    text = ".".join(_packed(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_packed(key.sign(text.encode()))}"


def _packed(raw):
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_token_says_what_was_granted():
    token = read_grant_token(GOOD, KEYS, host=HOST, now=NOW)

    assert (token.grant, token.tenant, token.host, token.session, token.login) == (
        "grant-41",
        "acme",
        HOST,
        SESSION,
        "enclave",
    )
    assert (token.not_before, token.not_after) == (NOW, NOW + HOUR)
    assert (token.allow_port_forwarding, token.allow_agent_forwarding) == (False, False)


@pytest.mark.parametrize("right", ["allow_port_forwarding", "allow_agent_forwarding"])
def test_a_token_says_which_forwarding_was_granted(right):
    token = read_grant_token(signed(grant=replace(GRANT, **{right: True})), KEYS, host=HOST, now=NOW)

    rights = {name: getattr(token, name) for name in ("allow_port_forwarding", "allow_agent_forwarding")}
    assert [name for name, allowed in rights.items() if allowed] == [right]


@pytest.mark.parametrize("moment", [NOW, NOW + HOUR - SECOND])
def test_a_token_is_good_from_the_beginning_of_its_grant_until_its_end(moment):
    assert read_grant_token(signed(now=moment), KEYS, host=HOST, now=moment)


@pytest.mark.parametrize("moment", [NOW - SECOND, NOW + HOUR, NOW + 9 * HOUR])
def test_a_token_is_no_good_before_and_after(moment):
    fresh = forged({**CONTENT, "iat": int(moment.timestamp())})

    with pytest.raises(NotTrusted, match="not valid now"):
        read_grant_token(fresh, KEYS, host=HOST, now=moment)


@pytest.mark.parametrize("age", [61, -61])
def test_a_token_cannot_be_kept_for_later(age):
    moment = NOW + HOUR / 2
    kept = forged({**CONTENT, "iat": int(moment.timestamp()) - age})

    with pytest.raises(NotTrusted, match="earlier session"):
        read_grant_token(kept, KEYS, host=HOST, now=moment)


def test_a_token_is_no_good_on_another_host():
    with pytest.raises(NotTrusted, match="another host"):
        read_grant_token(GOOD, KEYS, host=OTHER_HOST, now=NOW)


def unsigned():
    return jwt.encode(CONTENT, None, "none", headers=HEADER)


def signed_with_the_public_key_as_a_secret():
    return jwt.encode(CONTENT, KEY.public_key().public_bytes_raw() * 2, "HS256", headers=HEADER)


def without(name):
    return forged({claim: value for claim, value in CONTENT.items() if claim != name})


FORGED = {
    "unsigned": unsigned(),
    "the public key as a secret": signed_with_the_public_key_as_a_secret(),
    "another algorithm": jwt.encode(CONTENT, p256(), "ES256", headers=HEADER),
    "none beside a signature": forged(alg="none"),
    "another algorithm's name": forged(alg="ES256"),
    "another key": forged(key=OTHER_KEY),
    "an unknown key": forged(kid="another"),
    "a list of keys": forged(kid=["a", "list"]),
    "no kind of token": forged(typ="JWT"),
    "a key of its own": forged(jwk={"kty": "OKP"}),
    "a demand": forged(crit=["exp"]),
    "no claims": forged([1]),
    "a claim too many": forged({**CONTENT, "admin": True}),
    "a truth for an end": forged({**CONTENT, "exp": True}),
    "a text for an end": forged({**CONTENT, "exp": str(CONTENT["exp"])}),
    "a beginning before all years": forged({**CONTENT, "nbf": -(10**30)}),
    "made at no time": forged({**CONTENT, "iat": 10**400}),
    "an end without end": forged({**CONTENT, "exp": 1e300}),
    "an end beyond all years": forged({**CONTENT, "exp": 10**30}),
    "several hosts": forged({**CONTENT, "aud": [f"host:{HOST}", f"host:{OTHER_HOST}"]}),
    "a number for a right": forged({**CONTENT, "port_forwarding": 1}),
    "nobody to log in as": forged({**CONTENT, "login": None}),
    "nothing": "",
    "three words": "a.b.c",
    "too long": forged({**CONTENT, "tenant": "a" * MOST_CHARACTERS}),
    "something behind": GOOD + "=",
    "no signature": GOOD.rsplit(".", 1)[0] + ".",
    "another token of the portal": forged({"sub": "portal"}),
    **{f"no {name}": without(name) for name in sorted(CLAIMS)},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_token_is_no_good(what):
    with pytest.raises(NotTrusted):
        read_grant_token(FORGED[what], KEYS, host=HOST, now=NOW)


def test_an_edited_token_is_no_good():
    header, content, signature = GOOD.split(".")
    claims = json.loads(urlsafe_b64decode(content + "=="))
    claims["exp"] += 3600

    with pytest.raises(NotTrusted):
        read_grant_token(
            f"{header}.{_packed(json.dumps(claims).encode())}.{signature}", KEYS, host=HOST, now=NOW
        )


def test_the_next_key_is_believed_beside_the_old_one():
    keys = {**KEYS, key_id(OTHER_KEY.public_key()): OTHER_KEY.public_key()}

    for key in (KEY, OTHER_KEY):
        assert read_grant_token(signed(key=key), keys, host=HOST, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"host": "*"},
        {"host": ""},
        {"session": ""},
        {"login": ""},
        {"login": "root -o x"},
        {"now": NOW - SECOND},
        {"now": NOW + HOUR},
    ],
)
def test_no_token_is_signed_for_less_than_a_host_a_session_a_login_and_a_time(change):
    with pytest.raises(SigningRefused):
        signed(**change)


@given(st.text(max_size=200))
def test_any_text_is_refused(text):
    with pytest.raises(NotTrusted):
        read_grant_token(text, KEYS, host=HOST, now=NOW)


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("Aab_-.9="))
def test_any_changed_letter_is_refused(place, letter):
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    if changed == GOOD:
        return
    with pytest.raises(NotTrusted):
        read_grant_token(changed, KEYS, host=HOST, now=NOW)
