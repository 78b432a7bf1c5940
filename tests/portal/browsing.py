"""A browser that knows nothing but our scripts and styles, and what a test answers; no portal runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Route, sync_playwright

from portal.testing_demo import CHROMIUM_ARGUMENTS, chromium

STATIC = Path(settings.BASE_DIR) / "static"
SITE = "http://portal.test"
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

type Answer = Callable[[str, Route], dict[str, Any]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("There is no Chromium on this machine; apt-get install chromium.")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[Answer], Page]]:
    """Make a page whose requests a function answers: ``visit(answer)``. At the end nothing complained."""
    pages: list[Page] = []
    complaints: list[str] = []

    def make(answer: Answer) -> Page:
        page = browser.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.route("**/*", lambda route: _fulfil(route, answer))
        return page

    yield make
    for page in pages:
        page.close()
    assert complaints == []


def document(body: str, *scripts: str) -> str:
    """A page with a body and scripts of ours."""
    head = '<title>A page</title><link rel="stylesheet" href="/static/css/pages.css">'
    head += "".join(f'<script type="module" src="/static/js/{name}.js"></script>' for name in scripts)
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _fulfil(route: Route, answer: Answer) -> None:
    path = route.request.url.removeprefix(SITE)
    if path.startswith("/static/"):
        file = STATIC / path.removeprefix("/static/")
        told: dict[str, Any] = {"body": file.read_bytes(), "content_type": TYPES[file.suffix]}
    else:
        told = {"content_type": "text/html", **answer(path, route)}
    told["headers"] = {"Content-Security-Policy": POLICY, **told.get("headers", {})}
    route.fulfill(**told)
