"""The fleet in figures."""

import pytest

from enclaves.models import CloudAccount, Enclave, Host, HostMove, Operation, Zone
from tenants.models import Tenant
from tenants.policy import StaffRole

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

PAGE = "/staff/"


@pytest.fixture
def browser(staff_browser):
    return staff_browser(StaffRole.SUPPORT)


def test_a_zone_is_rolled_up_over_all_tenants(fleet, browser):
    figures = browser.get(PAGE).context["figures"]

    (zone,) = figures.zones
    assert (zone.name, zone.tenant_names, zone.state) == (
        "prod.aws-us-east-1c",
        ("acme", "globex"),
        "healthy",
    )
    assert (zone.hosts, zone.accounts_verified, zone.accounts) == ({"active": 4}, 2, 2)
    assert (figures.tenants, figures.accounts, figures.hosts_active) == (2, {"verified": 2}, 4)


def test_figures_are_no_look_into_a_tenant(fleet, browser, looks, text_of):
    text = text_of(browser, PAGE) + text_of(browser, "/staff/tenants/")

    assert [looks(tenant) for tenant in fleet] == [[], []]
    assert ("aws:111122223333" in text, "query-1" in text) == (False, False)


def test_a_quiet_fleet_says_so(fleet, browser, text_of):
    assert "Nothing needs a look." in text_of(browser, PAGE)


def test_what_needs_a_look_leads_to_it(fleet, browser, text_of, host_of):
    acme, globex = fleet
    Host.objects.using("system").filter(pk=host_of(acme).pk).update(state="failed")
    CloudAccount.objects.using("system").filter(tenant=globex).update(state="insecure")
    Enclave.objects.using("system").filter(tenant=acme).update(
        state="degraded", unexplained=[{"instance_id": "i-1"}]
    )
    Operation.objects.using("system").filter(tenant=acme, kind="deploy").update(state="failed")

    text = text_of(browser, PAGE)

    for said in (
        "1 cloud account is insecure",
        "/staff/accounts/?state=insecure",
        "1 host in prod.aws-us-east-1c needs a look",
        "/staff/hosts/?group=look&amp;zone=prod.aws-us-east-1c",
        "1 enclave in prod.aws-us-east-1c is degraded",
        "1 machine in prod.aws-us-east-1c that no row explains",
        "1 operation failed within a day",
    ):
        assert said in text
    assert browser.get(PAGE).context["figures"].zones[0].state == "degraded"


def test_hosts_that_failed_today_are_counted_though_they_are_gone(fleet, browser, host_of):
    host = host_of(fleet[0])
    HostMove.objects.using("system").create(
        host_id=host.pk, tenant_id=host.tenant_id, target="failed", by="the worker"
    )

    assert browser.get(PAGE).context["figures"].zones[0].failed_today == 1


def test_of_very_many_hosts_only_the_number_is_shown(fleet, browser, monkeypatch):
    monkeypatch.setattr("enclaves.views.staff.overview.MOST_CELLS", 3)

    (row,) = browser.get(PAGE).context["rows"]

    assert (row.cells, row.zone.hosts_total) == ((), 4)


def test_the_overview_costs_the_same_for_one_tenant_and_for_three(
    furnish, acme, globex, new_tenant, browser, count_queries
):
    furnish(acme, "111122223333")
    before = count_queries(browser, PAGE)
    furnish(globex, "444455556666")
    furnish(new_tenant("initech"), "777788889999")

    assert count_queries(browser, PAGE) == before <= 17


def test_an_empty_portal_has_an_overview_too(browser, text_of):
    assert not Tenant.objects.using("system").exists()
    assert "No enclave yet" in text_of(browser, PAGE)


def test_zones_that_nobody_uses_are_not_in_the_way(fleet, browser, zones):
    assert Zone.objects.count() > 1

    assert len(browser.get(PAGE).context["rows"]) == 1
