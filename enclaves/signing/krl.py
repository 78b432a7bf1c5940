"""Lists of revoked SSH certificates in OpenSSH's binary form (PROTOCOL.krl)."""

import base64
import struct
from collections.abc import Collection
from datetime import datetime

from enclaves.signing.errors import SigningRefused
from enclaves.signing.ssh import MOST_SERIAL

MAGIC = b"SSHKRL\n\0"
_FORMAT = 1
_SECTION_CERTIFICATES = 1
_SERIAL_LIST = 0x20
_KEY_IDS = 0x23


def revocation_list(
    authority_line: str,
    *,
    version: int,
    made_at: datetime,
    serials: Collection[int] = (),
    key_ids: Collection[str] = (),
) -> bytes:
    """Revoke certificates of one authority by their serials, or all with a key id.

    Never empty, even if nothing is revoked: sshd takes an empty file for a list and lets everybody in.
    Who stores it writes beside the old file and renames, for the same reason.
    """
    header = struct.pack(">IQQQ", _FORMAT, version, int(made_at.timestamp()), 0)
    body = MAGIC + header + _string(b"") + _string(b"")
    if not serials and not key_ids:
        return body
    section = _string(_blob(authority_line)) + _string(b"") + _serials(serials) + _key_ids(key_ids)
    return body + bytes([_SECTION_CERTIFICATES]) + _string(section)


def _serials(serials: Collection[int]) -> bytes:
    if not serials:
        return b""
    if min(serials) < 1 or max(serials) > MOST_SERIAL:
        raise SigningRefused("A serial number is between 1 and 2^64 - 1.")
    ordered = sorted(set(serials))
    return bytes([_SERIAL_LIST]) + _string(struct.pack(f">{len(ordered)}Q", *ordered))


def _key_ids(key_ids: Collection[str]) -> bytes:
    if not key_ids:
        return b""
    if not all(key_ids):
        raise SigningRefused("An empty key id would revoke what nobody meant.")
    return bytes([_KEY_IDS]) + _string(b"".join(_string(key_id.encode()) for key_id in sorted(set(key_ids))))


def _blob(authority_line: str) -> bytes:
    return base64.b64decode(authority_line.split()[1], validate=True)


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value
