"""Bytes of one session between person and host, recorded before they pass, at the pace of the slowest."""

import asyncio
import json

import asyncssh

from agent.wire import CHUNK
from gateway.files import FileEvent, Watch
from gateway.process import PersonProcess
from gateway.scp import ScpWatch
from gateway.sftp import SftpWatch
from gateway.spool import Recorder

_PASSED_ON = ("LANG", "LC_")  # of the environment; sshd takes no more either


class Relay:
    """Passes one program's input and output on."""

    def __init__(self, process: PersonProcess, recorder: Recorder) -> None:
        self._person = process
        self._recorder = recorder
        self._recording = recorder.recording
        self._watch = _watch_for(process)

    async def run(self, connection: asyncssh.SSHClientConnection) -> None:
        """Relay until the program ended, and say to the person how; raises what breaks on either side.

        Also raises UnreadableTraffic and RecordingLost.
        """
        host = await self._start(connection)
        typing = asyncio.create_task(self._to_host(host))
        output = [self._to_person(host.stdout, self._person.stdout, "out")]
        output += [self._to_person(host.stderr, self._person.stderr, "err")]
        try:
            await _all_or_first_error([typing], [asyncio.create_task(one) for one in output])
            self._tell(self._watch.at_end() if self._watch else [])
            await host.wait_closed()
            self._exit(host)
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)

    async def _start(self, connection: asyncssh.SSHClientConnection) -> asyncssh.SSHClientProcess[bytes]:
        person = self._person
        return await connection.create_process(
            person.command,
            subsystem=person.subsystem,
            env={name: value for name, value in person.env.items() if name.startswith(_PASSED_ON)},
            term_type=person.term_type,
            term_size=person.term_size,
            term_modes=person.term_modes,
            encoding=None,
        )

    async def _to_host(self, host: asyncssh.SSHClientProcess[bytes]) -> None:
        while True:
            try:
                data = await self._person.stdin.read(CHUNK)
            except asyncssh.TerminalSizeChanged as change:
                host.change_terminal_size(*change.term_size)
                self._recording.resize(*change.term_size[:2])
            except asyncssh.BreakReceived as received:
                host.send_break(received.msec)
            except asyncssh.SignalReceived as received:
                host.send_signal(received.signal)
            else:
                if not data:
                    break
                await self._pass(data, host.stdin, "i")
        host.stdin.write_eof()

    async def _to_person(
        self, source: asyncssh.SSHReader[bytes], target: asyncssh.SSHWriter[bytes], name: str
    ) -> None:
        while data := await source.read(CHUNK):
            await self._pass(data, target, "o", name)

    async def _pass(self, data: bytes, target: asyncssh.SSHWriter[bytes], code: str, name: str = "") -> None:
        if self._watch and name != "err":
            follow = self._watch.from_person if code == "i" else self._watch.from_host
            self._tell(follow(data))
        else:
            self._recording.data(code, data, name)
        await self._recorder.room()
        target.write(data)
        await target.drain()

    def _tell(self, events: list[FileEvent]) -> None:
        for event in events:
            self._recording.event("f", json.dumps(event.as_record()))

    def _exit(self, host: asyncssh.SSHClientProcess[bytes]) -> None:
        if host.exit_signal:
            name, dumped, text, language = host.exit_signal
            self._person.exit_with_signal(name, dumped, text, language)
        else:
            self._person.exit(host.exit_status if host.exit_status is not None else 255)


def _watch_for(process: PersonProcess) -> Watch | None:
    if process.subsystem:
        return SftpWatch()
    return ScpWatch.of_command(process.command or "")


async def _all_or_first_error(asides: list[asyncio.Task[None]], needed: list[asyncio.Task[None]]) -> None:
    """Wait until all that is needed is done. An error of anything, needed or not, is raised."""
    waiting = set(needed)
    watched = waiting | set(asides)
    try:
        while waiting & watched:
            done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in needed:
            task.cancel()
        await asyncio.gather(*needed, return_exceptions=True)
