"""Somebody comes by their organisation's identity provider, and the keyboard is enough."""

from playwright.sync_api import expect

from tests.journeys.keyboard import choose, title, type_into


def test_the_keyboard_alone_signs_in_with_the_organisation(visit):
    rea = visit()
    rea.page.goto(f"{rea.base_url}/accounts/login/?next=/t/acme/members/")
    choose(rea, "Sign in with your organisation")
    rea.look()
    type_into(rea, "Tenant", "acme")
    rea.page.keyboard.press("Enter")
    expect(title(rea)).to_have_text("Sign in to acme")
    rea.look()
    choose(rea, "Go on to 127.0.0.1")
    expect(title(rea)).to_have_text("Who are you?")
    choose(rea, "Rea Reader")

    expect(title(rea)).to_have_text("Members")
    assert rea.path() == "/t/acme/members/"
    assert rea.page.goto(f"{rea.base_url}/accounts/password/change/").status == 403
    assert rea.page.goto(f"{rea.base_url}/t/globex/").status == 404


def test_whoever_is_no_member_is_told_whom_to_ask_and_an_admin_sees_it(visit, people):
    nia, ada = visit(), visit()
    nia.page.goto(f"{nia.base_url}/sign-on/acme/")
    nia.follow("Go on to 127.0.0.1")
    nia.press("Nia Newcomer")
    expect(title(nia)).to_have_text("The sign-on did not work")
    nia.look()

    ada.sign_in(people["ada"])
    ada.open("Single sign-on")
    expect(ada.page.get_by_role("main")).to_contain_text("nia@acme.example is no member.")
    ada.look()


def test_an_admin_tries_the_provider_and_stays_who_they_are(visit, people):
    ada = visit()
    ada.sign_in(people["ada"])
    ada.open("Single sign-on")
    choose(ada, "Try it…")
    ada.answer("Try it")
    expect(title(ada)).to_have_text("Go on at 127.0.0.1")
    ada.look()
    choose(ada, "Go on to 127.0.0.1")
    expect(title(ada)).to_have_text("Who are you?")
    choose(ada, "Ada Admin")

    expect(ada.page.get_by_role("main")).to_contain_text("It works: you came back as yourself.")
    ada.follow("Change")
    expect(title(ada)).to_have_text("Set up single sign-on")
    ada.look()
