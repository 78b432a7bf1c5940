import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tenants import signing

CHECKPOINT = {"sequence": 5, "hash": "ab"}


@pytest.fixture
def signed(settings):
    settings.AUDIT_KEY = "first" * 10
    facts = {**CHECKPOINT, "key_id": signing.key_id()}
    return {**facts, "signature": signing.sign(facts)}


def test_what_was_signed_is_believed(signed):
    assert signing.doubt(signed) == ""


@pytest.mark.parametrize("change", [{"sequence": 6}, {"hash": "cd"}, {"more": 1}, {"signature": "zz"}])
def test_what_was_changed_is_not_believed(signed, change):
    assert signing.doubt({**signed, **change}) == "was changed after it was signed."


def test_a_signature_is_written_in_one_way_only(signed):
    assert signing.doubt({**signed, "signature": signed["signature"].upper()}) != ""


def test_after_a_new_key_the_old_signatures_are_believed_while_the_old_public_key_is_known(signed, settings):
    old = [key["x"] for key in signing.published_keys()]

    settings.AUDIT_KEY = "second" * 10
    without = signing.doubt(signed)
    settings.AUDIT_OLD_KEYS = old
    listed = signing.doubt(signed)

    assert without == f"was signed with the key {signed['key_id']}, which this portal does not know."
    assert (listed, len(signing.published_keys())) == ("", 2)


def test_the_same_setting_makes_the_same_key_and_nothing_of_it_is_published(signed, settings):
    published = signing.published_keys()

    assert signing.published_keys() == published
    assert published[0]["kid"] == signed["key_id"]
    assert set(published[0]) == {"kty", "crv", "x", "kid", "alg", "use"}


def test_the_name_of_a_key_is_its_thumbprint(settings):
    # The key and the thumbprint of RFC 8037, appendix A.
    settings.AUDIT_KEY, settings.AUDIT_OLD_KEYS = "", ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]

    assert [key["kid"] for key in signing.published_keys()] == ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]


def test_a_portal_without_a_key_cannot_sign_and_says_so(settings):
    settings.AUDIT_KEY = ""

    assert (signing.can_sign(), signing.published_keys()) == (False, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", True), ("", False), ("c2hvcnQ", False), ("ö", False)],
)
def test_a_public_key_is_recognised(text, expected):
    assert signing.is_public_key(text) == expected


def test_a_private_key_of_somebody_else_signs_nothing_that_is_believed(signed):
    forged = Ed25519PrivateKey.generate().sign(signing.signed_text(signed)).hex()

    assert signing.doubt({**signed, "signature": forged}) == "was changed after it was signed."
