"""Takes pictures of the main pages of a demo of its own: ``make screenshots`` writes docs/screenshots.

It can take some alone: ``make screenshots ARGS="--only staff"``.
"""

import base64
import hmac
import re
import shlex
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from portal.runtime.processes import ROOT
from portal.runtime.sandbox import SandboxAws
from portal.testing_demo import CHROMIUM_ARGUMENTS, chromium, running_demo

FOLDER = ROOT / "docs" / "screenshots"
SCREEN: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
ACCOUNT, ZONE = "aws:777788889999", "prod.aws-us-east-1c"
AZURE_ZONE = "prod.azure-eastus-az1"
PATIENCE = 90_000
SPEC = f"""\
application: search
enclave: aws:111122223333/{ZONE}
image: registry.example.com/search@sha256:{"7c" * 32}
clusters:
  - name: query
    hosts: 3
    machine: {{vcpu: 4, memory_gib: 16, disk_gib: 100, architecture: arm64}}
"""
WRONG = SPEC.replace("hosts: 3", "hosts: 4000").replace("vcpu: 4", "cores: 4")


@dataclass(frozen=True)
class Camera:
    """One person's browser, and how it takes pictures."""

    page: Page
    base_url: str
    sandbox: SandboxAws

    def go(self, path: str) -> None:
        self.page.goto(self.base_url + path)

    def take(self, name: str, *looks: Literal["light", "dark", "phone"]) -> None:
        """Take the page as it is; the phone is a light one."""
        for look in looks or ("light",):
            self.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            self.page.set_viewport_size(PHONE if look == "phone" else SCREEN)
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=FOLDER / f"{name}-{look}.png")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(SCREEN)

    def take_all(self, name: str) -> None:
        self.take(name, "light", "dark", "phone")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).last.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def await_notice(self, title: str) -> None:
        notice = self.page.locator(".notice").get_by_role("heading", name=title)
        expect(notice).to_be_visible(timeout=PATIENCE)

    def apply_template(self) -> None:
        """Be the cloud admin of the account whose page this is."""
        with self.page.expect_download() as download:
            self.follow(re.compile(r"^enclave-.*yaml$"))
        path = download.value.path()
        stack = Path(download.value.suggested_filename).stem
        self.sandbox.apply_stack(ACCOUNT.removeprefix("aws:"), "us-east-1", stack, path.read_text())


def main() -> None:
    path, scenes = chromium(), _chosen()
    if path is None:
        sys.exit("There is no Chromium on this machine; apt-get install chromium.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_demo() as facts, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        for scene in scenes:
            with _camera(browser, facts) as camera:
                scene(camera, facts)


def _chosen() -> list[Callable[[Camera, dict[str, Any]], None]]:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SCENES, action="append")
    return [SCENES[name] for name in parser.parse_args().only or SCENES]


@contextmanager
def _camera(browser: Browser, facts: dict[str, Any]) -> Iterator[Camera]:
    port = int(facts["sandbox"]["aws"]["endpoint_url"].rpartition(":")[2])
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce")
    yield Camera(context.new_page(), facts["base_url"], SandboxAws(port))
    context.close()


def _take_the_work(camera: Camera, facts: dict[str, Any]) -> None:
    camera.go("/accounts/login/")
    camera.take("sign-in", "light", "phone")
    _sign_in(camera, facts, "ada")
    _take_what_runs(camera)
    _take_a_deployment(camera)
    _take_a_registration(camera)
    camera.go("/t/acme/audit/")
    camera.take("audit")


