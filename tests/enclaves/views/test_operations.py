import pytest

from enclaves.models import Operation
from tenants.policy import Role

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LIST = "/t/acme/operations/"


@pytest.fixture
def operation(enclave, deploy, work_until_quiet):
    deploy(2)
    work_until_quiet()
    return Operation.objects.using("system").get(kind="deploy")


def test_the_page_shows_the_outcome_the_steps_and_the_log(browser, operation):
    text = browser.get(f"{LIST}{operation.pk}/").text

    assert "Revision 1 is live on 2 hosts." in text
    assert "Prove the account" in text
    assert "asked for by admin@acme.example" in text


def test_a_running_operation_shows_how_far_it_is(browser, enclave, deploy):
    deploy(2)
    operation = Operation.objects.using("system").get(kind="deploy")

    text = browser.get(f"{LIST}{operation.pk}/").text

    assert "Waiting for a worker" in text
    assert "0 of 5 steps done" in text


def test_an_event_that_only_nudges_is_no_line_of_the_log(browser, operation):
    page = browser.get(f"{LIST}{operation.pk}/")

    assert all(event.text for event in page.context["events"])


def test_another_tenant_finds_nothing(browse, operation, globex):
    stranger = browse(Role.ADMIN, globex)

    assert stranger.get(f"/t/globex/operations/{operation.pk}/").status_code == 404
    assert operation.title not in stranger.get("/t/globex/operations/").text


def test_the_list_costs_the_same_for_one_operation_and_for_three(browser, operation, deploy, queries):
    one = queries(browser, LIST)
    for name in ("ranker", "indexer"):
        deploy(1, application=name)

    assert queries(browser, LIST) == one
