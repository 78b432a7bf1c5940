"""Pictures of the main pages, light and dark, wide and narrow, into docs/screenshots (make screenshots)."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.demo import ROOT, running_demo

FOLDER = ROOT / "docs" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A name for the picture, where it is, and the link to follow there for things without a fixed address.
PAGES = (
    ("home", "/t/acme/", ""),
    ("accounts", "/t/acme/accounts/", ""),
    ("account", "/t/acme/accounts/aws:111122223333/", ""),
    ("register", "/t/acme/accounts/register/", ""),
    ("enclaves", "/t/acme/enclaves/", ""),
    ("enclave", "/t/acme/enclaves/aws:111122223333/prod.aws-us-east-1c/", ""),
    ("deployments", "/t/acme/deployments/", ""),
    ("deployment", "/t/acme/deployments/", "main a[href*='/deployments/']:not([href$='/new/'])"),
    ("hosts", "/t/acme/hosts/", ""),
    ("host", "/t/acme/hosts/", "main a[href*='/t/acme/hosts/']:not([href*='?'])"),
    ("operations", "/t/acme/operations/", ""),
    ("operation", "/t/acme/operations/", "main a[href*='/t/acme/operations/']:not([href*='?'])"),
    ("audit", "/t/acme/audit/", ""),
)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def main() -> None:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("There is no Chromium. On Debian: apt-get install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_demo() as facts, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        _photograph(browser, facts, "light", WIDE)
        _photograph(browser, facts, "dark", WIDE)
        _photograph(browser, facts, "light", NARROW, suffix="-phone")


def _photograph(browser: Browser, facts: Mapping[str, Any], scheme: Any, size: Any, suffix: str = "") -> None:
    context = browser.new_context(
        base_url=facts["base_url"], color_scheme=scheme, viewport=size, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/accounts/login/")
    _save(page, f"sign-in-{scheme}{suffix}")
    _sign_in(page, facts["users"][0])
    for name, address, link in PAGES:
        page.goto(address)
        if link:
            page.goto(page.locator(link).first.get_attribute("href") or address)
        _save(page, f"{name}-{scheme}{suffix}")
    context.close()


def _sign_in(page: Page, user: Mapping[str, str]) -> None:
    page.locator("input[name=login]").fill(user["email"])
    page.locator("input[name=password]").fill(user["password"])
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url("**/t/**")


def _save(page: Page, name: str) -> None:
    path = Path(FOLDER / f"{name}.png")
    page.screenshot(path=path, full_page=True)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
