"""Files that pass, as a recording tells of them."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class FileEvent:
    """Something that was done to a file of the host. `sha256` is None if not all of it passed in order."""

    action: str
    path: str
    size: int | None = None
    sha256: str | None = None
    to: str | None = None

    def as_record(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


class UnreadableTraffic(Exception):
    """What passes is not the protocol that it claims to be. What cannot be recorded does not pass."""


class Watch(Protocol):
    """Follows one session's bytes. Both raise UnreadableTraffic, before what they saw may pass."""

    def from_person(self, data: bytes) -> list[FileEvent]: ...

    def from_host(self, data: bytes) -> list[FileEvent]: ...

    def at_end(self) -> list[FileEvent]:
        """What was not finished."""
        ...


class Content:
    """The bytes of a file, if they pass from its beginning to its end without gaps."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._is_in_order = True

    def add(self, data: bytes, offset: int) -> None:
        if offset == self.size and self._is_in_order:
            self._hash.update(data)
        else:
            self._is_in_order = False
        self.size = max(self.size, offset + len(data))

    def spoil(self) -> None:
        """Something that passed did not arrive."""
        self._is_in_order = False

    @property
    def sha256(self) -> str | None:
        return self._hash.hexdigest() if self._is_in_order else None
