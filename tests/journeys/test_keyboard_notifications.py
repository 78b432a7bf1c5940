"""Somebody is told of what goes wrong, and that it is over, and chooses what they get letters about."""

from contextlib import contextmanager

from playwright.sync_api import expect

from portal.pretending import GLOBEX
from tests.journeys.keyboard import choose, lead, open_letter, sign_in, tick, title, told

ACCOUNT = f"aws:{GLOBEX}"
TROUBLE = f"{ACCOUNT} is degraded, changes are stopped"


def test_trouble_rings_the_bell_is_written_about_and_clears(visit, people, sandbox):
    gil = visit()
    sign_in(gil, people["gil"], "Globex")
    lead(gil, "c", "Cloud accounts")
    choose(gil, ACCOUNT, ACCOUNT)
    with shut_out(sandbox):
        choose(gil, "Check again")
        expect(gil.notice("Degraded: changes are stopped")).to_be_visible()
        expect(bell(gil).locator(".count")).to_be_visible()  # without a reload
        read_what_it_says(gil)
        choose_what_to_get_letters_about(gil)
        a_letter_came(gil)

    choose(gil, TROUBLE, ACCOUNT)
    choose(gil, "Check again")
    expect(gil.notice("Verified")).to_be_visible()
    choose(gil, bell(gil), "Notifications")
    told(gil, "Over since")
    expect(row(gil)).to_have_count(0)


@contextmanager
def shut_out(sandbox):
    """Let the owner's account refuse the portal, as if somebody had changed who its roles trust."""
    refusal = {"action": "sts:AssumeRole", "error": "AccessDenied", "status": 403, "times": None}
    sandbox.ask("POST", "faults", {"account": GLOBEX, **refusal})
    try:
        yield
    finally:
        sandbox.ask("DELETE", "faults", {})


def bell(visitor):
    return visitor.page.locator("#bell a")


def row(visitor):
    """The row of the trouble among what holds now."""
    return visitor.page.get_by_role("region", name="Holds now").get_by_role("link", name=TROUBLE)


def read_what_it_says(gil):
    choose(gil, bell(gil), "Notifications")
    expect(row(gil)).to_be_visible()
    gil.look()
    choose(gil, "Mark as seen")
    told(gil, "nothing is new for you")
    expect(bell(gil).locator(".count")).to_have_count(0)


def choose_what_to_get_letters_about(gil):
    choose(gil, "Your mail", "Your mail")
    gil.look()
    box = gil.page.get_by_label("Somebody is invited")
    tick(gil, "Somebody is invited")
    expect(box).to_be_checked()
    choose(gil, "Write to me about these")
    told(gil, "From now on you are written to about what you chose.")


def a_letter_came(gil):
    here = gil.page.url
    open_letter(gil, ACCOUNT, ACCOUNT)
    gil.look()
    choose(gil, "Outbox", "Outbox")
    gil.look()
    gil.page.goto(here)
    expect(title(gil)).to_have_text("Notifications")
