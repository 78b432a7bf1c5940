"""The file that a tenant downloads, run as a tenant runs it: alone, with nothing but Python."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tenants import audit, signing, verifier
from tenants.models import AuditEvent
from tests.tenants import forging

# Section 7.1 of RFC 8032: public key, message, signature.
RFC_8032 = {
    "no byte": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    "one byte": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "two bytes": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
}


@pytest.fixture
def kept(in_acme, tmp_path):
    """A tenant's folder: an export of nine events, checkpoints at events 5 and 9, and the public keys."""
    by = audit.System("worker", in_acme.pk)
    for at in range(2, 10):
        if at in (5, 9):
            checkpoint = audit.sign(in_acme, audit.verify(in_acme), by=by)
            (tmp_path / f"{at}.json").write_text(json.dumps(audit.document(checkpoint), indent=2))
        else:
            audit.record("host.failed", "query-ö", by=by, number=at)
    export(in_acme, tmp_path)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": signing.published_keys()}))
    return tmp_path


def export(tenant, folder: Path) -> None:
    (folder / "export.jsonl").write_text("".join(audit.export(audit.find(tenant), tenant)), "utf-8")


def verify(folder: Path, *checkpoints: str, key: str = "keys.json", file: str = "export.jsonl"):
    options = [part for name in checkpoints for part in ("--checkpoint", name)]
    given = ["--key", key] if key else []
    command = [sys.executable, "-I", "-S", verifier.__file__, file, *options, *given]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return ran.returncode, ran.stdout + ran.stderr


def test_an_intact_export_is_proved_up_to_the_checkpoint(kept):
    code, said = verify(kept, "9.json", "5.json")

    assert (code, said.splitlines()[0].startswith("intact: 9 events, last hash ")) == (0, True)
    assert [line.split(" of ")[0] for line in said.splitlines()[1:]] == ["Events 1 to 5", "Events 1 to 9"]


def test_what_no_checkpoint_covers_is_named(kept):
    code, said = verify(kept, "5.json")

    expected = "No checkpoint covers the last 4: that nobody rewrote these is not proved."
    assert (code, said.splitlines()[-1]) == (0, expected)


def test_without_a_checkpoint_only_the_chain_itself_is_proved(kept):
    code, said = verify(kept, key="")

    expected = "No checkpoint covers the last 9: that nobody rewrote these is not proved."
    assert (code, said.splitlines()[-1]) == (0, expected)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: lines[:2] + lines[3:], "Event 3 is missing: 4 stands in its place."),
        (lambda lines: lines[:-1], "The chain ends at event 8, and the checkpoint of"),
        (lambda lines: [], "The chain ends at event 0, and the checkpoint of"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "Event 1 is missing: 2 stands in its place."),
        (
            lambda lines: [*lines[:3], lines[3].replace("worker", "nobody"), *lines[4:]],
            "Event 4 was changed after it was recorded.",
        ),
        (lambda lines: [*lines[:3], "{", *lines[4:]], "Line 4 of the export is no event."),
        (lambda lines: [*lines[:3], "[]", *lines[4:]], "Line 4 of the export is no event."),
        (
            lambda lines: [lines[0].replace("{", '{"actor":"x",', 1), *lines[1:]],
            "Line 1 of the export was not written by the portal in this way.",
        ),
    ],
    ids=["gap", "tail", "empty", "order", "edit", "cut line", "other line", "two values"],
)
def test_what_is_wrong_is_said_with_its_place(kept, change, problem):
    lines = (kept / "export.jsonl").read_text("utf-8").splitlines()
    (kept / "export.jsonl").write_text("".join(line + "\n" for line in change(lines)), "utf-8")

    code, said = verify(kept, "9.json")

    assert (code, said.startswith(f"wrong: {problem}")) == (1, True)


