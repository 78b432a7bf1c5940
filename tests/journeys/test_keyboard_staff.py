"""The vendor's people look over all tenants, by keyboard alone, and each tenant reads what they looked at."""

from playwright.sync_api import expect

from portal.pretending import ACME
from tests.journeys.keyboard import ask, choose, go_to, lead, sign_in, tick, title, told, type_into

NEWCOMER = "nora@vendor.example"


def test_support_searches_and_looks_and_the_tenant_reads_of_it(visit, people):
    sue = visit()
    sign_in(sue, people["sue"], "Fleet")
    sue.look()
    look_into_acme(sue)
    look_at_what_runs(sue)

    ada = visit()
    sign_in(ada, people["ada"], "Acme Corporation")
    lead(ada, "u", "Audit")
    choose(ada, "Looks of the vendor's staff")
    expect(ada.page.locator("tbody tr").filter(has_text="support: Sue Support")).not_to_have_count(0)
    expect(ada.page.locator("tbody tr").filter(has_not_text="staff.looked")).to_have_count(0)
    told(ada, f"aws:{ACME}")
    ada.look()


def look_into_acme(sue):
    lead(sue, "n", "Tenants")
    search(sue, "acm", gone="globex")
    sue.look()
    choose(sue, "acme", "Acme Corporation")
    sue.look()
    choose(sue, f"aws:{ACME}", f"aws:{ACME}")
    sue.look()


def look_at_what_runs(sue):
    lead(sue, "o", "Hosts")
    search(sue, "content-1", gone="content-2")
    sue.look()
    choose(sue, "content-1", "content-1")
    sue.look()
    lead(sue, "e", "Enclaves")
    choose(sue, rows(sue).first, "prod.")
    sue.look()
    lead(sue, "p", "Operations")
    choose(sue, rows(sue).first)
    expect(sue.page.get_by_role("heading", name="Steps")).to_be_visible()
    sue.look()


def search(visitor, text, gone):
    visitor.page.keyboard.press("/")
    visitor.page.keyboard.type(text)
    expect(rows(visitor).get_by_text(gone, exact=True)).to_have_count(0)
    expect(rows(visitor)).not_to_have_count(0)


def rows(visitor):
    """What the rows of a list are called."""
    return visitor.page.locator("tbody th a")


def test_an_operator_keeps_staff_and_zones(visit, people):
    opal = visit()
    sign_in(opal, people["opal"], "Fleet")
    add_and_remove_a_colleague(opal)
    lead(opal, "u", "Staff log")
    told(opal, NEWCOMER)
    opal.look()

    lead(opal, "z", "Zones")
    opal.look()
    choose(opal, "Add a zone", "Add a zone")
    opal.look()


def add_and_remove_a_colleague(opal):
    lead(opal, "m", "People")
    choose(opal, "Add", "Add staff")
    opal.look()
    type_into(opal, "Name optional", "Nora Newcomer")
    tick(opal, "support: sees the fleet, looks into tenants, asks for access to hosts")
    go_to(opal, "E-mail address", "Shift+Tab")
    opal.page.keyboard.type(NEWCOMER)
    opal.page.keyboard.press("Enter")
    told(opal, f"{NEWCOMER} is staff now; a letter says how to begin.")
    opal.look()
    ask(opal, f"Remove… {NEWCOMER}", "Remove now", f"{NEWCOMER} is no staff any more.")
    expect(title(opal)).to_have_text("People")
