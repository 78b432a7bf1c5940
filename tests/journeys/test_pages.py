"""Every page, also those that the tour does not pass: readable in light and dark, on a screen and a phone."""

from contextlib import ExitStack
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from portal.pretending import GLOBEX_SUBSCRIPTION
from tests.journeys.visitor import visiting

SUBSCRIPTION = f"azure:{GLOBEX_SUBSCRIPTION}"
OUTSIDE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
OF_ACME = [
    "/t/acme/",
    "/t/acme/accounts/aws:111122223333/",
    "/t/acme/accounts/aws:111122223333/permissions/",
    "/t/acme/accounts/aws:111122223333/freeze/",
    "/t/acme/enclaves/",
    "/t/acme/hosts/?q=nothing-like-this",
    "/t/acme/operations/",
    "/t/acme/access/ask/",
    "/t/acme/access/rules/",
    "/t/acme/audit/",
    "/t/acme/audit/checkpoints/",
    "/t/acme/members/",
    "/t/acme/invitations/",
    "/t/acme/invitations/send/",
    "/t/acme/leave/",
    "/t/acme/tokens/",
    "/t/acme/tokens/create/",
    "/t/acme/freeze/",
    "/tenants/create/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/api/v1/docs/",
]
OF_GLOBEX = [
    "/t/globex/",
    f"/t/globex/accounts/{SUBSCRIPTION}/",
    f"/t/globex/accounts/{SUBSCRIPTION}/permissions/",
    f"/t/globex/enclaves/{SUBSCRIPTION}/prod.azure-eastus-az1/",
    "/t/globex/hosts/",
    "/t/globex/audit/",
]
WRONG_SPEC = "application: recommender\nclusters:\n  - name: query\n    hosts: 5000\n    colour: red\n"


@pytest.fixture(scope="module")
def at_home(browser, demo, people):
    """A page of one's own for each person, signed in once, and one for nobody: ``at_home("ada")``."""
    with ExitStack() as visits:

        @cache
        def page_of(name):
            visitor = visits.enter_context(visiting(browser, demo["base_url"]))
            if name:
                visitor.sign_in(people[name])
            return visitor

        yield page_of


@pytest.fixture
def visitor(at_home):
    """Choose who looks: ``visitor("ada")``. At the end nobody complained."""
    visitors = []

    def choose(name):
        visitors.append(at_home(name))
        visitors[-1].complaints.clear()
        return visitors[-1]

    yield choose
    assert [complaint for one in visitors for complaint in one.complaints] == []


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_page_for_everybody_is_in_nobodys_way(visitor, path):
    somebody = visitor("")

    answer = somebody.page.goto(somebody.base_url + path)

    assert answer.status == HTTPStatus.OK
    somebody.look()


def test_the_page_of_what_is_not_there_is_in_nobodys_way(visitor):
    somebody = visitor("")

    answer = somebody.page.goto(f"{somebody.base_url}/no/such/page/")

    assert answer.status == HTTPStatus.NOT_FOUND
    somebody.look()


@pytest.mark.parametrize("path", OF_ACME)
def test_a_page_of_acme_is_in_nobodys_way(visitor, path):
    ada = visitor("ada")

    answer = ada.page.goto(ada.base_url + path)

    assert (answer.status, ada.path()) == (HTTPStatus.OK, path)
    ada.look()


@pytest.mark.parametrize("path", OF_GLOBEX)
def test_a_page_of_globex_in_azure_is_in_nobodys_way(visitor, path):
    gil = visitor("gil")

    answer = gil.page.goto(gil.base_url + path)

    assert (answer.status, gil.path()) == (HTTPStatus.OK, path)
    gil.look()


def test_a_wrong_spec_is_shown_with_its_lines(visitor):
    ada = visitor("ada")
    ada.page.goto(f"{ada.base_url}/t/acme/deployments/new/")

    ada.page.get_by_role("textbox", name="Spec").fill(WRONG_SPEC)
    ada.press("Show the plan")

    expect(ada.page.get_by_text("5000 is more than the 1000 that is allowed.")).to_be_visible()
    ada.look()


def test_a_reader_is_offered_nothing_that_would_be_refused(visitor):
    rea = visitor("rea")
    rea.page.goto(f"{rea.base_url}/t/acme/")

    offers = {place: offers_of(rea, place) for place in places_of(rea)}

    links = set().union(*offers.values())
    refused = {link for link in links if rea.page.request.get(rea.base_url + link).status != HTTPStatus.OK}
    assert len(links) > len(offers)
    assert refused == set()


# The look of the page, a proof of the audit, and one's own name.
HARMLESS = {"/theme/", "/t/acme/audit/verify/", "/accounts/profile/"}


def places_of(visitor):
    return links_in(visitor, "nav")


def offers_of(visitor, place):
    """What a page offers, as addresses. Of the forms, a reader's change nothing that is theirs to see."""
    visitor.page.goto(visitor.base_url + place)
    forms = visitor.page.locator("form[method=post]").evaluate_all("all => all.map(one => one.action)")
    assert {urlsplit(action).path for action in forms} <= HARMLESS
    return links_in(visitor, "main")


def links_in(visitor, where):
    links = visitor.page.locator(f"{where} a[href]").evaluate_all("all => all.map(one => one.href)")
    own = {urlsplit(link).path for link in links if link.startswith(visitor.base_url)}
    return own - {"/accounts/logout/"}
