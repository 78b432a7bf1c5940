"""What pages do by themselves: what is left runs down, and what no stream tells of is asked for again."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.portal import browsing
from tests.portal.browsing import SITE, document

browser, visit = browsing.browser, browsing.visit
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANNOUNCE = '<div id="announce" role="status"></div>'


def opened(visit, answer):
    page = visit(answer)
    page.clock.install(time=NOW)
    page.goto(f"{SITE}/")
    return page


def test_what_is_left_of_a_grant_runs_down_and_is_said_twice(visit):
    end = f"{NOW + timedelta(minutes=5, seconds=3):%Y-%m-%dT%H:%M:%SZ}"
    body = f'<time data-left datetime="{end}">5:03 left</time>{ANNOUNCE}'
    page = opened(visit, lambda path, route: {"body": document(body, "times")})
    time, said = page.locator("time"), page.locator("#announce")

    page.clock.run_for(3_100)
    expect(said).to_have_text("Access ends in 5 min")
    expect(time).to_have_text(re.compile(r"^(5:00|4:5\d) left$"))
    page.clock.run_for(240_000)
    expect(said).to_have_text("Access ends in 1 min")
    page.clock.run_for(60_000)
    expect(time).to_have_text("over")


def test_where_no_stream_tells_the_page_asks_again_and_keeps_what_one_types(visit):
    state = {"word": "requested"}

    def answer(path, route):
        rows = f'<p data-row="a" data-state="It is {state["word"]}">{state["word"]}</p>'
        rows += '<form data-row="b"><textarea aria-label="Key"></textarea></form>'
        region = f'<div id="live" data-live="access" data-every="10">{rows}</div>'
        asked_by_script = route.request.headers.get("hx-request")
        return {"body": region if asked_by_script else document(region + ANNOUNCE, "live")}

    page = opened(visit, answer)
    page.get_by_label("Key").fill("ssh-ed25519 AAAA")
    state["word"] = "approved"
    page.clock.run_for(10_500)

    expect(page.locator("[data-row=a]")).to_have_text("approved")
    expect(page.locator("#announce")).to_have_text("It is approved")
    expect(page.get_by_label("Key")).to_have_value("ssh-ed25519 AAAA")
