#!/usr/bin/env python3
"""Verifies an export of the audit against signed checkpoints. Needs Python 3.8 and nothing else.

    python3 enclave-audit-verify.py export.jsonl --checkpoint FILE --key FILE

Exits with 0 if the export is intact, 1 if something is wrong with it, 2 if a file cannot be read.

Each event carries the hash of the one before: SHA-256 over the event as canonical JSON (sorted keys, no
blanks, UTF-8) without its own hash. A checkpoint is the hash of one event, signed with Ed25519 (RFC 8032)
over the checkpoint as canonical JSON without its signature.
"""
# The portal itself verifies with this file, so that both follow one rule; tenants download it as it is.

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Sequence  # noqa: UP035 -- for Python 3.8

GENESIS = "0" * 64
FORMAT = "enclave-audit-checkpoint/1"
INTACT, WRONG, UNREADABLE = 0, 1, 2
_NEAR = 100  # how far from its place an event that was moved is looked for


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole chain found. ``problem`` is a sentence, empty if all is intact.

    ``events`` says how many are proved from the beginning, and ``hash`` is the hash of the last of these.
    """

    events: int
    hash: str
    problem: str = ""

    @property
    def intact(self) -> bool:
        return not self.problem


def canonical(facts: Mapping[str, Any]) -> str:
    """The one way in which events and checkpoints are written where they are hashed or signed."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(facts: Mapping[str, Any]) -> str:
    """The hash of an event, which is to be given without it."""
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


def signed_text(checkpoint: Mapping[str, Any]) -> bytes:
    """What the signature of a checkpoint is over."""
    return canonical(_without(checkpoint, "signature")).encode()


def check(
    events: Iterable[Mapping[str, Any]],
    count: int | None = None,
    hash: str = "",
    checkpoints: Iterable[Mapping[str, Any]] = (),
) -> Verdict:
    """Follow a chain of exported events from its beginning.

    With the count and hash of its end, a cut tail and an added row are found too; with checkpoints, whose
    signatures have been verified, a chain that was written anew.
    """
    waiting = sorted(checkpoints, key=lambda checkpoint: int(checkpoint["sequence"]))
    last, seen, proved = GENESIS, 0, (0, GENESIS)
    for event in events:
        problem = _break(event, seen + 1, last)
        if problem:
            return Verdict(seen, last, problem)
        last, seen = event["hash"], seen + 1
        while waiting and waiting[0]["sequence"] <= seen:
            problem = _departure(event, waiting.pop(0), proved[0])
            if problem:
                return Verdict(*proved, problem)
            proved = (seen, last)
    problem = _wrong_end(seen, last, count, hash) or _short_end(seen, waiting)
    return Verdict(seen, last, problem)


def _break(event: Mapping[str, Any], expected: int, previous: str) -> str:
    """What is wrong with this link of the chain, or nothing."""
    if event["sequence"] != expected:
        return f"Event {expected} is missing: {event['sequence']} stands in its place."
    is_as_hashed = digest(_without(event, "hash")) == event["hash"]
    if event["previous_hash"] == previous:
        return "" if is_as_hashed else f"Event {expected} was changed after it was recorded."
    if is_as_hashed:
        return f"Event {expected} does not follow from event {expected - 1}: one of them was forged."
    place = _first_place(event)
    if place:
        return f"Event {expected} was recorded as event {place}: events were put in, taken out or swapped."
    return f"Event {expected} was changed after it was recorded."


def _first_place(event: Mapping[str, Any]) -> int | None:
    """Where an event stood when its hash was made, if it was moved and not changed otherwise."""
    facts, here = _without(event, "hash"), event["sequence"]
    places = range(max(1, here - _NEAR), here + _NEAR)
    return next((at for at in places if digest({**facts, "sequence": at}) == event["hash"]), None)


def _departure(event: Mapping[str, Any], checkpoint: Mapping[str, Any], proved: int) -> str:
    """How the chain departs from what was signed, or nothing."""
    if checkpoint["tenant_id"] != event["tenant_id"]:
        return f"The checkpoint of {checkpoint['signed_at']} is of another tenant, {checkpoint['tenant']}."
    if (checkpoint["sequence"], checkpoint["hash"]) != (event["sequence"], event["hash"]):
        at, when = checkpoint["sequence"], checkpoint["signed_at"]
        return (
            f"The chain was written anew, from event {proved + 1} on or later: event {at} is not the one"
            f" that the checkpoint of {when} signed."
        )
    return ""


def _wrong_end(seen: int, last: str, count: int | None, hash: str) -> str:
    if count is None or (seen, last) == (count, hash):
        return ""
    if seen == count:
        return f"Event {seen} is not the one that was recorded last."
    if seen > count:
        return f"Event {count + 1} was added past the end: {count} were recorded."
    return f"The chain ends at event {seen}, and {count} were recorded."


def _short_end(seen: int, waiting: Sequence[Mapping[str, Any]]) -> str:
    if not waiting:
        return ""
    at, when = waiting[-1]["sequence"], waiting[-1]["signed_at"]
    return f"The chain ends at event {seen}, and the checkpoint of {when} signed event {at}."


def _without(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key != name}


# Ed25519 as in section 5.1 of RFC 8032; points are in extended coordinates (X, Y, Z, T).
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)  # of -1
_LENGTH = 32  # bytes of a number and of a point


