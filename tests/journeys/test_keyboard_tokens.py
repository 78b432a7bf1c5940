"""Keys for programs, made, copied, rotated and revoked by keyboard alone; a program tries each of them."""

from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.journeys.keyboard import ask, choose, lead, select, sign_in, tick, told, type_into

WORKS, REFUSED = HTTPStatus.OK, HTTPStatus.UNAUTHORIZED
DEVELOPER = "developer: applications, deployments, tokens, and all below"


@pytest.fixture
def by_keyboard(visit, people):
    """Make a visitor who has signed in, and may use the clipboard."""

    def make(name):
        visitor = visit(permissions=["clipboard-read", "clipboard-write"])
        sign_in(visitor, people[name], "Acme Corporation")
        return visitor

    return make


def test_a_personal_token_is_copied_once_rotated_with_an_overlap_and_revoked(by_keyboard):
    dev = by_keyboard("dev")
    lead(dev, "t", "Personal tokens")
    choose(
        dev, dev.page.get_by_role("main").locator(f"a[href='{dev.path()}create/']"), "Make a personal token"
    )
    type_into(dev, "Name", "laptop")
    tick(dev, DEVELOPER)
    select(dev, "Ends after", "30 days")
    old = made(dev, "Make the token", "Personal tokens")
    choose(dev, "Rotate laptop", "Rotate laptop")
    dev.look()
    select(dev, "The old one ends", "in 24 hours")
    new = made(dev, "Rotate the token", "Personal tokens")
    dev.look()
    assert (answer(dev, old), answer(dev, new)) == (WORKS, WORKS)

    ask(dev, "Revoke… laptop", "Revoke now", "laptop is revoked")
    assert (answer(dev, old), answer(dev, new)) == (WORKS, REFUSED)
    ask(dev, "Revoke… laptop", "Revoke now", "laptop is revoked")
    assert answer(dev, old) == REFUSED


def test_a_service_account_is_made_given_a_token_and_disabled(by_keyboard):
    ada = by_keyboard("ada")
    lead(ada, "v", "Service accounts")
    ada.look()
    choose(ada, "Service account", "Make a service account")
    ada.look()
    type_into(ada, "Name", "ci")
    tick(ada, DEVELOPER)
    choose(ada, "Make the service account", "ci")
    ada.look()
    choose(ada, "Make a token", "Make a token of ci")
    type_into(ada, "Name", "pipeline")
    old = made(ada, "Make the token", "ci")
    choose(ada, "Rotate pipeline", "Rotate pipeline")
    select(ada, "The old one ends", "at once")
    new = made(ada, "Rotate the token", "ci")
    assert (answer(ada, old), answer(ada, new)) == (REFUSED, WORKS)

    ask(ada, "Disable…", "Disable now", "Every call with one of its tokens is refused.")
    assert answer(ada, new) == REFUSED
    ada.look()


def made(visitor, act, back):
    """Make a token by this button; return what one copies of the only page that shows it."""
    choose(visitor, act)
    told(visitor, "Copy the secret now")
    secret = visitor.page.locator(".id code").inner_text()
    visitor.look()
    choose(visitor, f"Copy {secret}")
    expect(visitor.page.locator("#announce")).to_have_text("Copied")
    copied = visitor.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == secret
    choose(visitor, "I have it", back)
    assert secret not in visitor.page.content()
    return copied


def answer(visitor, secret):
    """What a program gets that knocks with a token."""
    wish = Request(f"{visitor.base_url}/api/v1/tenants/acme/", headers={"Authorization": f"Bearer {secret}"})  # noqa: S310 -- our demo
    try:
        with urlopen(wish, timeout=30) as reply:  # noqa: S310 -- our demo
            return reply.status
    except HTTPError as refusal:
        return refusal.code
