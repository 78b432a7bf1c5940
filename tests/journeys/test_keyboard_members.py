"""Two strangers make a tenant, fill it, lock it and leave it, by keyboard alone."""

import re

from playwright.sync_api import expect

from portal.codes import code_of
from tests.journeys.keyboard import (
    ask,
    choose,
    give_code,
    go_to,
    lead,
    open_letter,
    sign_in,
    tick,
    title,
    told,
    type_into,
)
from tests.journeys.passkeys import give_key

FAY = {"email": "fay@umbra.example", "password": "fay-walks-by-the-keys", "totp_secret": ""}
IRA = {"email": "ira@umbra.example", "password": "ira-comes-by-a-letter", "totp_secret": ""}
TYPO = "iar@umbra.example"
READER = "reader: sees everything, changes nothing"
DEVELOPER = "developer: applications, deployments, tokens, and all below"


def test_a_tenant_is_made_filled_locked_and_left(visit):
    fay, ira = visit(), visit()
    sign_up(fay, FAY, "Fay Founder")
    expect(title(fay)).to_have_text("Make your tenant")
    type_into(fay, "Name", "umbra")
    fay.page.keyboard.press("Enter")
    expect(title(fay)).to_contain_text("umbra")
    fay.look()

    invite_and_revoke(fay)
    come_by_the_letter(ira)
    change_the_roles(fay)
    codes = require_a_second_factor(fay)
    ira_sets_up_a_passkey_and_leaves(ira)
    lift_it(fay)
    sign_out_everywhere(fay)
    come_back_by_a_recovery_code(fay, codes)


def sign_up(visitor, user, name):
    """From the page at hand, or from the door."""
    if not visitor.page.url.startswith(visitor.base_url):
        visitor.page.goto(f"{visitor.base_url}/accounts/login/")
    choose(visitor, "Sign up", "Sign up")
    type_into(visitor, "Your name", name)
    type_into(visitor, "E-mail", user["email"])
    type_into(visitor, "Password", user["password"])
    visitor.page.keyboard.press("Enter")


def invite_and_revoke(fay):
    lead(fay, "m", "Members")
    fay.look()
    invite(fay, TYPO)
    fay.look()
    ask(fay, f"Revoke… {TYPO}", "Revoke now", f"The invitation of {TYPO} is revoked.")
    invite(fay, IRA["email"])
    choose(fay, "All invitations", "Invitations")
    fay.look()


def invite(fay, email):
    choose(fay, "Invite", "Invite somebody")
    tick(fay, READER)
    go_to(fay, "E-mail address", "Shift+Tab")
    fay.page.keyboard.type(email)
    fay.page.keyboard.press("Enter")
    told(fay, f"{email} is invited, for seven days.")


def come_by_the_letter(ira):
    open_letter(ira, IRA["email"], "umbra")
    choose(ira, ira.page.locator(".letter a[href*='/invitation/']"))
    ira.page.wait_for_url("**/invitation/")
    ira.look()
    sign_up(ira, IRA, "Ira Invited")
    expect(title(ira)).to_have_text("You are invited to umbra")
    choose(ira, "Accept the invitation")
    told(ira, "You are a member of umbra now.")
    ira.page.goto(f"{ira.base_url}/_outbox/")  # no open page of the tenant is to complain that it is shut


def change_the_roles(fay):
    lead(fay, "m", "Members")
    choose(fay, f"Roles of {IRA['email']}", "Roles of Ira Invited")
    fay.look()
    tick(fay, DEVELOPER)
    choose(fay, "Change the roles")
    told(fay, f"{IRA['email']} has the new roles from now on.")


def require_a_second_factor(fay):
    """Returns the recovery codes that come with the first factor."""
    lead(fay, "s", "Security")
    choose(fay, "Set one up", "Sign-in")
    choose(fay, "Set up an app", "Set up an authenticator app")
    FAY["totp_secret"] = fay.page.locator("dd code").inner_text()
    fay.page.keyboard.type(code_of(FAY["totp_secret"]))
    fay.page.keyboard.press("Enter")
    expect(title(fay)).to_have_text("Recovery codes")
    codes = fay.page.get_by_label("Recovery codes").inner_text().split()
    choose(fay, "I have kept them, go on", "Security")
    ask(fay, "Require a second factor…", "Require it", "umbra opens with a second factor only, from now on.")
    fay.look()
    return codes


def ira_sets_up_a_passkey_and_leaves(ira):
    ira.page.goto(f"{ira.base_url}/t/umbra/")
    expect(title(ira)).to_have_text("Sign-in")
    told(ira, "This needs a second factor")
    ira.look()
    give_key(ira)
    choose(ira, "Add a passkey", "Add a passkey")
    type_into(ira, "Name optional", "Ira's laptop")
    ira.page.keyboard.press("Enter")
    expect(title(ira)).to_have_text("Recovery codes")
    choose(ira, "I have kept them, go on", "umbra")
    lead(ira, "m", "Members")
    ask(ira, "Leave…", "Leave umbra", "You have left umbra.")
    expect(title(ira)).to_have_text("Make your tenant")


def lift_it(fay):
    fay.page.reload()
    ask(fay, "Require none…", "Require none", "umbra opens without a second factor again.")


def sign_out_everywhere(fay):
    choose(fay, fay.page.get_by_role("link", name=re.compile("Your account")), "You")
    choose(fay, "Sessions", "Sessions")
    fay.look()
    ask(fay, "Sign out everywhere…", "Sign out everywhere", "You are signed out everywhere.")
    expect(title(fay)).to_have_text("Sign in")


def come_back_by_a_recovery_code(fay, codes):
    sign_in(fay, {**FAY, "totp_secret": ""}, "Second factor")
    give_code(fay, codes[0])
    expect(title(fay)).to_contain_text("umbra")
    choose(fay, fay.page.get_by_role("link", name=re.compile("Your account")), "You")
    choose(fay, "Sign-in", "Sign-in")
    told(fay, "9 left")
    choose(fay, "Make new ones…", "Make new recovery codes?")
    fay.look()
    choose(fay, "Make new ones", "Recovery codes")
    assert set(fay.page.get_by_label("Recovery codes").inner_text().split()).isdisjoint(codes)
