"""When keys change, and how long the old ones are believed: rules over rows, which somebody else keeps.

Who believes a key learns of it some time after it was made, and holds what an old one signed until that
ends. So the next key is published a while before it signs, and an old one for a while after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    SSH_USERS = "ssh-users"  # people's certificates and the gateway's hops, per enclave
    SSH_HOSTS = "ssh-hosts"  # hosts' own SSH keys, per enclave
    GRANTS = "grants"  # tokens and statements that agents check
    HOSTS = "hosts"  # the root of agents' identities
    TENANT_HOSTS = "tenant-hosts"  # a tenant's intermediate below it
    GATEWAYS = "gateways"  # what agents know gateways by


@dataclass(frozen=True)
class Schedule:
    """How long a key signs, how long before that it is published, and how long after it is believed."""

    signs: timedelta
    notice: timedelta
    overlap: timedelta


_QUARTER, _YEAR = timedelta(days=90), timedelta(days=365)
# Hosts hear of new keys each half hour, and what is signed for a grant lasts a day at most.
_OF_DAYS = Schedule(signs=_QUARTER, notice=timedelta(days=2), overlap=timedelta(days=2))
SCHEDULES = {
    Purpose.SSH_USERS: _OF_DAYS,
    Purpose.SSH_HOSTS: _OF_DAYS,
    # What a host is told of the next key is signed with the last one that it knows, so that a host which was
    # off for weeks still believes it.
    Purpose.GRANTS: Schedule(signs=_QUARTER, notice=timedelta(days=30), overlap=timedelta(days=2)),
    # An intermediate travels with the identities that it signed, so nobody has to hear of it first.
    Purpose.TENANT_HOSTS: Schedule(signs=_QUARTER, notice=timedelta(0), overlap=timedelta(days=2)),
    Purpose.HOSTS: Schedule(signs=5 * _YEAR, notice=timedelta(days=30), overlap=_YEAR),
    # A host that was parked for long still has to find its way back.
    Purpose.GATEWAYS: Schedule(signs=5 * _YEAR, notice=_YEAR, overlap=2 * _YEAR),
}


class Key(Protocol):
    """A stored key. `ends_at` is None until its successor was made."""

    @property
    def signs_from(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime | None: ...


def signing[K: Key](keys: Iterable[K], now: datetime) -> K | None:
    """The key that signs now: the latest that has begun. None if there is none."""
    begun = [key for key in believed(keys, now) if key.signs_from <= now]
    return max(begun, key=lambda key: key.signs_from, default=None)


def believed[K: Key](keys: Iterable[K], now: datetime) -> list[K]:
    """The keys whose signatures count, those that are going to sign included, the oldest first."""
    alive = [key for key in keys if key.ends_at is None or now < key.ends_at]
    return sorted(alive, key=lambda key: key.signs_from)


@dataclass(frozen=True)
class Succession:
    """A key that is to be made now. Its predecessor, if there is one, is given an end."""

    signs_from: datetime
    predecessor_ends_at: datetime


def due(keys: Iterable[Key], schedule: Schedule, now: datetime) -> Succession | None:
    """What is to be made now, if anything is. The first key signs at once."""
    newest = max(believed(keys, now), key=lambda key: key.signs_from, default=None)
    if newest is None:
        return Succession(now, now)
    if now < newest.signs_from + schedule.signs - schedule.notice:
        return None
    begins = now + schedule.notice
    return Succession(begins, begins + schedule.overlap)