def is_signed(public: bytes, text: bytes, signature: bytes) -> bool:
    """Say whether this is the signature of the text by the holder of the public key."""
    if len(public) != _LENGTH or len(signature) != 2 * _LENGTH:
        return False
    key, commitment = _point(public), _point(signature[:_LENGTH])
    answer = int.from_bytes(signature[_LENGTH:], "little")
    if key is None or commitment is None or answer >= _ORDER:
        return False
    hashed = hashlib.sha512(signature[:_LENGTH] + public + text).digest()
    challenge = int.from_bytes(hashed, "little") % _ORDER
    return _is_same(_times(answer, _base()), _sum(commitment, _times(challenge, key)))


def _point(encoded: bytes) -> tuple[int, int, int, int] | None:
    """The point that these bytes stand for, or nothing if they stand for none."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    if y >= _P:
        return None
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _x_of(y: int, sign: int) -> int | None:
    squared = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if squared == 0:
        return None if sign else 0
    x = pow(squared, (_P + 3) // 8, _P)
    if (x * x - squared) % _P:
        x = x * _ROOT % _P
    if (x * x - squared) % _P:
        return None
    return x if x & 1 == sign else _P - x


def _base() -> tuple[int, int, int, int]:
    y = 4 * pow(5, _P - 2, _P) % _P
    x = _x_of(y, 0) or 0
    return x, y, 1, x * y % _P


def _sum(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c, d = 2 * one[3] * other[3] * _D % _P, 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    result = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _sum(result, point)
        point, factor = _sum(point, point), factor >> 1
    return result


def _is_same(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 == (one[1] * other[2] - other[1] * one[2]) % _P


class Unreadable(Exception):
    """A file that was named cannot be read, or is not what it should be."""


class NoEvent(Exception):
    """A line of the export is not an event as the portal writes it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the command line names, say what was found, and return the exit code."""
    named = _parser().parse_args(arguments)
    try:
        keys = _keys(named.key) if named.key else {}
        checkpoints = [_checkpoint(path) for path in named.checkpoint]
        problem = _forgery(checkpoints, keys)
        verdict = Verdict(0, GENESIS, problem) if problem else _verdict(named.export, checkpoints)
    except Unreadable as error:
        print(f"unreadable: {error}", file=sys.stderr)
        return UNREADABLE
    print(_said(verdict, checkpoints))
    return INTACT if verdict.intact else WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Verifies an export of the audit, without the portal.")
    parser.add_argument("export", type=Path, help="JSON Lines with all events; a filtered export has gaps")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], help="that you kept; any number of times"
    )
    parser.add_argument(
        "--key", type=Path, help="the portal's public keys, /.well-known/enclave-audit-keys.json"
    )
    return parser


def _keys(path: Path) -> dict[str, bytes]:
    try:
        return {key["kid"]: _unpacked(key["x"]) for key in _json(path)["keys"] if key["crv"] == "Ed25519"}
    except (KeyError, TypeError, ValueError):
        raise Unreadable(f"{path} is no list of the portal's public keys.") from None


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _checkpoint(path: Path) -> dict[str, Any]:
    found = _json(path)
    texts = ("tenant", "tenant_id", "hash", "signed_at", "key_id", "signature")
    is_one = isinstance(found, dict) and found.get("format") == FORMAT
    if not is_one or type(found.get("sequence")) is not int:
        raise Unreadable(f"{path} is no checkpoint.")
    if not all(isinstance(found.get(name), str) for name in texts):
        raise Unreadable(f"{path} is no checkpoint.")
    return dict(found)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None


def _forgery(checkpoints: Sequence[Mapping[str, Any]], keys: Mapping[str, bytes]) -> str:
    """Why a checkpoint is not to be believed, or nothing."""
    for checkpoint in checkpoints:
        name = f"The checkpoint at event {checkpoint['sequence']}"
        if checkpoint["key_id"] not in keys:
            return f"{name} was signed with the key {checkpoint['key_id']}, which is not in the key file."
        if not is_signed(keys[checkpoint["key_id"]], signed_text(checkpoint), _signature(checkpoint)):
            return f"{name} was changed after it was signed."
    return ""


def _signature(checkpoint: Mapping[str, Any]) -> bytes:
    try:
        return bytes.fromhex(checkpoint["signature"])
    except ValueError:
        return b""


def _verdict(export: Path, checkpoints: Sequence[Mapping[str, Any]]) -> Verdict:
    try:
        with export.open(encoding="utf-8", newline="\n") as lines:
            return check(_events(lines), checkpoints=checkpoints)
    except NoEvent as error:
        return Verdict(0, GENESIS, str(error))
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{export}: {error}") from None


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            raise NoEvent(f"Line {number} of the export is no event.") from None
        named = {"sequence", "tenant_id", "previous_hash", "hash"}
        if not isinstance(event, dict) or not named <= event.keys() or type(event["sequence"]) is not int:
            raise NoEvent(f"Line {number} of the export is no event.")
        # Two values under one name, for example, would show a reader what was not hashed.
        if canonical(event) != line.rstrip("\n"):
            raise NoEvent(f"Line {number} of the export was not written by the portal in this way.")
        yield event


def _said(verdict: Verdict, checkpoints: Sequence[Mapping[str, Any]]) -> str:
    if not verdict.intact:
        return f"wrong: {verdict.problem}"
    lines = [f"intact: {verdict.events} events, last hash {verdict.hash}"]
    for one in sorted(checkpoints, key=lambda checkpoint: int(checkpoint["sequence"])):
        lines.append(f"Events 1 to {one['sequence']} of {one['tenant']} are those signed {one['signed_at']}.")
    later = verdict.events - max((one["sequence"] for one in checkpoints), default=0)
    if later:
        lines.append(f"No checkpoint covers the last {later}: that nobody rewrote these is not proved.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
