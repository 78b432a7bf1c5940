"""Somebody of the vendor gets onto a host of a tenant, is watched, and is thrown out: with a real ssh."""

import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from agent.cages import descendants
from portal.codes import code_of
from tests.journeys import readme
from tests.journeys.test_api_walk import Api
from tests.journeys.test_second_factors import give_code, give_password, heading
from tests.portal.runtime.watching import living, wait_until

needs_ssh = pytest.mark.skipif(
    shutil.which("ssh") is None, reason="NO REAL SSH WAS TRIED: apt-get install openssh-client"
)
TOUR = readme.Tour("A way onto a host", "sue", "gil", "")
IN_TIME = 20  # seconds, on a machine that does other things too
MACHINES = "-m\0sandbox.hosts"
# The gateway; what plays the machines; all that runs on them at once: agents, wardens and keepers.
VICTIMS = [("-m\0gateway", slice(1)), (MACHINES, slice(1)), (MACHINES, slice(1, None))]
STEPS = [
    "access.asked",
    "access.approved",
    "access.activated",
    "access.certificate_issued",
    "access.session_opened",
    "access.ended",
    "access.session_closed",
    "access.end_verified",
]


class Laptop:
    """Where a person keeps their key, and runs ssh."""

    def __init__(self, folder: Path, known_hosts: str) -> None:
        self._folder = folder
        self._begun: list[subprocess.Popen[str]] = []
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"]
        subprocess.run(command, cwd=folder, check=True)  # noqa: S603 -- ours
        how = ("-F", "none", "-i", "key", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes")
        self._options = [*how, "-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=yes"]

    @property
    def public_key(self) -> str:
        return (self._folder / "key.pub").read_text()

    def keep(self, download) -> None:
        download.save_as(self._folder / download.suggested_filename)

    def ssh(self, line: str, *command: str) -> "subprocess.Popen[str]":
        """Run the line that a page shows, with what makes it independent of this machine."""
        program, *shown = shlex.split(line)
        arguments = [program, *self._options, *shown, *command]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(arguments, cwd=self._folder, text=True, **pipes)  # noqa: S603 -- ours
        self._begun.append(process)
        return process

    def close(self) -> None:
        for process in self._begun:
            process.kill()
            process.communicate()


@pytest.fixture
def laptop(tmp_path, demo):
    laptop = Laptop(tmp_path, demo["access"]["known_hosts"])
    yield laptop
    laptop.close()


@pytest.fixture
def api(demo):
    """What acme's own program may ask."""
    tokens = {one["tenant"]: one["token"] for one in demo["tokens"]}
    return Api(demo["base_url"], tokens["acme"])


@pytest.fixture
def mark():
    """A number of seconds that only our processes sleep; they are ended if the portal did not."""
    mark = f"47{os.getpid()}"
    yield mark
    for process in living(mark):
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def parts(demo):
    """The processes of the demo by what stands among their arguments, or in their environment."""
    supervisor = int((Path(demo["access"]["known_hosts"]).parents[1] / "lock").read_text())

    def find(words: str) -> list[int]:
        return [one for one in descendants(supervisor) if words.encode() in told(one)]

    return find


def told(process):
    folder = Path("/proc") / str(process)
    try:
        return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    except OSError:  # it ended meanwhile, or turned into another user
        return b""


def kill(processes):
    assert processes
    for process in processes:
        os.kill(process, signal.SIGKILL)


@needs_ssh
def test_support_gets_onto_a_host_with_consent_and_is_thrown_out(visit, people, laptop, api, mark):
    sue, grace = visit(), visit()
    sign_in_with_the_app(sue, people["sue"])
    sign_in_with_the_app(grace, people["grace"])

    ask(sue, host_of(api, "query-1"))
    grant = sue.path().split("/")[3]
    consent(grace)
    line = get_the_certificate(sue, laptop)
    done = laptop.ssh(line, "echo i am $((6 * 7))")
    assert done.communicate(timeout=30)[0] == "i am 42\n"

    session = begin_a_session(laptop, line, mark)
    watch_it_grow(grace, grant, session)
    throw_out(grace, grant)
    assert session.wait(IN_TIME) != 0
    assert wait_until(lambda: living(mark) == [], IN_TIME)

    expect(grace.page.get_by_text("no login, no session, no process")).to_be_visible()
    grace.look()
    refused = laptop.ssh(line, "true")
    assert refused.wait(30) != 0
    assert set(STEPS) <= {event["action"] for event in events_of(api, grant)}
    read = sue.has_read + grace.has_read
    assert [phrase for phrase in TOUR.emphasised() if phrase not in read] == []


@needs_ssh
@pytest.mark.soak
def test_a_session_ends_with_gateway_and_agent_and_not_with_the_signer(
    visit, people, laptop, api, mark, parts
):
    line = way_in(visit, people, laptop, api)

    for words, which in VICTIMS:
        session = begin_a_session(laptop, line, mark)
        kill(parts(words)[which])
        assert wait_until(lambda: living(mark) == [], IN_TIME), words
        assert session.wait(IN_TIME) != 0
        assert wait_until(lambda: opens(laptop, line), 60), words

    session = begin_a_session(laptop, line, mark)
    kill(parts("PORTAL_PROCESS=signer"))
    assert wait_until(lambda: opens(laptop, line), 60)
    assert living(mark)
    assert session.poll() is None
    session.communicate("exit 7\n", timeout=IN_TIME)
    assert session.returncode == 7
    assert wait_until(lambda: living(mark) == [], IN_TIME)


def sign_in_with_the_app(visitor, user):
    give_password(visitor, user)
    heading(visitor, "Second factor")
    give_code(visitor, code_of(user["totp_secret"]), "Sign in")
    inside = visitor.page.get_by_label("Main")
    used = visitor.page.get_by_text("Incorrect code.")
    expect(inside.or_(used).first).to_be_visible()
    if used.is_visible():  # another journey has just used it, and a code counts once
        give_code(visitor, code_of(user["totp_secret"], later=1), "Sign in")
    expect(inside).to_be_visible()


def host_of(api, name):
    hosts = api("GET", "/tenants/{tenant}/hosts/", tenant="acme", limit="500")["results"]
    return next(one["id"] for one in hosts if one["name"] == name and one["state"] == "active")


def ask(sue, host):
    sue.open("Hosts")
    sue.look()
    sue.page.goto(f"{sue.base_url}/staff/hosts/{host}/")
    sue.look()
    sue.follow("Ask for access…")
    sue.look()
    sue.page.get_by_label("Why", exact=True).fill("The query node answers slowly.")
    sue.press("Ask")
    expect(sue.page.get_by_role("heading", level=1)).to_contain_text("Sue Support")
    sue.look()


def consent(grace):
    """The bell tells her; she decides there."""
    grace.page.get_by_role("link", name="Notifications").click()
    grace.look()
    grace.page.get_by_role("link", name="asks for access").first.click()
    grace.look()
    grace.follow("Decide…")
    grace.look()
    grace.press("Approve")
    expect(grace.page.get_by_text("Approved.")).to_be_visible()


def get_the_certificate(sue, laptop):
    """Returns the line that the page shows."""
    sue.page.reload()
    sue.page.get_by_label("public key").fill(laptop.public_key)
    sue.look()
    sue.press("Certify this key")
    sue.look()
    with sue.page.expect_download() as download:
        sue.follow("Certificate")
    laptop.keep(download.value)
    return sue.page.locator("pre[id^=ssh-]").inner_text()


def begin_a_session(laptop, line, mark):
    """A shell, and something that is meant to stay when it ends."""
    session = laptop.ssh(line.replace("ssh ", "ssh -tt ", 1))
    session.stdin.write(f"(setsid nohup sleep {mark} </dev/null >/dev/null 2>&1 &)\n")
    session.stdin.write("echo seen-$((6 * 7))\n")
    session.stdin.flush()
    assert wait_until(lambda: living(mark))
    return session


def watch_it_grow(grace, grant, session):
    grace.open("Access")
    grace.look()
    grace.page.goto(f"{grace.base_url}/t/acme/access/{grant}/")
    grace.look()
    sessions = grace.page.get_by_role("region", name="Sessions").get_by_role("listitem")
    sessions.filter(has_text=", open").get_by_role("link", name="query-1").click()
    screen = grace.page.get_by_role("region", name="Terminal")
    expect(screen).to_contain_text("seen-42")
    grace.look()
    session.stdin.write("echo and-$((2 * 50))\n")
    session.stdin.flush()
    expect(screen).to_contain_text("and-100")


def throw_out(grace, grant):
    grace.page.goto(f"{grace.base_url}/t/acme/access/{grant}/")
    grace.follow("Revoke…")
    expect(grace.page.get_by_role("dialog")).to_be_visible()
    grace.look()
    grace.answer("Revoke now")
    expect(grace.page.get_by_text("is revoked.")).to_be_visible()


def events_of(api, grant):
    found = api("GET", "/tenants/{tenant}/audit-events/", tenant="acme", subject=grant, limit="500")
    return found["results"]


def way_in(visit, people, laptop, api):
    sue, grace = visit(), visit()
    sign_in_with_the_app(sue, people["sue"])
    sign_in_with_the_app(grace, people["grace"])
    ask(sue, host_of(api, "query-2"))
    consent(grace)
    return get_the_certificate(sue, laptop)


def opens(laptop, line):
    done = laptop.ssh(line, "echo i am in")
    try:
        return done.communicate(timeout=30)[0] == "i am in\n"
    except subprocess.TimeoutExpired:
        return False
