"""Nobody needs a mouse."""

from playwright.sync_api import expect


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
    assert focused(ada) == "Skip to the page"
    ada.page.keyboard.press("Enter")

    assert ada.page.evaluate("() => document.activeElement.id") == "main"


def title(visitor):
    return visitor.page.get_by_role("heading", level=1)


def choose(visitor, name):
    go_to(visitor, name)
    visitor.page.keyboard.press("Enter")


def type_into(visitor, label, text):
    go_to(visitor, label)
    visitor.page.keyboard.press("Control+A")
    visitor.page.keyboard.type(text)


def go_to(visitor, name):
    for _ in range(60):
        if focused(visitor) == name:
            return
        visitor.page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not reach {name} on {visitor.page.url}.")


def focused(visitor):
    """The name of what has the focus, if one can see that it has."""
    return visitor.page.evaluate(
        """() => {
            const at = document.activeElement;
            const seen = getComputedStyle(at).outlineStyle !== "none";
            return seen && (at.labels?.[0] ?? at).innerText.trim().split("\\n")[0];
        }"""
    )
