"""A tenant and single things of tenants, as staff see them; and the tenant sees that they looked."""

import pytest

from enclaves.models import CloudAccount, Enclave, Operation
from tenants.policy import StaffRole

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

NOWHERE = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def browser(staff_browser):
    return staff_browser(StaffRole.SUPPORT)


@pytest.fixture
def things(fleet, host_of):
    """Of acme: by the noun of its address, a thing and what its page says."""
    acme, _ = fleet
    of_acme = {"tenant": acme}
    return {
        "accounts": (CloudAccount.objects.using("system").get(**of_acme), "aws:111122223333"),
        "enclaves": (Enclave.objects.using("system").get(**of_acme), "prod.aws-us-east-1c"),
        "hosts": (host_of(acme), "query-1"),
        "operations": (Operation.objects.using("system").filter(kind="deploy").get(**of_acme), "Steps"),
    }


def test_each_thing_has_a_page_and_its_tenant_alone_is_told(fleet, things, browser, looks, text_of):
    acme, globex = fleet

    texts = {noun: text_of(browser, f"/staff/{noun}/{thing.pk}/") for noun, (thing, _) in things.items()}

    assert [noun for noun, (_, said) in things.items() if said not in texts[noun]] == []
    told = [(event.subject_kind, event.subject_id) for event in looks(acme)]
    assert told == [(thing._meta.model_name, str(thing.pk)) for thing, _ in things.values()]
    assert looks(globex) == []


def test_the_page_of_a_tenant_shows_what_it_has_and_whom_to_write_to(fleet, browser, looks, text_of):
    acme, globex = fleet

    text = text_of(browser, "/staff/tenants/acme/")

    said = ("aws:111122223333", "prod.aws-us-east-1c", "recommender", "admin@acme.example", "2 active")
    assert [part for part in said if part not in text] == []
    assert ("globex" in text, "444455556666" in text) == (False, False)
    assert [(event.subject_kind, event.subject) for event in looks(acme)] == [("tenant", "acme")]
    assert looks(globex) == []


def test_who_looked_before_is_named_there(fleet, browser, staff_browser, text_of):
    text_of(staff_browser(StaffRole.APPROVER), "/staff/tenants/acme/")

    assert "approver: approver person" in text_of(browser, "/staff/tenants/acme/")


def test_no_page_shows_what_would_let_somebody_in(fleet, things, browser, text_of):
    account = things["accounts"][0]

    texts = [text_of(browser, f"/staff/{noun}/{thing.pk}/") for noun, (thing, _) in things.items()]

    assert [account.external_id in text for text in [*texts, text_of(browser, "/staff/accounts/")]] == [
        False
    ] * 5


@pytest.mark.parametrize("noun", ["accounts", "enclaves", "hosts", "operations"])
def test_what_is_not_there_is_not_found(browser, noun):
    assert browser.get(f"/staff/{noun}/{NOWHERE}/").status_code == 404


def test_a_tenant_that_is_not_there_is_not_found(browser):
    assert browser.get("/staff/tenants/nosuch/").status_code == 404


def test_the_page_of_a_tenant_costs_the_same_for_one_account_and_for_three(
    furnish, acme, browser, count_queries
):
    furnish(acme, "111122223333")
    browser.get("/staff/tenants/acme/")
    before = count_queries(browser, "/staff/tenants/acme/")
    furnish(acme, "222233334444")
    furnish(acme, "333344445555")

    assert count_queries(browser, "/staff/tenants/acme/") == before


def test_things_take_no_change(fleet, things, browser):
    answers = [browser.post(f"/staff/{noun}/{thing.pk}/") for noun, (thing, _) in things.items()]

    assert [answer.status_code for answer in answers] == [405] * 4
