import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from enclaves.signing.errors import KeyBoxError
from enclaves.signing.keys import (
    KeyKind,
    LocalKeyBox,
    make_key,
    open_ed25519,
    open_p256,
    public_pem,
)

SECRET, OLD_SECRET = "s" * 32, "o" * 32
BOX = LocalKeyBox(SECRET)
WRAPPED = BOX.wrap(b"a private key", "ssh-user-ca:1")


@pytest.mark.parametrize(("kind", "opened"), [(KeyKind.ED25519, open_ed25519), (KeyKind.P256, open_p256)])
def test_a_key_is_made_locked_and_opens_to_what_was_published(kind, opened):
    made = make_key(kind, BOX, "ca:1")

    assert public_pem(opened(made.wrapped, BOX, "ca:1")) == made.public
    assert b"PRIVATE" not in made.wrapped


def test_a_key_of_one_place_does_not_open_in_another():
    with pytest.raises(KeyBoxError, match="belongs somewhere else"):
        BOX.unwrap(WRAPPED, "ssh-user-ca:2")


def test_another_secret_opens_nothing():
    with pytest.raises(KeyBoxError, match="not known here"):
        LocalKeyBox("t" * 32).unwrap(WRAPPED, "ssh-user-ca:1")


def test_an_old_secret_still_opens_but_no_longer_locks():
    locked_before = LocalKeyBox(OLD_SECRET).wrap(b"a private key", "c")
    box = LocalKeyBox(SECRET, [OLD_SECRET])

    assert box.unwrap(locked_before, "c") == b"a private key"
    assert not box.is_current(locked_before)
    assert box.is_current(box.wrap(b"a private key", "c"))


def test_wrapping_twice_gives_two_texts():
    assert BOX.wrap(b"a private key", "c") != BOX.wrap(b"a private key", "c")


def test_a_short_secret_is_not_taken():
    with pytest.raises(ValueError, match="32 characters"):
        LocalKeyBox("short")


def test_a_key_of_the_other_kind_is_not_opened_as_this_one():
    made = make_key(KeyKind.P256, BOX, "c")

    with pytest.raises(KeyBoxError, match="no Ed25519"):
        open_ed25519(made.wrapped, BOX, "c")


@given(st.integers(0, len(WRAPPED) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place, change):
    changed = bytearray(WRAPPED)
    changed[place] ^= change

    with pytest.raises(KeyBoxError):
        BOX.unwrap(bytes(changed), "ssh-user-ca:1")


@given(st.binary(max_size=100))
def test_what_was_never_wrapped_is_refused(junk):
    with pytest.raises(KeyBoxError):
        BOX.unwrap(junk, "c")


def test_what_is_stored_of_a_key_is_only_its_public_half():
    made = make_key(KeyKind.P256, BOX, "c")

    assert serialization.load_pem_public_key(made.public.encode())
