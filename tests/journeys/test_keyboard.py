"""Nobody needs a mouse."""

from playwright.sync_api import expect

from tests.journeys.keyboard import choose, focused, title, type_into


def test_the_keyboard_alone_signs_in_and_registers_an_account(visit, people):
    ada = visit()
    ada.page.goto(f"{ada.base_url}/accounts/login/")

    type_into(ada, "E-mail", people["ada"]["email"])
    type_into(ada, "Password", people["ada"]["password"])
    ada.page.keyboard.press("Enter")
    expect(title(ada)).to_have_text("Acme Corporation")
    choose(ada, "Cloud accounts")
    expect(title(ada)).to_have_text("Cloud accounts")
    choose(ada, "Cloud account")
    expect(title(ada)).to_have_text("Register a cloud account")
    type_into(ada, "Account id", "aws:444433332222")
    choose(ada, "Register the account")

    expect(ada.notice("Pending: waiting for the template")).to_be_visible()


def test_the_first_stop_of_the_keyboard_skips_the_navigation(visit, people):
    ada = visit()
    ada.sign_in(people["ada"])
    ada.page.reload()

    ada.page.keyboard.press("Tab")
    assert "Skip to the page" in focused(ada)
    ada.page.keyboard.press("Enter")

    assert ada.page.evaluate("() => document.activeElement.id") == "main"
