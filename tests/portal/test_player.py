"""The player of recordings, in a browser that knows nothing but its files and one recording."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import expect, sync_playwright

from portal.testing_demo import CHROMIUM_ARGUMENTS, chromium

STATIC = Path(settings.BASE_DIR) / "static"
SITE = "http://portal.test"
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HEADER = {"version": 2, "width": 60, "height": 5}


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    if path is None:
        pytest.skip("There is no Chromium on this machine; apt-get install chromium.")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)


class Session:
    """A recording on a server, and a page that plays it."""

    def __init__(self, page, *events, is_open=False, most=10_000):
        self.page, self.is_open, self.most, self.complaints = page, is_open, most, []
        self.cast = "".join(f"{json.dumps(line)}\n" for line in (HEADER, *events))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.route("**/*", self._answer)
        page.goto(f"{SITE}/")
        self.screen = page.get_by_role("region", name="Terminal")

    def grow(self, *events, is_open=True):
        self.cast += "".join(f"{json.dumps(line)}\n" for line in events)
        self.is_open = is_open

    def _answer(self, route):
        url = route.request.url.removeprefix(SITE)
        headers = {"Content-Security-Policy": POLICY}
        if url == "/":
            route.fulfill(body=self._page(), content_type="text/html", headers=headers)
        elif url.startswith("/cast"):
            start = int(url.partition("from=")[2])
            headers["X-Recording-Open"] = "yes" if self.is_open else "no"
            part = self.cast[start : start + self.most]
            headers["X-Recording-More"] = "yes" if start + len(part) < len(self.cast) else "no"
            route.fulfill(body=part, content_type="application/x-asciicast", headers=headers)
        else:
            file = STATIC / url.partition("/static/")[2]
            route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix], headers=headers)

    def _page(self):
        player = render_to_string("enclaves/access/player.html", {"recording": "/cast", "text": "as text"})
        head = '<link rel="stylesheet" href="/static/css/pages.css"><title>A recording</title>'
        head += '<script type="module" src="/static/js/player.js"></script>'
        return f'<!doctype html><html lang="en"><head>{head}</head><body>{player}</body></html>'


@pytest.fixture
def play(browser):
    """Open the player on some events: ``play([0.1, "o", "$ "], is_open=True)``; nobody complained."""
    pages, sessions = [], []

    def make(*events, **how):
        pages.append(browser.new_page())
        sessions.append(Session(pages[-1], *events, **how))
        return sessions[-1]

    yield make
    for page in pages:
        page.close()
    assert [session.complaints for session in sessions] == [[]] * len(sessions)


def test_a_recording_is_shown_to_its_end_and_played_sought_and_sped_up_by_keys(play):
    session = play([0.2, "o", "one\r\n"], [0.6, "o", "\x1b[1;32mtwo\x1b[0m\r\n"], [60, "o", "three\r\n"])
    screen, page = session.screen, session.page
    expect(screen).to_have_text("one\ntwo\nthree\n")
    assert screen.locator(".t-bold.t-ink-2").inner_text() == "two"
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "01:00 of 01:00")

    screen.press("Home")
    expect(screen).to_have_text("")
    screen.press("ArrowRight")
    expect(screen).to_have_text("one\ntwo\n")
    screen.press(">")
    expect(page.get_by_role("button", name="2× speed")).to_be_visible()
    screen.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    # The long pause of the person is not waited for.
    expect(screen).to_have_text("one\ntwo\nthree\n")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_role("button", name="Follow")).to_be_hidden()


def test_a_long_recording_comes_in_parts(play):
    session = play(*([number, "o", f"{number}\r\n"] for number in range(40)), most=100)

    expect(session.screen).to_contain_text("38\n39\n")


def test_a_recording_that_grows_is_followed_until_one_looks_back(play):
    session = play([0.2, "o", "one\r\n"], is_open=True)
    follow = session.page.get_by_role("button", name="Follow")
    expect(session.screen).to_have_text("one\n")
    expect(follow).to_have_attribute("aria-pressed", "true")

    session.grow([1, "o", "tw\xf6\r\n"])
    expect(session.screen).to_have_text("one\ntw\xf6\n")
    session.screen.press("Home")
    session.grow([2, "o", "three\r\n"])
    expect(session.page.locator("[data-end]")).to_have_text("00:02")
    expect(session.screen).to_have_text("")
    follow.click()
    expect(session.screen).to_have_text("one\ntw\xf6\nthree\n")
    session.grow(is_open=False)
    expect(follow).to_be_hidden()


SAID = {
    "a bar that turns": ("a\rb\b\x1b[Kc\x1b]0;title\x07", "c"),
    "a line that wraps": ("x" * 21, "x" * 20 + "\nx"),
    "an editor that leaves no trace": ("one\x1b[?1049h\x1b[2J\x1b[Hin vi\x1b[?1049l two", "one two"),
    "a screen that is cleared": ("one\r\ntwo\x1b[2J\x1b[Hthree", "three\n"),
    "a cursor that goes about": ("ab\x1b[2Dx\x1b[1;5Hy\x1b[Gz", "zb  y"),
    "signs that are put in and taken out": ("abcd\x1b[3D\x1b[P\x1b[@-", "a-cd"),
    "what goes too far": ("x\x1b[999999999Cy\x1b[99999999Bz\x1b", f"x{' ' * 18}y\n\n\n\n{' ' * 19}z"),
    "markup": ("<b>&amp;</b>", "<b>&amp;</b>"),
}


def test_the_terminal_shows_what_a_real_one_would(play):
    page = play([0, "o", ""]).page
    draw = """said => import('/static/js/terminal.js').then(({ Terminal }) => {
        const terminal = new Terminal(20, 5);
        terminal.write(said);
        return [...terminal.pieces()].map(([text]) => text).join('');
    })"""

    shown = {name: page.evaluate(draw, said) for name, (said, _) in SAID.items()}

    assert shown == {name: wanted for name, (_, wanted) in SAID.items()}


def test_files_that_passed_and_markup_are_shown_as_words(play):
    event = {"action": "upload", "path": "/srv/<img src=x>\x1b[31m", "size": 12}

    session = play([0.1, "f", json.dumps(event)], [0.2, "o", "<script>alert(1)</script>"], [0.3, "z", "?"])

    expect(session.screen).to_contain_text("[upload /srv/<img src=x>?[31m 12 bytes]")
    expect(session.screen).to_contain_text("<script>alert(1)</script>")
    assert session.screen.locator("img, script").count() == 0
