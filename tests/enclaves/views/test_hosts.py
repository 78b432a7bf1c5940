import pytest

from enclaves.models import Host
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.views.conftest import SCRIPT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LIST = "/t/acme/hosts/"


@pytest.fixture
def hosts(enclave, deploy, work_until_quiet):
    deploy(3)
    work_until_quiet()
    return list(Host.objects.using("system").order_by("number"))


def test_the_table_has_a_row_for_each_host(browser, hosts):
    text = browser.get(LIST).text

    assert [host.name in text for host in hosts] == [True, True, True]
    assert "3 hosts" in text
    assert "active" in text


def test_before_any_deployment_the_page_says_how_hosts_come(browser, acme):
    assert "No hosts yet" in browser.get(LIST).text


@pytest.mark.parametrize("wish", ["q=query-2", "q=i-2", "group=look", "enclave=nonsense", "cluster=content"])
def test_a_filter_shows_what_fits_and_nothing_else(browser, hosts, wish):
    text = browser.get(f"{LIST}?{wish}", headers=SCRIPT).text

    assert ("query-2" in text, "query-1" in text) == (wish.startswith("q="), False)


def test_a_filter_that_fits_nothing_offers_to_show_all(browser, hosts):
    text = browser.get(f"{LIST}?q=nobody").text

    assert "No host fits the filter" in text
    assert "Show all" in text


def test_hosts_that_need_a_look_have_a_chip_of_their_own(browser, hosts):
    with tenant_scope(hosts[0].tenant_id):
        Host.objects.filter(pk=hosts[0].pk).update(state="failed", problem="It went silent.")

    text = browser.get(f"{LIST}?group=look").text

    assert "Needs a look 1" in text
    assert "It went silent." in text


def test_a_long_list_comes_in_pages(browser, hosts, monkeypatch):
    monkeypatch.setattr("tenants.paging.PAGE_SIZE", 2)

    first = browser.get(LIST)
    second = browser.get(LIST + first.context["page"].next)

    assert [host.name for host in first.context["page"].rows] == ["query-1", "query-2"]
    assert [host.name for host in second.context["page"].rows] == ["query-3"]


def test_one_host_has_its_facts_and_its_time_line(browser, hosts):
    text = browser.get(f"{LIST}{hosts[0].pk}/").text

    assert "ready → active" in text
    assert hosts[0].instance_id in text
    assert "m7g.2xlarge, 8 vCPU, 32 GiB, arm64" in text


def test_another_tenant_finds_nothing(browse, hosts, globex):
    stranger = browse(Role.ADMIN, globex)

    assert stranger.get(f"/t/globex/hosts/{hosts[0].pk}/").status_code == 404
    assert "query-1" not in stranger.get("/t/globex/hosts/").text


def test_the_list_costs_the_same_for_three_hosts_and_for_nine(browser, hosts, deploy, queries):
    three = queries(browser, LIST)
    deploy(6, application="ranker")

    assert queries(browser, LIST) == three
