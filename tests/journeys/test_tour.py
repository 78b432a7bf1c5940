"""What the README promises to somebody who knows nothing, walked in a real browser."""

import re
import subprocess
from http import HTTPStatus

import pytest
from playwright.sync_api import expect

from tests.journeys import readme

TOURS = pytest.mark.parametrize("tour", [readme.AWS, readme.AZURE], ids=["aws", "azure"])


@TOURS
def test_somebody_who_knows_nothing_can_follow_the_readme(visit, people, workplace, tour):
    somebody = visit()
    somebody.sign_in(people[tour.person])
    somebody.look()

    register_the_account(somebody, tour)
    prove_the_account(somebody, workplace, tour)
    add_the_zone(somebody, workplace, tour)
    deploy_three_hosts(somebody, tour)
    read_the_audit(somebody)

    assert [phrase for phrase in tour.emphasised() if phrase not in somebody.has_read] == []
    last_seen, tenant = somebody.path(), people[tour.person]["tenant"]
    somebody.sign_out()
    it_does_not_exist_for(visit(), people[tour.stranger], tenant, tour, last_seen)


def test_a_deployment_is_made_smaller(visit, people):
    ada = visit()
    ada.sign_in(people["ada"])

    scale_down_to_one(ada)


def register_the_account(visitor, tour):
    visitor.open("Cloud accounts")
    visitor.look()
    visitor.follow("Cloud account")
    visitor.look()
    if tour.directory():
        visitor.page.get_by_text("Azure subscription", exact=True).click()
        visitor.page.get_by_label("Entra tenant").fill(tour.directory())
        visitor.look()
    visitor.page.get_by_label("Account id", exact=True).fill(tour.enclave()[0])
    visitor.press("Register the account")
    expect(visitor.notice("Pending: waiting for the template")).to_be_visible()
    visitor.look()


def prove_the_account(ada, workplace, tour):
    stay_on_the_page(ada)
    outputs = apply_the_template(ada, workplace, tour)
    if tour.directory():
        ada.page.get_by_label("observerClientId", exact=True).fill(outputs["observerClientId"])
        ada.press("Hand it in")
        stay_on_the_page(ada)
    expect(ada.notice("Verified")).to_be_visible()
    expect(ada.page.locator(".checks > li:not(.is-ok)")).to_have_count(0)
    assert has_stayed_on_the_page(ada)
    ada.look()


def add_the_zone(ada, workplace, tour):
    account, zone = tour.enclave()
    ada.follow("Add a zone")
    ada.look()
    ada.page.get_by_label("Cloud account", exact=True).select_option(account)
    ada.page.get_by_label("Zone", exact=True).select_option(zone)
    ada.press("Add the zone")
    expect(ada.notice("Pending: waiting for the zone template")).to_be_visible()
    ada.look()
    stay_on_the_page(ada)
    apply_the_template(ada, workplace, tour)
    expect(ada.notice("Ready")).to_be_visible()
    expect(ada.page.locator(".checks > li:not(.is-ok)")).to_have_count(0)
    assert has_stayed_on_the_page(ada)
    ada.look()


def deploy_three_hosts(ada, tour):
    ada.follow("Deploy here")
    ada.look()
    submit(ada, tour.spec())
    expect(ada.page.get_by_text("query-1 to query-3")).to_be_visible()
    ada.look()
    apply_the_plan(ada)
    ada.page.get_by_role("link", name="The deployment").click()
    watch_hosts_become_active(ada, 3)


def watch_hosts_become_active(ada, count):
    stay_on_the_page(ada)
    expect(ada.notice("Live")).to_be_visible()
    ada.look()
    ada.follow("See the hosts")
    expect(ada.page.locator("tbody .status.is-ok")).to_have_count(count)
    ada.look()
    ada.page.locator("tbody a").first.click()
    expect(ada.page.get_by_text("ready → active")).to_be_visible()
    ada.look()


def scale_down_to_one(ada):
    """Of the demo's own application, whose hosts are old enough to be believed gone at once."""
    ada.open("Deployments")
    ada.look()
    ada.follow("recommender")
    ada.follow("Write revision 2")
    spec = ada.page.get_by_role("textbox", name="Spec").input_value()
    submit(ada, spec.replace("hosts: 3", "hosts: 1"))
    expect(ada.page.get_by_text("content-2, content-3")).to_be_visible()
    apply_the_plan(ada)
    expect(ada.notice("Finished in")).to_be_visible(timeout=150_000)
    ada.look()
    ada.page.get_by_role("link", name="The deployment").click()
    expect(ada.page.locator(".strip").get_by_text("of 3 wanted")).to_be_visible()


def read_the_audit(ada):
    ada.open("Audit")
    ada.look()
    for deed in ("account.registered", "account.verified", "plan.applied", "host.launched"):
        expect(ada.page.get_by_role("main").get_by_text(deed).first).to_be_visible()


def it_does_not_exist_for(stranger, user, tenant, tour, last_seen):
    stranger.sign_in(user)
    home = f"/t/{tenant}/"
    account = f"{home}accounts/{tour.enclave()[0]}/"
    places = {last_seen, home, f"{home}hosts/", account, f"/events/{tenant}/"}
    answers = {place: stranger.page.request.get(stranger.base_url + place).status for place in places}
    assert set(answers.values()) == {HTTPStatus.NOT_FOUND}


def submit(ada, spec):
    ada.page.get_by_role("textbox", name="Spec").fill(spec)
    ada.press("Show the plan")


def apply_the_plan(ada):
    ada.follow("Apply this plan…")
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    ada.look()
    ada.answer("Apply the plan")
    expect(ada.page.get_by_role("heading", name="Events")).to_be_visible()
    ada.look()


def apply_the_template(visitor, workplace, tour):
    """Do what the page says, to the letter: save the file, run the line. Return what it prints at its end."""
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name=re.compile(rf"^enclave-.*\.{tour.template}$")).click()
    download.value.save_as(workplace / download.value.suggested_filename)
    visitor.page.get_by_role("tab", name="Sandbox").click()
    line = visitor.page.get_by_role("region", name="Apply in the sandbox").inner_text()
    done = subprocess.run(  # noqa: S602 -- ours
        line, shell=True, cwd=workplace, check=True, capture_output=True, text=True, timeout=90
    )
    return dict(re.findall(r"^  (\w+) = (.*)$", done.stdout, re.MULTILINE))


def stay_on_the_page(visitor):
    visitor.page.evaluate("() => { window.stayed = true; }")


def has_stayed_on_the_page(visitor):
    return visitor.page.evaluate("() => window.stayed === true")
