"""A person with a browser, and the eyes that a person lacks: for errors in the console, and for barriers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

PHONE: Final = {"width": 390, "height": 844}
SCREEN: Final = {"width": 1280, "height": 900}
# The worker has two processes, and looks again seconds after it found nothing new.
PATIENCE: Final = 60_000
_AXE: Final = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
_ALL_RULES: Final = {"resultTypes": ["violations"]}
# The other scheme has the same page in other colours.
_RULES: Final = {
    "light": _ALL_RULES,
    "dark": {**_ALL_RULES, "runOnly": ["color-contrast", "link-in-text-block"]},
}
_TOO_BAD: Final = ("serious", "critical")

expect.set_options(timeout=PATIENCE)


class Visitor:
    """Goes where a person goes, by what a person reads, and remembers all that was read."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.complaints: list[str] = []
        self.has_read = ""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser reports the status of the page itself; whoever asked for it asserts that.
        if message.type in ("error", "warning") and message.location["url"] != self.page.url:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def sign_in(self, user: dict[str, Any]) -> None:
        self.page.goto(f"{self.base_url}/accounts/login/")
        self.page.get_by_label("E-mail", exact=True).fill(user["email"])
        self.page.get_by_label("Password", exact=True).fill(user["password"])
        self.press("Sign in")
        expect(self.page.get_by_role("link", name="Home")).to_be_visible()

    def sign_out(self) -> None:
        self.page.get_by_role("link", name="Sign out").click()
        self.press("Sign out")

    def open(self, place: str) -> None:
        """Choose a place in the navigation."""
        self.page.get_by_label("Main").get_by_role("link", name=place, exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def follow(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=name, exact=True).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    def answer(self, name: str) -> None:
        """Answer the question that stands over the page."""
        self.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()

    def notice(self, title: str) -> Locator:
        return self.page.locator(".notice").get_by_role("heading", name=title)

    def path(self) -> str:
        return self.page.url.removeprefix(self.base_url)

    def look(self) -> None:
        """Read the page, in light and dark, on a screen and on a phone; note what is in somebody's way."""
        self.has_read += self.page.locator("body").inner_text()
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self._settle()
            self.complaints += [f"{self.page.url}, {scheme}: {barrier}" for barrier in self._barriers(scheme)]
        self.page.emulate_media(color_scheme="light")
        self._look_on_a_phone()

    def _settle(self) -> None:
        """Wait until the colours that were just chosen are on the screen."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))")

    def _barriers(self, scheme: str) -> list[str]:
        # Through the debugger: the page's own policy allows no script of others, and stays in force.
        session = self.page.context.new_cdp_session(self.page)
        if scheme == "light":
            session.send("Runtime.evaluate", {"expression": _AXE})
        run = f"axe.run(document, {json.dumps(_RULES[scheme])})"
        wish = {"expression": f"{run}.then(found => JSON.stringify(found.violations))"}
        answer = session.send("Runtime.evaluate", {**wish, "awaitPromise": True, "returnByValue": True})
        session.detach()
        found = json.loads(answer["result"]["value"])
        return [_said(violation) for violation in found if violation["impact"] in _TOO_BAD]

    def _look_on_a_phone(self) -> None:
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size by its two names
        self._settle()
        width = self.page.evaluate("() => document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            self.complaints.append(f"{self.page.url}: {width} px wide on a phone of {PHONE['width']}")
        self.page.set_viewport_size(SCREEN)  # type: ignore[arg-type]


def _said(violation: dict[str, Any]) -> str:
    where = [f"{' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in violation["nodes"]]
    return f"{violation['id']} ({violation['impact']}): {'; '.join(where)}"


@contextmanager
def visiting(browser: Browser, base_url: str, **options: Any) -> Iterator[Visitor]:
    """A visitor with a browser of their own; options are those of a Playwright context."""
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce", accept_downloads=True, **options)  # type: ignore[arg-type]
    try:
        yield Visitor(context.new_page(), base_url)
    finally:
        context.close()
