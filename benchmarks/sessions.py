"""How long a login takes through the gateway beside a direct one, and how fast the last process is gone."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from portal.runtime.console import Console
from portal.runtime.secrets import Secrets
from portal.runtime.supervisor import Supervisor
from portal.runtime.valkey import embedded_valkey
from tests.gateway.conftest import WHY_NOT
from tests.gateway.portal import Host
from tests.gateway.world import SSHD, Person, Running, RunningGateway, World, eventually, processes

LOGINS = 15
REVOCATIONS = 8
BYTES = 20_000_000


def main() -> None:
    if WHY_NOT:
        print(f"Sessions are not measured: {WHY_NOT}.")
        return
    folder = Path(tempfile.mkdtemp(prefix="enclave-bench-"))
    folder.chmod(0o711)
    console = Console(folder / "valkey.log", is_quiet=True)
    with Supervisor(folder, console, removes=[folder]) as supervisor:
        valkey = embedded_valkey(folder, Secrets(folder / "secrets"))
        supervisor.start(valkey.program(throwaway=True))
        os.environ["REDIS_URL"] = valkey.url
        with closing(World(folder)) as world:
            _measure(world)


def _measure(world: World) -> None:
    gateway = world.gateway()
    host = world.portal.host("acme", "web-1")
    agent = world.agent(host, gateway)
    person = world.person(world.portal.grant([host], "enclave"), gateway)
    direct = _median_ms(lambda: _direct(world, agent, person))
    through = _median_ms(lambda: _ran(person.ssh("true")))
    print(f"{'login and true':<44} {'p50 ms':>8} {'× direct':>8}")
    print(f"{'sshd -i, without a gateway':<44} {direct:>8.0f} {1:>8.1f}")
    print(f"{'through gateway and agent, recorded':<44} {through:>8.0f} {through / direct:>8.1f}")
    gone = [_revoked(world, gateway, host, f"6{number:09d}") for number in range(REVOCATIONS)]
    print(f"{'revocation to the last process gone':<44} {statistics.median(gone):>8.0f}")
    print(f"{'text through a recorded session':<44} {_throughput(person):>8.1f} MB/s")


def _median_ms(work: Callable[[], None]) -> float:
    times = []
    for _ in range(LOGINS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:])


def _direct(world: World, agent: Running, person: Person) -> None:
    """The same client, sshd and account, where the host's agent runs."""
    config = world.folder / "direct_sshd_config"
    if not config.exists():
        key = world.new_key("direct_host_key")
        shutil.copy(person.key.with_suffix(".pub"), world.folder / "direct_keys")
        keys = world.folder / "direct_keys"
        config.write_text(f"HostKey {key}\nAuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\n")
    proxy = f"ProxyCommand=nsenter --mount=/proc/{agent.process.pid}/ns/mnt {SSHD} -i -f {config}"
    options = [
        "BatchMode=yes",
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        proxy,
    ]
    flags = [part for option in options for part in ("-o", option)]
    command = ["ssh", "-F", "none", "-i", str(person.key), *flags, "enclave@direct", "true"]
    _ran(subprocess.run(command, capture_output=True, text=True, check=False))  # noqa: S603 -- our own command


def _ran(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise SystemExit(f"A login failed: {done.stderr}")


def _revoked(world: World, gateway: RunningGateway, host: Host, mark: str) -> float:
    person = world.person(world.portal.grant([host], "enclave"), gateway)
    with person.staying(mark):
        began = time.perf_counter()
        world.end(person.grant)
        eventually(lambda: not processes(mark))
        return (time.perf_counter() - began) * 1000


def _throughput(person: Person) -> float:
    began = time.perf_counter()
    done = person.ssh(f"head -c {BYTES} /dev/zero | tr '\\0' 'a'")
    _ran(done)
    return len(done.stdout) / (time.perf_counter() - began) / 1_000_000


if __name__ == "__main__":
    main()
