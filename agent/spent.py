"""Sessions that were opened once and never again: kept over restarts, until their tokens are over."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from agent.sshd import replace
from agent.tokens import Grant, TokenRefused


class SpentSessions:
    """Which sessions of still valid tokens were taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends: dict[str, float] = {}
        with contextlib.suppress(OSError):
            # A damaged file stops the agent: to forget what was taken would let it be taken again.
            self._ends = json.loads(path.read_text())

    def spend(self, grant: Grant, now: float) -> None:
        """Take a session; raises TokenRefused if it was taken before. It is on disk before this returns."""
        if grant.session in self._ends:
            raise TokenRefused("The token was used before.")
        self._ends = {session: end for session, end in self._ends.items() if end > now}
        self._ends[grant.session] = grant.ends_at
        replace(self._path, json.dumps(self._ends))
