from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from hypothesis import given, settings
from hypothesis import strategies as st

from enclaves.identity.cms import MOST_BYTES, embedded_signer, open_envelope
from enclaves.identity.errors import IdentityRefused
from tests.enclaves.identity.forge import certificate, document, rsa_key

CONTENT = b'{"instanceId": "i-0123456789abcdef0"}'
KEY = rsa_key()
SIGNER = certificate(KEY, "metadata service")
OTHER = certificate(rsa_key(1), "somebody else")
GOOD = document(CONTENT, KEY, SIGNER)


def believed(raw, signer=SIGNER):
    return open_envelope(raw).verify(signer)


@pytest.mark.parametrize(
    "changes",
    [{}, {"attributes": False}, {"digest": "sha384"}, {"embed": [SIGNER]}, {"embed": [SIGNER, OTHER]}],
)
def test_what_the_signer_signed_is_believed(changes):
    assert believed(document(CONTENT, KEY, SIGNER, **changes)) == CONTENT


def same_name_other_key():
    return certificate(rsa_key(1), "metadata service", serial=SIGNER.serial_number)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"digest": "sha1"}, "SHA-256"),
        ({"signers": 0}, "exactly one signer"),
        ({"signers": 2}, "exactly one signer"),
        ({"sum_of": b"another text"}, "does not fit"),
        ({"attribute_type": "signed_data"}, "another type"),
        ({"repeat": True}, "repeated"),
        ({"drop": ("message_digest",)}, "does not fit"),
        ({"drop": ("content_type",)}, "another type"),
        ({"named": OTHER}, "another signer"),
        ({"algorithm": "sha1_rsa"}, "SHA-256"),
        ({"embed": [SIGNER, SIGNER]}, "two certificates"),
    ],
)
def test_what_departs_from_the_one_form_is_refused(changes, says):
    with pytest.raises(IdentityRefused, match=says):
        believed(document(CONTENT, KEY, SIGNER, **changes))


def test_another_key_under_the_same_name_is_refused():
    with pytest.raises(IdentityRefused, match="signature is wrong"):
        believed(GOOD, same_name_other_key())


def test_another_content_under_the_same_signature_is_refused():
    with pytest.raises(IdentityRefused, match="does not fit"):
        believed(GOOD.replace(b"i-0123", b"i-9999"))


def test_a_content_that_nothing_but_the_signature_covers_cannot_be_changed():
    bare = document(CONTENT, KEY, SIGNER, attributes=False)

    with pytest.raises(IdentityRefused, match="signature is wrong"):
        believed(bare.replace(b"i-0123", b"i-9999"))


def test_another_type_of_content_is_refused():
    data, enveloped = (bytes.fromhex(f"06092a864886f70d01070{number}") for number in (1, 3))

    with pytest.raises(IdentityRefused, match="holds no data"):
        believed(GOOD.replace(data, enveloped, 1))


def test_a_document_that_is_only_too_long_is_refused():
    with pytest.raises(IdentityRefused, match="too long"):
        believed(document(b"x" * MOST_BYTES, KEY, SIGNER))


def test_an_empty_content_is_refused():
    with pytest.raises(IdentityRefused, match="empty"):
        believed(document(b"", KEY, SIGNER))


@pytest.mark.parametrize(
    "key", [dsa.generate_private_key(2048), ec.generate_private_key(ec.SECP256R1())], ids=["dsa", "ec"]
)
def test_other_kinds_of_keys_are_refused(key):
    signer = certificate(key, "another kind") if isinstance(key, ec.EllipticCurvePrivateKey) else SIGNER

    with pytest.raises(IdentityRefused, match="RSA"):
        believed(document(CONTENT, key, signer), signer)


def test_a_kind_of_key_is_refused_whatever_the_document_calls_it():
    key = ec.generate_private_key(ec.SECP256R1())
    signer = certificate(key, "another kind")

    with pytest.raises(IdentityRefused, match="not RSA"):
        believed(document(CONTENT, key, signer, algorithm="rsassa_pkcs1v15"), signer)


def test_a_small_key_is_refused():
    key = rsa_key(2, 1024)
    signer = certificate(key, "small")

    with pytest.raises(IdentityRefused, match="2048 bits"):
        believed(document(CONTENT, key, signer), signer)


def test_the_signers_certificate_is_found_among_those_that_are_brought_along():
    assert embedded_signer(open_envelope(document(CONTENT, KEY, SIGNER, embed=[OTHER, SIGNER]))) == SIGNER


@pytest.mark.parametrize("embed", [[], [OTHER]], ids=["none", "another"])
def test_a_signer_that_is_not_brought_along_is_not_guessed(embed):
    with pytest.raises(IdentityRefused, match="does not bring"):
        embedded_signer(open_envelope(document(CONTENT, KEY, SIGNER, embed=embed)))


DAMAGED = {
    "nothing": b"",
    "text": b"hello",
    "cut": GOOD[:-1],
    "something behind": GOOD + b"\0",
    "too long": b"0" * (MOST_BYTES + 1),
    "an endless nest": b"\x30\x80" * 10_000,
    "an endless nest of octets": b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80"
    + b"\x24\x80" * 10_000,
    "only a type": bytes.fromhex("300b06092a864886f70d010702"),
    "another type": bytes.fromhex("300d06092a864886f70d0107010400"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_cannot_be_read_is_refused(what):
    with pytest.raises(IdentityRefused):
        believed(DAMAGED[what])


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(junk):
    with pytest.raises(IdentityRefused):
        believed(junk)


@settings(max_examples=600)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_says_the_same(place, change):
    changed = bytearray(GOOD)
    changed[place] ^= change
    # Some bytes mean nothing, such as versions. None of them may change what is believed.
    with suppress(IdentityRefused):
        assert believed(bytes(changed)) == CONTENT


@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=20))
def test_any_cut_or_filled_gap_is_refused_or_says_the_same(begin, end, filling):
    begin, end = sorted((begin, end))
    with suppress(IdentityRefused):
        assert believed(GOOD[:begin] + filling + GOOD[end:]) == CONTENT


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=300)
@given(st.data())
def test_a_damaged_certificate_in_a_document_is_a_refusal(data):
    raw = bytearray(document(CONTENT, KEY, SIGNER, embed=[SIGNER]))
    begin = raw.index(b"metadata service")
    raw[data.draw(st.integers(begin - 60, begin + 600))] ^= data.draw(st.integers(1, 255))
    with suppress(IdentityRefused):
        assert embedded_signer(open_envelope(bytes(raw)))