def _sign_in(camera: Camera, facts: dict[str, Any], name: str) -> dict[str, Any]:
    """Give the password; who has a second factor is asked for it then."""
    user = next(one for one in facts["users"] if one["email"].startswith(f"{name}@"))
    camera.go("/accounts/login/")
    camera.page.get_by_label("E-mail", exact=True).fill(user["email"])
    camera.page.get_by_label("Password", exact=True).fill(user["password"])
    camera.press("Sign in")
    expect(camera.page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    return dict(user)


def _give_code(camera: Camera, user: dict[str, Any]) -> None:
    camera.page.get_by_label("Code of your app").fill(_code_of(user["totp_secret"]))
    camera.press("Sign in")
    expect(camera.page.get_by_role("heading", level=1)).not_to_have_text("Second factor")


def _code_of(secret: str) -> str:
    """What an authenticator app shows now, by RFC 6238; the portal's own way to it needs Django."""
    digest = hmac.digest(base64.b32decode(secret), (int(time.time()) // 30).to_bytes(8), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def _take_what_runs(camera: Camera) -> None:
    camera.go(f"/t/acme/enclaves/aws:111122223333/{ZONE}/")
    camera.take("enclave", "light", "dark", "phone")
    camera.go("/t/acme/hosts/")
    camera.take("hosts", "light", "phone")
    camera.follow("query-1")
    camera.take("host")


def _take_a_deployment(camera: Camera) -> None:
    camera.go("/t/acme/deployments/new/")
    camera.page.get_by_role("textbox", name="Spec").fill(WRONG)
    camera.press("Show the plan")
    camera.take("spec-with-errors")
    camera.page.get_by_role("textbox", name="Spec").fill(SPEC)
    camera.press("Show the plan")
    camera.take("plan", "light", "phone")
    camera.follow("Apply this plan…")
    camera.press("Apply the plan")
    expect(camera.page.locator(".timeline .is-run")).to_be_visible()
    camera.take("operation")
    camera.await_notice("Finished in")
    camera.go("/t/acme/deployments/")
    camera.take("deployments")


def _take_a_registration(camera: Camera) -> None:
    camera.go("/t/acme/accounts/register/")
    camera.page.get_by_label("Account id", exact=True).fill(ACCOUNT)
    camera.take("register")
    camera.press("Register the account")
    camera.await_notice("Pending")
    camera.take("account-before-proof")
    camera.go("/t/acme/")
    camera.take("home", "light", "dark", "phone")
    camera.go(f"/t/acme/accounts/{ACCOUNT}/")
    camera.apply_template()
    camera.await_notice("Verified")
    camera.take("account", "light", "dark", "phone")


def _take_the_people(camera: Camera, facts: dict[str, Any]) -> None:
    user = _sign_in(camera, facts, "grace")
    camera.take_all("second-factor")
    _give_code(camera, user)
    _invite(camera)
    camera.take_all("members")
    _take_the_keys(camera)
    camera.go("/t/acme/security/")
    camera.take_all("security")
    camera.go("/t/acme/audit/checkpoints/")
    camera.press("Verify and sign now")
    camera.take_all("checkpoints")
    _take_the_news(camera)


def _invite(camera: Camera) -> None:
    camera.go("/t/acme/invitations/send/")
    camera.page.get_by_label("E-mail address").fill("nia@acme.example")
    camera.page.get_by_label("reader:").check()
    camera.press("Send the invitation")


def _take_the_keys(camera: Camera) -> None:
    for name in ("laptop", "notebook"):
        camera.go("/t/acme/tokens/create/")
        camera.page.get_by_label("Name", exact=True).fill(name)
        camera.page.get_by_label("reader:").check()
        camera.press("Make the token")
        camera.follow("I have it")
    camera.follow("Rotate laptop")
    camera.press("Rotate the token")
    camera.follow("I have it")
    camera.take_all("tokens")
    camera.go("/t/acme/service-accounts/")
    camera.take_all("service-accounts")
    camera.follow("demo")
    camera.take_all("service-account")


def _take_the_news(camera: Camera) -> None:
    camera.go("/t/acme/notifications/")
    camera.take_all("notifications")
    camera.follow("Your mail")
    camera.take_all("mail")
    camera.go("/_outbox/")
    while not camera.page.get_by_role("link", name="You are invited to").count():
        camera.page.wait_for_timeout(1000)
        camera.page.reload()
    camera.take_all("outbox")


def _take_the_staff(camera: Camera, facts: dict[str, Any]) -> None:
    _give_code(camera, _sign_in(camera, facts, "opal"))
    camera.take_all("staff")
    camera.go("/staff/tenants/")
    camera.follow("acme")
    camera.take_all("staff-tenant")
    camera.go("/staff/people/")
    camera.take_all("staff-people")


def _take_the_access(camera: Camera, facts: dict[str, Any]) -> None:
    with _camera(cast("Browser", camera.page.context.browser), facts) as sue:
        _give_code(sue, _sign_in(sue, facts, "sue"))
        _ask_for_access(sue)
        _give_code(camera, _sign_in(camera, facts, "grace"))
        _take_the_consent(camera)
        with _session(sue, facts):
            camera.page.reload()
            camera.take_all("access-request")
            sessions = camera.page.get_by_role("region", name="Sessions")
            sessions.get_by_role("link", name="query-1").first.click()
            expect(camera.page.get_by_role("region", name="Terminal")).to_contain_text("load average")
            camera.take_all("recording")
            sue.go("/staff/access/")
            sue.take_all("staff-access")


def _take_the_consent(camera: Camera) -> None:
    camera.go("/t/acme/access/")
    camera.take_all("access")
    camera.follow(re.compile("Sue Support"))
    camera.follow("Decide…")
    camera.take_all("access-decision")
    camera.press("Approve")


def _ask_for_access(sue: Camera) -> None:
    sue.go("/staff/hosts/?tenant=acme&q=query-1")
    sue.follow("query-1")
    sue.follow("Ask for access…")
    sue.page.get_by_label("Why", exact=True).fill("Queries take four seconds since the last roll-out.")
    sue.press("Ask")
    expect(sue.page.get_by_role("heading", level=1)).to_contain_text("Sue Support")


@contextmanager
def _session(sue: Camera, facts: dict[str, Any]) -> Iterator[None]:
    """Be on the host, by the line and the certificate that her page gives her."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_key = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key")
        subprocess.run(make_key, cwd=folder, check=True)  # noqa: S603 -- ours
        sue.page.reload()
        sue.page.get_by_label("public key").fill((folder / "key.pub").read_text())
        sue.press("Certify this key")
        with sue.page.expect_download() as download:
            sue.follow("Certificate")
        download.value.save_as(folder / download.value.suggested_filename)
        program, *line = shlex.split(sue.page.locator("pre[id^=ssh-]").inner_text())
        known = f"UserKnownHostsFile={facts['access']['known_hosts']}"
        options = ("-tt", "-F", "none", "-i", "key", "-o", "IdentitiesOnly=yes", "-o", known)
        command = [program, *options, *line, "date; uptime; free -h; sleep 120"]
        there = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 -- ours
        try:
            yield
        finally:
            there.kill()
            there.wait()


def _take_a_subscription(camera: Camera, facts: dict[str, Any]) -> None:
    subscriptions = facts["sandbox"]["azure"]["subscriptions"]
    held = next(one["subscription_id"] for one in subscriptions if one["tenant"] == "globex")
    free = next(one["subscription_id"] for one in subscriptions if one["tenant"] is None)
    _sign_in(camera, facts, "gil")
    camera.go(f"/t/globex/accounts/azure:{held}/")
    camera.take("subscription", "light", "dark", "phone")
    camera.follow("Every action, line by line")
    camera.take("subscription-permissions")
    camera.go("/t/globex/enclaves/")
    camera.follow(AZURE_ZONE)
    camera.take("azure-enclave", "light", "dark", "phone")
    camera.go("/t/globex/accounts/register/")
    camera.page.get_by_text("Azure subscription", exact=True).click()
    camera.page.get_by_label("Account id", exact=True).fill(free)
    camera.page.get_by_label("Entra tenant", exact=True).fill(
        next(one["directory_id"] for one in subscriptions if one["tenant"] is None)
    )
    camera.press("Register the account")
    camera.await_notice("Pending")
    camera.take("subscription-before-proof")


SCENES: dict[str, Callable[[Camera, dict[str, Any]], None]] = {
    "work": _take_the_work,
    "people": _take_the_people,
    "staff": _take_the_staff,
    "access": _take_the_access,
    "azure": _take_a_subscription,
}


if __name__ == "__main__":
    main()
