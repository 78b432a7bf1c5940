"""The portal on one machine, for the demo and for development: what starts, in which order, with which
settings. It knows no Django: settings are read by the processes that it starts."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.guide import guide
from portal.pretending import NO_CLOUD, PretendClouds
from portal.runtime.console import Console
from portal.runtime.gateway import LocalGateway
from portal.runtime.postgres import forget_postgres
from portal.runtime.processes import ROOT, PortalProcesses
from portal.runtime.programs import Child
from portal.runtime.readiness import free_port
from portal.runtime.secrets import Secrets
from portal.runtime.servers import Servers, servers
from portal.runtime.supervisor import Stopped, Supervisor

DEMO_STATE = ROOT / ".run"
DEVELOPMENT_STATE = DEMO_STATE / "development"
PREFERRED_PORT = 8000

_MADE_AT_START = (
    "postgres", "valkey", "secrets", "certificates", "log", "mail", "beat", "hosts", "gateway/spool",
    "demo.json", "demo.partial",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where the portal runs: a state folder, and the port of its pages."""

    state: Path
    port: int

    @property
    def facts(self) -> Path:
        return self.state / "demo.json"

    @property
    def url(self) -> str:
        """By name, for people: browsers give no passkey to a bare address. It answers on 127.0.0.1 alone."""
        return f"http://localhost:{self.port}"


def run_demo(*, port: int | None = None, state: Path | None = None) -> None:
    """Start the demo and keep it running until told to stop. It remembers nothing of an earlier one.

    Raises StartFailed, AlreadyRunning.
    """
    place = Place(state or DEMO_STATE, port or free_port(PREFERRED_PORT))
    console = Console(place.state / "log")
    # Whoever finds the facts may rely on a demo that runs.
    with Supervisor(place.state, console, removes=[place.facts]) as supervisor, suppress(Stopped):
        supervisor.stop_on_signals()
        forget(place.state)
        _start_demo(supervisor, place)
        print(guide(place.facts), flush=True)
        supervisor.watch()


def forget(state: Path) -> None:
    """Remove what an earlier demo made. The sandbox forgot its part when it ended.

    The gateway keeps its SSH host key: ssh would take another one for an attack.
    """
    forget_postgres(state)
    for name in _MADE_AT_START:
        path = state / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _start_demo(supervisor: Supervisor, place: Place) -> None:
    chosen = servers(place.state)
    clouds = PretendClouds.in_folder(place.state)
    pretending = supervisor.begin(*clouds.programs(place.url))
    supervisor.start(*chosen.programs())
    chosen.forget_database()
    chosen.make_database()
    _migrate(supervisor, PortalProcesses(place.port, place.state, _environment(chosen, place)))
    supervisor.wait(pretending)
    gateway = LocalGateway(place.state, chosen.redis_url)
    told = {**clouds.environment(), **gateway.environment(), "PORTAL_GATEWAY_URLS": gateway.url}
    settings = {**_environment(chosen, place), **told}
    portal = PortalProcesses(place.port, place.state, settings, clouds.credentials(), gateway.keys())
    programs = (portal.worker(), portal.beat(), portal.web(), clouds.issuer(portal), gateway.signer(portal))
    serving = supervisor.begin(*programs)
    serving += _begin_gateway(supervisor, gateway, portal)
    serving += supervisor.begin(clouds.machines())
    facts = place.facts.with_suffix(".partial")
    where = ("--known-hosts", str(gateway.known_hosts), "--facts", str(facts))
    supervisor.run(portal.command("seed_demo", *clouds.options(), *where))
    supervisor.wait(serving)
    facts.rename(place.facts)  # at once or not at all, and only when everything is ready


def _begin_gateway(supervisor: Supervisor, gateway: LocalGateway, portal: PortalProcesses) -> list[Child]:
    supervisor.run(gateway.files(portal))
    gateway.write_known_hosts()
    return supervisor.begin(gateway.program())


def _environment(chosen: Servers, place: Place) -> dict[str, str | None]:
    return {
        **chosen.environment(),
        "PORTAL_ENVIRONMENT": "demo",
        "PORTAL_SECRET_KEY": Secrets(place.state / "secrets").get("portal"),
        "PORTAL_AUDIT_KEY": Secrets(place.state / "secrets").get("audit"),
        "PORTAL_SEALING_SECRET": Secrets(place.state / "secrets").get("sealing"),
        "PORTAL_BASE_URL": place.url,
        "PORTAL_OUTBOX": str(place.state / "mail"),
        "PORTAL_ALLOWED_HOSTS": "localhost,127.0.0.1",
    }


def _migrate(supervisor: Supervisor, portal: PortalProcesses) -> None:
    # Nothing is collected outside of production, but the server of static files looks for the folder.
    (DEMO_STATE / "static").mkdir(parents=True, exist_ok=True)
    supervisor.run(portal.command("migrate", "--verbosity", "0", "--skip-checks", as_owner=True))


def run_development(*, port: int | None = None, environment: Mapping[str, str] = os.environ) -> None:
    """Start the portal with settings from the environment, and with data that stays.

    Raises StartFailed, AlreadyRunning.
    """
    place = Place(DEVELOPMENT_STATE, port or free_port(PREFERRED_PORT))
    console = Console(place.state / "log")
    with Supervisor(place.state, console) as supervisor, suppress(Stopped):
        supervisor.stop_on_signals()
        chosen = servers(place.state)
        supervisor.start(*chosen.programs())
        chosen.make_database()
        gateway = LocalGateway(place.state, chosen.redis_url)
        told = {**_given(environment), **NO_CLOUD, **gateway.environment()}
        settings = {**_environment(chosen, place), **told}
        credentials = _credentials(environment, place)
        portal = PortalProcesses(place.port, place.state, settings, credentials, gateway.keys(environment))
        _migrate(supervisor, portal)
        serving = supervisor.begin(portal.worker(), portal.beat(), portal.web(), gateway.signer(portal))
        supervisor.wait(serving + _begin_gateway(supervisor, gateway, portal))
        console.say(f"The portal answers at {place.url}")
        supervisor.watch()


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("PORTAL_")}


def _credentials(environment: Mapping[str, str], place: Place) -> dict[str, str | None]:
    """What the worker alone may have; the secret that keeps its signing keys is made if none is given."""
    given = {name: value for name, value in environment.items() if name.startswith("AWS_")}
    signing = environment.get("PORTAL_SIGNING_SECRET") or Secrets(place.state / "secrets").get("signing")
    return {**given, "PORTAL_SIGNING_SECRET": signing}
