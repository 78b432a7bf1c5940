"""How long it takes until somebody is on a host, and until the last process is gone, beside a direct login.

In a process of its own (``python -m benchmarks.sessions``), because it starts a database and a portal.
"""

import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.core.management import call_command
from django.test import override_settings

from tests.gateway.conftest import WHY_NOT
from tests.gateway.world import SSHD, Person, eventually, processes

if TYPE_CHECKING:
    from tests.access.world import RealWorld

LOGINS = 15
REVOCATIONS = 8
BYTES = 20_000_000
FLOOD = f"head -c {BYTES} /dev/zero | tr '\\0' 'a'"


def main() -> None:
    if WHY_NOT:
        print(f"Sessions are not measured: {WHY_NOT}.")
        return
    from portal import testing_servers  # noqa: F401, PLC0415 -- starts PostgreSQL and Valkey

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    logging.disable(logging.INFO)  # the table alone
    call_command("migrate", verbosity=0)
    with _world() as world:
        _measure(world)


@contextmanager
def _world() -> Iterator["RealWorld"]:
    from tests.access.portal import RealPortal  # noqa: PLC0415 -- has models, which need settings
    from tests.access.world import RealWorld  # noqa: PLC0415 -- see above

    folder = Path(tempfile.mkdtemp(prefix="enclave-bench-"))
    folder.chmod(0o711)
    try:
        with closing(RealPortal(folder)) as portal:
            portal.start()
            signer = override_settings(SIGNER_URL=f"http://127.0.0.1:{portal.port}")
            with signer, closing(RealWorld(folder, portal)) as world:
                world.begin()
                yield world
    finally:
        shutil.rmtree(folder)


def _measure(world: "RealWorld") -> None:
    portal, host = world.portal, world.portal.acme.hosts["web-1"]
    person = world.knocking(portal.granted(host))
    direct = _median_ms(lambda: _ran(_direct(world, person, "true")), LOGINS)
    rows = {
        "login and true by sshd -i, without us": direct,
        "the same through gateway and agent, recorded": _median_ms(lambda: _ran(person.ssh("true")), LOGINS),
        "approval, certificate and first login": _median_ms(lambda: _from_approval(world), REVOCATIONS),
    }
    gone = [_revoked(world, f"6{number:09d}") for number in range(REVOCATIONS)]
    rows["revocation to the last process gone"] = statistics.median(first for first, _ in gone)
    rows["revocation to the portal's word that nothing is left"] = statistics.median(last for _, last in gone)
    print(f"{'on a host':<52} {'p50 ms':>8} {'× direct':>9}")
    for what, milliseconds in rows.items():
        print(f"{what:<52} {milliseconds:>8.0f} {milliseconds / direct:>9.2f}")
    plain, recorded = (
        _rate(work) for work in (lambda: _direct(world, person, FLOOD), lambda: person.ssh(FLOOD))
    )
    print(f"{'text from a host':<52} {'MB/s':>8} {'× direct':>9}")
    print(f"{'by sshd -i, without us':<52} {plain:>8.1f} {1:>9.2f}")
    print(f"{'through gateway and agent, recorded':<52} {recorded:>8.1f} {recorded / plain:>9.2f}")


def _median_ms(work: Callable[[], None], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:])


def _from_approval(world: "RealWorld") -> None:
    given = world.portal.asked(world.portal.acme.hosts["web-1"])
    world.portal.approve(given)
    _ran(world.knocking(given).ssh("true"))


def _direct(world: "RealWorld", person: Person, command: str) -> subprocess.CompletedProcess[str]:
    """The same client, sshd and account, where the host's agent runs."""
    config = world.folder / "direct_sshd_config"
    if not config.exists():
        key = world.new_key("direct_host_key")
        shutil.copy(person.key.with_suffix(".pub"), world.folder / "direct_keys")
        keys = world.folder / "direct_keys"
        config.write_text(f"HostKey {key}\nAuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\n")
    agent = world.agents["web-1"].process.pid
    options = [
        "BatchMode=yes",
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        f"ProxyCommand=nsenter --mount=/proc/{agent}/ns/mnt {SSHD} -i -f {config}",
    ]
    flags = [part for option in options for part in ("-o", option)]
    called = ["ssh", "-F", "none", "-i", str(person.key), *flags, "enclave@direct", command]
    return subprocess.run(called, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command


def _ran(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise SystemExit(f"A login failed: {done.stderr}")


def _revoked(world: "RealWorld", mark: str) -> tuple[float, float]:
    """Milliseconds until no process lives, and until the portal says so."""
    from enclaves.services.access import revoke_access  # noqa: PLC0415 -- has models, which need settings

    given = world.portal.granted(world.portal.acme.hosts["web-1"])
    with world.knocking(given).staying(mark):
        began = time.perf_counter()
        with given.scope():
            revoke_access(given.now, by=world.portal.acme.admin)
        eventually(lambda: not processes(mark))
        gone = time.perf_counter()
        world.portal.until_nothing_is_left(given)
        return (gone - began) * 1000, (time.perf_counter() - began) * 1000


def _rate(work: Callable[[], subprocess.CompletedProcess[str]]) -> float:
    """Megabytes of text in a second."""
    began = time.perf_counter()
    done = work()
    _ran(done)
    return len(done.stdout) / (time.perf_counter() - began) / 1_000_000


def measure() -> None:
    """All of it in another process; what it prints stands where it belongs."""
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "benchmarks.sessions"], check=True)


if __name__ == "__main__":
    main()
