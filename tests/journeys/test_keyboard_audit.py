"""The record is filtered, checked, signed, taken along and proved at home, by keyboard alone."""

import subprocess

from playwright.sync_api import expect

from tests.journeys.keyboard import choose, lead, sign_in, title, told, type_into

FILES = ("Verifier", "Public keys", "Export JSON Lines")


def test_the_record_is_signed_taken_along_and_proved_elsewhere(visit, people, tmp_path):
    ada = visit()
    sign_in(ada, people["ada"], "Acme Corporation")
    lead(ada, "u", "Audit")
    filter_it(ada)
    choose(ada, "Verify now")
    told(ada, "The chain is intact")
    choose(ada, "Checkpoints", "Checkpoints")
    choose(ada, "Verify and sign now")
    told(ada, "The chain is intact, and signed up to event")
    ada.look()
    for name in FILES:
        save(ada, name, tmp_path)
    save(ada, ada.page.locator("tbody td a").first, tmp_path)

    line = ada.page.locator("#code-verify").inner_text()
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S602 -- ours
    assert (done.returncode, done.stderr) == (0, "")


def filter_it(ada):
    type_into(ada, "Who", "nobody of that name")
    ada.page.keyboard.press("Enter")
    told(ada, "No event fits")
    ada.look()
    choose(ada, "Show all")
    expect(ada.page.get_by_text("No event fits")).to_have_count(0)
    type_into(ada, "What", "plan.")
    choose(ada, "Filter")
    expect(ada.page.locator("tbody tr").filter(has_not_text="plan.")).to_have_count(0)
    expect(ada.page.locator("tbody tr")).not_to_have_count(0)
    expect(title(ada)).to_have_text("Audit")


def save(ada, target, folder):
    with ada.page.expect_download() as download:
        choose(ada, target)
    download.value.save_as(folder / download.value.suggested_filename)
