"""One shell, command or transfer of a person, with a word of the gateway at each end."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import asyncssh

from gateway.ending import Reason
from gateway.host_session import HostSession, Services, ask
from gateway.portal import Caller, PortalUnreachable, Refused, Session
from gateway.process import PersonProcess
from gateway.relay import Relay
from gateway.spool import Recorder

WARNINGS = (300, 60)  # seconds before the end
AWAY = "The portal cannot be reached, so no session can begin. Please try again."
_REFUSED = 1
_FAILED = 255  # what ssh itself says when a connection fails
_COLUMNS, _ROWS = 80, 24


class PersonSession:
    """A person who shares a connection has several; the portal is asked anew for each."""

    def __init__(self, services: Services, caller: Caller, process: PersonProcess) -> None:
        self._services = services
        self._caller = caller
        self._process = process

    async def run(self) -> None:
        """From the question to the portal to the last word to the person."""
        try:
            allowed = await ask(self._services.portal, self._caller)
        except Refused as error:
            self._leave(str(error), _REFUSED)
            return
        except PortalUnreachable:
            self._leave(AWAY, _FAILED)
            return
        on_host = HostSession(self._services, allowed, self._process.say)
        self._process.on_hang_up(lambda: on_host.end(Reason.LEFT))
        timers = self._warnings(allowed.session)
        try:
            await on_host.run(self._header(allowed.session), self._work(allowed.session))
        finally:
            for timer in timers:
                timer.cancel()
        self._process.exit(_FAILED)  # unless the program said how it ended

    def _work(self, session: Session) -> "_Relaying":
        greeting = greeting_for(session) if self._process.term_type else ""
        return _Relaying(self._process, greeting)

    def _warnings(self, session: Session) -> list[asyncio.TimerHandle]:
        """Only for people at a terminal: programs that read the output would not understand."""
        left = session.ends_at - time.time()
        loop = asyncio.get_running_loop()
        wanted = [early for early in WARNINGS if left > early and self._process.term_type]
        return [loop.call_later(left - early, self._warn, early // 60) for early in wanted]

    def _warn(self, minutes: int) -> None:
        self._process.say(f"This access ends in {minutes} minute{'s' if minutes > 1 else ''}.")

    def _leave(self, text: str, status: int) -> None:
        self._process.say(text)
        self._process.exit(status)

    def _header(self, session: Session) -> Mapping[str, object]:
        columns, rows = self._process.term_size[:2]
        kind = self._process.subsystem or ("command" if self._process.command else "shell")
        return {
            "width": columns or _COLUMNS,
            "height": rows or _ROWS,
            **header_for(session, self._caller, kind),
            "command": self._process.command,
            "terminal": self._process.term_type,
        }


class _Relaying:
    """The work of a session: greet, and pass everything on."""

    def __init__(self, process: PersonProcess, greeting: str) -> None:
        self._process = process
        self._greeting = greeting

    async def __call__(self, connection: asyncssh.SSHClientConnection, recorder: Recorder) -> None:
        if self._greeting:
            self._process.say(self._greeting)
        await Relay(self._process, recorder).run(connection)


def header_for(session: Session, caller: Caller, kind: str) -> Mapping[str, object]:
    """What every recording says about itself."""
    return {
        "timestamp": int(time.time()),
        "session": session.id,
        "grant": session.grant,
        "actor": session.actor,
        "tenant": session.tenant,
        "zone": session.zone,
        "host": session.host,
        "login": session.login,
        "source": caller.source,
        "key": caller.key_fingerprint,
        "kind": kind,
    }


def greeting_for(session: Session) -> str:
    end = datetime.fromtimestamp(session.ends_at, UTC)
    place = f"{session.tenant} · {session.host_name} · {session.zone}"
    return f"{place} · until {end:%Y-%m-%d %H:%M} UTC · this session is recorded"
