"""Hands that know no mouse. They go from stop to stop, and act only where one can see the focus."""

from typing import Any

from playwright.sync_api import Locator, expect

from portal.codes import code_of

FAR = 120  # stops; nobody looks for anything longer than that
LOOKS = 60  # into an outbox; the worker posts every ten seconds
_NAMES = """at => {
    if (getComputedStyle(at).outlineStyle === "none") return [];
    const said = at.labels?.[0] ?? at;
    const names = [said.innerText.split("\\n")[0], said.textContent, at.getAttribute("aria-label") ?? ""];
    return names.map(name => name.replace(/\\s+/g, " ").trim());
}"""
_IS_AT = "at => at === document.activeElement && getComputedStyle(at).outlineStyle !== 'none'"

# Who comes to a page and knows it jumps over the navigation; that is reached behind the end again.
_MAY_SKIP = "() => document.activeElement === document.body && document.querySelector('.skip') !== null"


def title(visitor: Any) -> Locator:
    return visitor.page.get_by_role("heading", level=1)


def focused(visitor: Any) -> list[str]:
    """The names of what has the focus, short and whole, if one can see that it has."""
    return visitor.page.evaluate(f"() => ({_NAMES})(document.activeElement)")


def go_to(visitor: Any, target: str | Locator, key: str = "Tab") -> None:
    """Go to what has this name, or what was found on the page."""
    visitor.page.wait_for_load_state()
    if key == "Tab" and visitor.page.evaluate(_MAY_SKIP):
        visitor.page.keyboard.press("Tab")
        visitor.page.keyboard.press("Enter")
    for _ in range(FAR):
        if _is_at(visitor, target):
            return
        visitor.page.keyboard.press(key)
    raise AssertionError(f"The keyboard does not reach {target} on {visitor.page.url}.")


def _is_at(visitor: Any, target: str | Locator) -> bool:
    return target in focused(visitor) if isinstance(target, str) else target.evaluate(_IS_AT)


def choose(visitor: Any, target: str | Locator, then: str = "") -> None:
    """Press Enter on it; ``then`` is a part of the title of the page that it leads to."""
    go_to(visitor, target)
    visitor.page.keyboard.press("Enter")
    if then:
        expect(title(visitor)).to_contain_text(then)


def tick(visitor: Any, *names: str) -> None:
    for name in names:
        go_to(visitor, name)
        visitor.page.keyboard.press("Space")


def type_into(visitor: Any, target: str | Locator, text: str) -> None:
    go_to(visitor, target)
    visitor.page.keyboard.press("Control+A")
    visitor.page.keyboard.type(text)


def select(visitor: Any, name: str, option: str) -> None:
    """Choose an option as one does in a list that is closed: by its letters."""
    go_to(visitor, name)
    visitor.page.keyboard.type(option)
    expect(visitor.page.get_by_label(name, exact=True).locator("option:checked")).to_have_text(option)


def lead(visitor: Any, key: str, then: str) -> None:
    """Go to a place of the navigation by its letter."""
    visitor.page.wait_for_load_state()
    visitor.page.keyboard.press("g")
    visitor.page.keyboard.press(key)
    expect(title(visitor)).to_contain_text(then)


def ask(visitor: Any, target: str | Locator, answer: str, then: str) -> None:
    """Press what asks a question, answer it, and read what the page then says."""
    choose(visitor, target)
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    choose(visitor, answer)
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()
    told(visitor, then)


def told(visitor: Any, text: str) -> None:
    expect(visitor.page.get_by_text(text).first).to_be_visible()


def sign_in(visitor: Any, user: dict[str, Any], then: str) -> None:
    """Give the password, and the code of the app if there is one."""
    visitor.page.goto(f"{visitor.base_url}/accounts/login/")
    type_into(visitor, "E-mail", user["email"])
    type_into(visitor, "Password", user["password"])
    visitor.page.keyboard.press("Enter")
    if user["totp_secret"]:
        give_code(visitor, code_of(user["totp_secret"]))
    expect(title(visitor)).to_contain_text(then)


def give_code(visitor: Any, code: str) -> None:
    expect(title(visitor)).to_have_text("Second factor")
    visitor.page.keyboard.type(code)  # the field has the focus already
    visitor.page.keyboard.press("Enter")


def open_letter(visitor: Any, words: str, then: str) -> None:
    """Wait in the demo's outbox, which stands in for everybody's mail, for a letter with these words."""
    visitor.page.goto(f"{visitor.base_url}/_outbox/")
    letter = visitor.page.get_by_role("listitem").filter(has_text=words).get_by_role("link").first
    for _ in range(LOOKS):
        if letter.count():
            break
        visitor.page.wait_for_timeout(500)
        choose(visitor, "Look again", "Outbox")
    choose(visitor, letter, then)
