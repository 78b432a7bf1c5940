"""The player of recordings, in a browser that knows nothing but its files and one recording."""

import json

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.portal import browsing
from tests.portal.browsing import SITE, document

browser, visit = browsing.browser, browsing.visit
HEADER = {"version": 2, "width": 60, "height": 5}


class Session:
    """A recording on a server, and a page that plays it."""

    def __init__(self, visit, *events, is_open=False, most=10_000):
        self.is_open, self.most = is_open, most
        self.cast = "".join(f"{json.dumps(line)}\n" for line in (HEADER, *events))
        self.page = visit(self._answer)
        self.page.goto(f"{SITE}/")
        self.screen = self.page.get_by_role("region", name="Terminal")

    def grow(self, *events, is_open=True):
        self.cast += "".join(f"{json.dumps(line)}\n" for line in events)
        self.is_open = is_open

    def _answer(self, path, route):
        if path == "/":
            shown = render_to_string("enclaves/access/player.html", {"recording": "/cast", "text": "as text"})
            return {"body": document(shown, "player")}
        start = int(path.partition("from=")[2])
        part = self.cast[start : start + self.most]
        has_more = start + len(part) < len(self.cast)
        headers = {
            "X-Recording-Open": "yes" if self.is_open else "no",
            "X-Recording-More": "yes" if has_more else "no",
        }
        return {"body": part, "content_type": "application/x-asciicast", "headers": headers}


@pytest.fixture
def play(visit):
    """Open the player on some events: ``play([0.1, "o", "$ "], is_open=True)``."""
    return lambda *events, **how: Session(visit, *events, **how)


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
