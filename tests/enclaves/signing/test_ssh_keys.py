import base64
from contextlib import suppress

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from enclaves.signing.errors import SigningRefused
from enclaves.signing.ssh_keys import KINDS, MOST_CHARACTERS, parse_public_key
from tests.enclaves.signing.made import ed25519_line, security_key_line, ssh_line, wire_line

GOOD = {
    "ssh-ed25519": ssh_line("ssh-ed25519"),
    "sk-ssh-ed25519@openssh.com": security_key_line("sk-ssh-ed25519@openssh.com"),
    "ecdsa-sha2-nistp256": ssh_line("ecdsa-sha2-nistp256"),
    "ecdsa-sha2-nistp384": ssh_line("ecdsa-sha2-nistp384"),
    "ecdsa-sha2-nistp521": ssh_line("ecdsa-sha2-nistp521"),
    "sk-ecdsa-sha2-nistp256@openssh.com": security_key_line("sk-ecdsa-sha2-nistp256@openssh.com"),
    "ssh-rsa": ssh_line("ssh-rsa", key_size=3072),
}
PLAIN = GOOD["ssh-ed25519"]
BLOB = PLAIN.split()[1]
IDENTITY_POINT = bytes([1]) + bytes(31)


def test_every_kind_has_a_good_key_here():
    assert set(GOOD) == set(KINDS)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_key_is_read_with_what_people_call_it(kind):
    key = parse_public_key(f"  {GOOD[kind]} kim@laptop\n")

    assert (key.kind, key.comment) == (KINDS[kind][0], "kim@laptop")
    assert key.bits == (KINDS[kind][1] or 3072)
    assert key.line == GOOD[kind]
    assert key.fingerprint.startswith("SHA256:")


BAD = {
    "nothing": ("", "no public key"),
    "a word": ("hello", "no public key"),
    "a private key": ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", "private key"),
    "two keys": (f"{PLAIN}\n{PLAIN}", "on one line"),
    "too long": ("ssh-ed25519 " + BLOB + "A" * MOST_CHARACTERS, "too long"),
    "DSA": ("ssh-dss AAAAB3NzaC1kc3M=", "DSA"),
    "a certificate": ("ssh-ed25519-cert-v01@openssh.com AAAA", "certificate"),
    "a kind that OpenSSH lacks": ("ssh-ed448 AAAA", "not taken"),
    "with options": (f'command="sh" {PLAIN}', "no public key"),
    "with one option": (f"restrict {PLAIN}", "no public key"),
    "cut in a letter": (f"ssh-ed25519 {BLOB[:-2]}", "damaged"),
    "cut": (f"ssh-ed25519 {BLOB[:-4]}", "damaged"),
    "called by another name": (f"ssh-rsa {BLOB}", "damaged"),
    "with something behind": (f"ssh-ed25519 {BLOB}AAAA", "damaged"),
    "RSA that is just too small": (wire_line("ssh-rsa", b"\x03", b"\x01" * 384), "bits"),
    "RSA with the exponent 1": (wire_line("ssh-rsa", b"\x01", b"\x01" * 385), "damaged|does not take"),
    "RSA of nothing": (wire_line("ssh-rsa", b"\x03", b"\x00"), "damaged|bits"),
    "RSA in another spelling": (wire_line("ssh-rsa", b"\x00\x00\x03", b"\x01" * 385), "damaged"),
    "RSA below zero": (wire_line("ssh-rsa", b"\x81", b"\x81" * 384), "damaged"),
    "a point off its curve": (
        wire_line("ecdsa-sha2-nistp256", b"nistp256", b"\x04" + bytes(64)),
        "damaged",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_with_a_text_is_said(what):
    text, says = BAD[what]

    with pytest.raises(SigningRefused, match=says):
        parse_public_key(text)


def test_a_short_rsa_key_is_too_weak():
    with pytest.raises(SigningRefused, match="3072 bits, this one has 2048"):
        parse_public_key(ssh_line("ssh-rsa", key_size=2048))


def test_a_key_that_anybody_can_sign_for_is_not_taken():
    forged = IDENTITY_POINT + bytes(32)
    ed25519.Ed25519PublicKey.from_public_bytes(IDENTITY_POINT).verify(forged, b"any message")

    with pytest.raises(SigningRefused, match="damaged"):
        parse_public_key(ed25519_line(IDENTITY_POINT))


@pytest.mark.parametrize("sign", [0, 0x80])
def test_the_sign_of_such_a_key_does_not_matter(sign):
    with pytest.raises(SigningRefused, match="damaged"):
        parse_public_key(ed25519_line(bytes(31) + bytes([sign])))


def test_a_common_key_is_not_one_that_anybody_can_sign_for():
    key = ed25519.Ed25519PrivateKey.generate().public_key()

    with pytest.raises(InvalidSignature):
        key.verify(IDENTITY_POINT + bytes(32), b"any message")


def test_a_comment_brings_no_control_characters_and_no_novel_along():
    key = parse_public_key(f"{PLAIN} kim\x1b[31m{'x' * 500}")

    assert key.comment == "kim[31m" + "x" * 93


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    with pytest.raises(SigningRefused):
        parse_public_key(text)


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=600))
def test_any_bytes_under_a_good_name_are_read_or_refused(kind, blob):
    read_or_refused(kind, blob)


def read_or_refused(kind, blob):
    text = f"{kind} {base64.b64encode(blob).decode()}"
    with suppress(SigningRefused):
        assert parse_public_key(text).line == text


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_any_change_of_a_good_key_is_read_or_refused(kind, data):
    blob = bytearray(base64.b64decode(GOOD[kind].split()[1]))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    read_or_refused(kind, bytes(blob))