@pytest.mark.parametrize(("start", "proved"), [(2, 0), (5, 0), (6, 5), (9, 5)])
def test_a_chain_that_was_written_anew_is_found_and_from_where_on(kept, in_acme, start, proved):
    AuditEvent.objects.filter(sequence=start).update(actor="nobody")
    forging.rewrite(start)
    export(in_acme, kept)

    code, said = verify(kept, "5.json", "9.json")

    assert (code, f"The chain was written anew, from event {proved + 1} on or later" in said) == (1, True)
    assert verify(kept, key="")[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"sequence": 9', '"sequence": 8', "event 8 was changed after it was signed."),
        ('"tenant": "acme"', '"tenant": "globex"', "event 9 was changed after it was signed."),
        ('"signature": "', '"signature": "00', "event 9 was changed after it was signed."),
        ('"signature": "', '"signature": "no', "event 9 was changed after it was signed."),
        ('"key_id": "', '"key_id": "x', "which is not in the key file."),
    ],
)
def test_a_checkpoint_that_was_changed_is_not_believed(kept, old, new, problem):
    checkpoint = (kept / "9.json").read_text()
    (kept / "9.json").write_text(checkpoint.replace(old, new))

    code, said = verify(kept, "5.json", "9.json")

    assert (code, said.strip().endswith(problem)) == (1, True)


def test_a_checkpoint_of_another_tenant_proves_nothing_here(kept, globex):
    with audit.tenant_scope(globex.pk):
        by = audit.System("worker", globex.pk)
        theirs = audit.sign(globex, audit.verify(globex), by=by)
    (kept / "theirs.json").write_text(json.dumps(audit.document(theirs)))

    code, said = verify(kept, "theirs.json")

    assert (code, said.strip().endswith("is of another tenant, globex.")) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"file": "nosuch.jsonl"}, "nosuch.jsonl"),
        ({"key": "nosuch.json"}, "nosuch.json"),
        ({"key": "9.json"}, "is no list of the portal's public keys"),
    ],
)
def test_what_cannot_be_read_is_not_called_wrong(kept, options, said):
    code, told = verify(kept, "9.json", **options)

    assert (code, told.startswith("unreadable: "), said in told) == (2, True, True)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "enclave-audit-checkpoint/2"}'])
def test_what_is_no_checkpoint_is_not_called_wrong(kept, text):
    (kept / "odd.json").write_text(text)

    code, told = verify(kept, "odd.json")

    assert (code, told.startswith("unreadable: ")) == (2, True)


@pytest.mark.parametrize(("public", "text", "signature"), RFC_8032.values(), ids=RFC_8032)
def test_the_signatures_of_the_standard_are_right(public, text, signature):
    key, message, signed = map(bytes.fromhex, (public, text, signature))

    assert verifier.is_signed(key, message, signed)
    assert not verifier.is_signed(key, message + b"x", signed)


def test_signatures_are_judged_as_by_the_library_that_makes_them():
    random = Random(8032)  # noqa: S311 -- the same texts each time
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()

    for _ in range(20):
        text = random.randbytes(random.randrange(99))
        signed = private.sign(text)
        changed = bytearray(signed)
        changed[random.randrange(64)] ^= 1 << random.randrange(8)
        assert (verifier.is_signed(public, text, signed), verifier.is_signed(public, text, changed)) == (
            True,
            False,
        )


def test_a_second_signature_cannot_be_made_from_the_first():
    private, order = Ed25519PrivateKey.from_private_bytes(bytes(32)), 2**252
    order += 27742317777372353535851937790883648493
    signed, public = private.sign(b"text"), private.public_key().public_bytes_raw()

    other = signed[:32] + (int.from_bytes(signed[32:], "little") + order).to_bytes(32, "little")

    assert not verifier.is_signed(public, b"text", other)


@pytest.mark.parametrize("public", [b"", b"\xff" * 32, b"\x02" + bytes(31), bytes(31)])
def test_what_is_no_public_key_has_signed_nothing(public):
    assert not verifier.is_signed(public, b"text", bytes(64))
