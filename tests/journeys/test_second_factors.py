"""Second factors, passkeys and sessions, in a browser with an authenticator of its own."""

from playwright.sync_api import expect

from portal.codes import code_of
from tests.journeys.keyboard import choose, type_into
from tests.journeys.passkeys import give_key


def heading(visitor, text: str) -> None:
    expect(visitor.page.get_by_role("heading", level=1, name=text)).to_be_visible()


def give_password(visitor, user) -> None:
    visitor.page.goto(f"{visitor.base_url}/accounts/login/")
    visitor.page.get_by_label("E-mail", exact=True).fill(user["email"])
    visitor.page.get_by_label("Password", exact=True).fill(user["password"])
    visitor.press("Sign in")


def give_code(visitor, code: str, answer: str) -> None:
    visitor.page.get_by_label("Code of your app").fill(code)
    visitor.press(answer)


def at_work(visitor) -> None:
    expect(visitor.page.get_by_role("link", name="Home", exact=True)).to_be_visible()


def test_an_admin_with_an_app_is_asked_for_its_code(visit, people):
    grace = visit()
    give_password(grace, people["grace"])
    heading(grace, "Second factor")
    grace.look()

    give_code(grace, "000000", "Sign in")
    expect(grace.page.get_by_text("Incorrect code.")).to_be_visible()
    give_code(grace, code_of(people["grace"]["totp_secret"]), "Sign in")

    at_work(grace)


def test_a_member_sets_up_an_app_and_a_passkey_and_signs_in_with_each(visit, people):
    mia = visit()
    mia.sign_in(people["mia"])
    secret, spare = set_up_an_app(mia)
    give_key(mia)
    add_a_passkey(mia)

    mia.sign_out()
    mia.page.goto(f"{mia.base_url}/accounts/login/")
    mia.press("Sign in with a passkey")
    at_work(mia)

    mia.sign_out()
    give_password(mia, people["mia"])
    mia.press("Use a passkey")
    at_work(mia)

    mia.sign_out()
    give_password(mia, people["mia"])
    give_code(mia, spare, "Sign in")
    at_work(mia)
    mia.sign_out()
    give_password(mia, people["mia"])
    give_code(mia, spare, "Sign in")
    expect(mia.page.get_by_text("Incorrect code.")).to_be_visible()
    give_code(mia, code_of(secret, later=1), "Sign in")
    at_work(mia)
    take_all_away(mia)


def set_up_an_app(mia) -> tuple[str, str]:
    """Returns the secret of the app, and one recovery code."""
    mia.page.goto(f"{mia.base_url}/accounts/2fa/")
    mia.look()
    mia.follow("Set up an app")
    mia.look()
    secret = mia.page.locator("dd code").inner_text()
    mia.page.get_by_label("The code that the app shows").fill(code_of(secret))
    mia.press("Set it up")
    heading(mia, "Recovery codes")
    mia.look()
    spare = mia.page.get_by_label("Recovery codes").inner_text().split()[0]
    mia.follow("I have kept them")
    return secret, spare


def add_a_passkey(mia) -> None:
    mia.follow("Add a passkey")
    mia.page.get_by_label("Name").fill("Mia's laptop")
    mia.press("Add it")
    heading(mia, "Sign-in")
    expect(mia.page.get_by_text("Signs in without the password")).to_be_visible()


def take_all_away(mia) -> None:
    mia.page.goto(f"{mia.base_url}/accounts/2fa/")
    mia.look()
    mia.page.get_by_role("link", name="Remove… Mia's laptop").click()
    mia.press("Remove it")
    mia.page.goto(f"{mia.base_url}/accounts/2fa/totp/deactivate/")
    mia.press("Remove it")
    expect(mia.page.get_by_role("heading", name="Recovery codes")).to_be_hidden()


def test_a_passkey_that_does_not_come_is_said_in_words(visit, people):
    rea = visit()
    rea.page.goto(f"{rea.base_url}/accounts/login/")
    give_key(rea)  # without a passkey on it

    rea.press("Sign in with a passkey")

    expect(rea.page.get_by_role("alert")).to_contain_text("Nothing came from your device")


def test_sessions_are_seen_and_ended_from_another_browser(visit, people):
    here, there = visit(), visit()
    here.sign_in(people["mia"])
    there.sign_in(people["mia"])

    here.page.get_by_role("link", name="Your account").click()
    heading(here, "You")
    here.look()
    here.open("Sessions")
    here.look()
    here.follow("Sign out the others…")
    here.answer("Sign them out")
    expect(here.page.get_by_text("Every other session is signed out.")).to_be_visible()

    there.page.reload()
    heading(there, "Sign in")
    at_home = here.page.goto(f"{here.base_url}/accounts/profile/")
    assert at_home is not None
    assert at_home.status == 200


def test_the_security_of_a_tenant_is_a_page_for_its_admins(visit, people):
    ada = visit()
    ada.sign_in(people["ada"])

    ada.open("Security")
    ada.look()

    expect(ada.page.get_by_role("link", name="Set one up")).to_be_visible()


def test_the_keyboard_alone_sets_up_a_second_factor_and_uses_it(visit, people):
    mia = visit()
    mia.sign_in(people["mia"])
    mia.page.goto(f"{mia.base_url}/accounts/2fa/")

    choose(mia, "Set up an app")
    heading(mia, "Set up an authenticator app")
    secret = mia.page.locator("dd code").inner_text()
    mia.page.keyboard.type(code_of(secret))  # the field has the focus already
    mia.page.keyboard.press("Enter")
    heading(mia, "Recovery codes")
    choose(mia, "I have kept them")
    heading(mia, "Sign-in")
    mia.sign_out()
    mia.page.goto(f"{mia.base_url}/accounts/login/")
    type_into(mia, "E-mail", people["mia"]["email"])
    type_into(mia, "Password", people["mia"]["password"])
    mia.page.keyboard.press("Enter")
    heading(mia, "Second factor")
    mia.page.keyboard.type(code_of(secret, later=1))
    mia.page.keyboard.press("Enter")
    at_work(mia)

    mia.page.goto(f"{mia.base_url}/accounts/2fa/")
    choose(mia, "Remove…")
    heading(mia, "Remove the authenticator app?")
    choose(mia, "Remove it")
    heading(mia, "Sign-in")
