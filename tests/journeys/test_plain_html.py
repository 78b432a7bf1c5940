"""The forms work where there is no JavaScript: links, forms, pages with questions, and a reload."""

import time

from playwright.sync_api import expect

from tests.journeys import readme

ACCOUNT = "aws:333344445555"
# The spec of the README, for the enclave that acme has had from the start.
SPEC = (
    readme.AWS.spec()
    .replace(readme.AWS.enclave()[0], "aws:111122223333")
    .replace("application: search", "application: plain")
    .replace("hosts: 3", "hosts: 1")
)


def test_an_account_is_registered_without_javascript(visit, people):
    ada = visit(java_script_enabled=False)
    ada.sign_in(people["ada"])

    ada.open("Cloud accounts")
    ada.follow("Cloud account")
    ada.page.get_by_label("Account id", exact=True).fill(ACCOUNT)
    ada.press("Register the account")

    expect(ada.notice("Pending: waiting for the template")).to_be_visible()
    expect(ada.page.get_by_role("region", name="Apply in the sandbox")).to_contain_text(ACCOUNT[4:])


def test_a_plan_is_applied_without_javascript(visit, people):
    ada = visit(java_script_enabled=False)
    ada.sign_in(people["ada"])

    ada.open("Deployments")
    ada.follow("Deploy")
    ada.page.get_by_role("textbox", name="Spec").fill(SPEC)
    ada.press("Show the plan")
    ada.follow("Apply this plan…")
    ada.press("Apply the plan")

    reload_until(ada, "Finished in")


def reload_until(visitor, title):
    deadline = time.monotonic() + 60
    while not visitor.notice(title).is_visible():
        assert time.monotonic() < deadline, visitor.page.url
        time.sleep(1)
        visitor.page.reload()
