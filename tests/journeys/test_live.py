"""Pages that were left open: they come back by themselves, or say that they do not."""

from http import HTTPStatus

import pytest
from playwright.sync_api import expect

HOSTS, STREAM = "/t/acme/hosts/", "**/events/acme/"


@pytest.fixture
def ada(visit, people):
    visitor = visit()
    visitor.sign_in(people["ada"])
    return visitor


def test_a_stream_that_a_server_refused_for_a_while_comes_back(ada):
    ada.page.route(STREAM, lambda route: route.fulfill(status=HTTPStatus.BAD_GATEWAY))
    ada.page.goto(ada.base_url + HOSTS)
    expect(ada.page.get_by_text("stream lost, trying again").first).to_be_visible()

    ada.page.unroute(STREAM)

    expect(ada.page.get_by_text("live", exact=True).first).to_be_visible()
    ada.complaints.clear()  # of the gateway that the test made bad


def test_who_was_signed_out_elsewhere_is_told_and_led_to_sign_in(ada):
    ada.page.goto(ada.base_url + HOSTS)
    expect(ada.page.get_by_text("live", exact=True).first).to_be_visible()
    told = ada.page.get_by_text("This page is out of date.")
    expect(told).to_be_hidden()

    other = ada.page.context.new_page()
    other.goto(f"{ada.base_url}/accounts/logout/")
    other.get_by_role("main").get_by_role("button", name="Sign out", exact=True).click()

    expect(told).to_be_visible()
    ada.complaints.clear()  # that the sign-in page is no stream
    ada.look()
    ada.page.get_by_role("link", name="Reload").click()
    expect(ada.page.get_by_label("E-mail", exact=True)).to_be_visible()
