"""Lists across tenants, as staff see them; and each tenant sees that they looked."""

import pytest
from django.db import transaction

from tenants import audit
from tenants.policy import StaffRole
from tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LISTS = {
    "accounts": ("aws:111122223333", "aws:444455556666"),
    "enclaves": ("aws:111122223333", "aws:444455556666"),
    "hosts": ("/staff/tenants/acme/", "/staff/tenants/globex/"),
    "operations": ("/staff/tenants/acme/", "/staff/tenants/globex/"),
}


@pytest.fixture
def browser(staff_browser):
    return staff_browser(StaffRole.SUPPORT)


def test_a_list_shows_the_things_of_all_tenants_and_each_is_told(fleet, browser, staff, looks, text_of):
    texts = {name: text_of(browser, f"/staff/{name}/") for name in LISTS}

    assert [name for name, of_each in LISTS.items() if not all(one in texts[name] for one in of_each)] == []
    for tenant in fleet:
        told = [(event.actor_kind, event.actor, event.subject_kind, event.subject) for event in looks(tenant)]
        assert told == [("staff", "support: support person", "list", name) for name in LISTS]
        assert {event.actor_id for event in looks(tenant)} == {staff(StaffRole.SUPPORT).id}


def test_a_tenant_whose_rows_were_not_shown_is_not_told(fleet, browser, looks, text_of):
    acme, globex = fleet

    texts = [text_of(browser, f"/staff/{name}/?tenant=globex") for name in LISTS]

    seen = [("/staff/tenants/globex/" in text, "/staff/tenants/acme/" in text) for text in texts]
    assert seen == [(True, False)] * len(LISTS)
    assert (len(looks(acme)), len(looks(globex))) == (0, len(LISTS))


def test_who_looks_again_within_ten_minutes_is_told_of_once(fleet, browser, looks, text_of):
    acme, _ = fleet
    for _ in range(3):
        text_of(browser, "/staff/hosts/")

    assert len(looks(acme)) == 1


def test_somebody_else_and_another_list_are_looks_of_their_own(fleet, browser, staff_browser, looks, text_of):
    acme, _ = fleet

    text_of(browser, "/staff/hosts/")
    text_of(browser, "/staff/accounts/")
    text_of(staff_browser(StaffRole.APPROVER), "/staff/hosts/")

    assert [(event.subject, event.actor.split(":")[0]) for event in looks(acme)] == [
        ("hosts", "support"),
        ("accounts", "support"),
        ("hosts", "approver"),
    ]


def test_after_ten_minutes_a_look_is_told_of_anew(fleet, browser, looks, text_of, monkeypatch):
    acme, _ = fleet
    text_of(browser, "/staff/hosts/")
    monkeypatch.setattr(audit, "LOOKED_EVERY", audit.LOOKED_EVERY * 0)

    text_of(browser, "/staff/hosts/")

    assert len(looks(acme)) == 2


def test_the_chains_are_intact_after_looks(fleet, browser, text_of):
    for name in LISTS:
        text_of(browser, f"/staff/{name}/")

    for tenant in fleet:
        with transaction.atomic(), tenant_scope(tenant.pk):
            assert audit.verify(tenant).problem == ""


def test_a_member_reads_in_the_audit_of_the_tenant_who_looked(fleet, browser, browse, text_of):
    from tenants.policy import Role

    text_of(browser, "/staff/hosts/")

    assert "support: support person" in text_of(browse(Role.READER), "/t/acme/audit/?action=staff.")


A, G, ONE, TWO = "aws:111122223333", "aws:444455556666", "query-1", "query-2"
FOUND = {
    "hosts/?q=query-1": {ONE},
    "hosts/?q=query-1&tenant=acme": {ONE},
    "hosts/?state=failed": set(),
    "hosts/?zone=prod.aws-us-east-1c&tenant=acme": {ONE, TWO},
    "hosts/?zone=prod.azure-eastus-az1": set(),
    "hosts/?group=look": set(),
    "accounts/?q=1111": {A},
    "accounts/?q=globex": {G},
    "accounts/?cloud=azure": set(),
    "accounts/?state=verified&tenant=acme": {A},
    "enclaves/?q=4444": {G},
    "enclaves/?state=degraded": set(),
    "operations/?kind=retire": set(),
    "tenants/?q=GLO": {"/tenants/globex/"},
    "tenants/?state=frozen": set(),
}
KNOWN = {"hosts": {ONE, TWO}, "accounts": {A, G}, "enclaves": {A, G}, "operations": {"/tenants/acme/"}}
KNOWN["tenants"] = {"/tenants/acme/", "/tenants/globex/"}


def test_search_and_filters_show_what_fits_and_nothing_else(fleet, browser, text_of):
    tables = {url: text_of(browser, f"/staff/{url}").partition('id="rows"')[2] for url in FOUND}

    shown = {url: {one for one in KNOWN[url.split("/")[0]] if one in tables[url]} for url in FOUND}
    assert shown == FOUND
    said = {url for url, table in tables.items() if "Nothing fits the filter" in table}
    assert said == {url for url, found in FOUND.items() if not found}


def test_a_wish_that_makes_no_sense_filters_nothing(fleet, browser, text_of):
    wishes = ("state=nonsense", "cloud=nonsense", "q=%00", "after=nonsense")

    texts = [text_of(browser, f"/staff/accounts/?{wish}") for wish in wishes]

    assert [A in text for text in texts] == [True] * 4


def test_a_long_list_comes_in_pages(fleet, browser, monkeypatch):
    monkeypatch.setattr("tenants.paging.PAGE_SIZE", 3)

    first = browser.get("/staff/hosts/")
    second = browser.get("/staff/hosts/" + first.context["page"].next)

    both = [host.pk for answer in (first, second) for host in answer.context["page"].rows]
    assert (len(both), len(set(both))) == (4, 4)


def test_a_list_costs_the_same_for_one_tenant_and_for_three(
    furnish, acme, globex, new_tenant, browser, count_queries, monkeypatch
):
    monkeypatch.setattr(audit, "LOOKED_EVERY", audit.LOOKED_EVERY * 0)  # each look is told of
    furnish(acme, "111122223333")
    before = {name: count_queries(browser, f"/staff/{name}/") for name in ("tenants", *LISTS)}
    furnish(globex, "444455556666")
    furnish(new_tenant("initech"), "777788889999")

    after = {name: count_queries(browser, f"/staff/{name}/") for name in before}

    assert after == before
    assert max(after.values()) <= 20


def test_a_list_that_nobody_has_anything_in_says_what_will_come(browser, text_of):
    assert [
        "No account yet" in text_of(browser, "/staff/accounts/"),
        "No host yet" in text_of(browser, "/staff/hosts/"),
    ] == [True, True]
