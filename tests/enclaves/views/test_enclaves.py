import pytest

from enclaves.models import CloudAccount, Enclave, Zone
from enclaves.services import enclaves as services
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT, AZURE_ZONE, SUBSCRIPTION, ZONE

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LIST, ADD, PAGE = "/t/acme/enclaves/", "/t/acme/enclaves/add/", f"/t/acme/enclaves/{ACCOUNT}/{ZONE}/"


def test_a_zone_is_added_to_a_verified_account(browser, account, work_until_quiet):
    work_until_quiet()

    answer = browser.post(ADD, {"account": ACCOUNT, "zone": ZONE}, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "waiting for the zone template" in answer.text


def test_without_a_verified_account_the_page_says_what_is_missing(browser, account):
    assert "No verified account" in browser.get(ADD).text


def test_the_same_zone_twice_is_refused_beside_the_field(browser, enclave):
    answer = browser.post(ADD, {"account": ACCOUNT, "zone": ZONE})

    assert "has an enclave in" in answer.text
    assert Enclave.objects.using("system").count() == 1


def test_the_page_shows_posture_resources_and_template(browser, enclave):
    text = browser.get(PAGE).text

    assert "2 of 2 passed" in text
    assert "vpc-1" in text
    assert "enclave-zone-" in text


def test_machines_that_no_row_explains_are_shown(browser, enclave):
    with tenant_scope(enclave.tenant_id):
        found = [{"instance_id": "i-stray", "machine": "m7g.large", "state": "running"}]
        Enclave.objects.filter(pk=enclave.pk).update(unexplained=found)

    text = browser.get(PAGE).text

    assert "1 machine in this network that no row explains" in text
    assert "i-stray (m7g.large, running)" in text


def test_the_zone_template_can_be_downloaded(browser, enclave):
    answer = browser.get(f"{PAGE}template/")

    assert "AWS::EC2::VPC" in answer.text


def test_removing_wants_the_zone_typed(browser, enclave):
    browser.post(f"{PAGE}remove/", {"word": "no"})
    assert Enclave.objects.using("system").get().state == "ready"

    browser.post(f"{PAGE}remove/", {"word": ZONE})

    assert Enclave.objects.using("system").get().state == "removed"


def test_another_tenant_finds_nothing(browse, enclave, globex):
    stranger = browse(Role.ADMIN, globex)

    assert stranger.get(PAGE).status_code == 404
    assert stranger.get(PAGE.replace("acme", "globex")).status_code == 404


def test_the_list_costs_the_same_for_one_enclave_and_for_three(browser, enclave, admin, queries):
    one = queries(browser, LIST)
    with tenant_scope(admin.tenant_id):
        for name in ("dev.aws-us-east-1a", "dev.aws-us-east-1b"):
            facts = {"environment": "dev", "cloud": "aws", "region": "us-east-1"}
            Zone.objects.get_or_create(name=name, defaults={**facts, "availability_zone_ids": ["use1-az1"]})
            services.create_enclave(enclave.account, by=admin, zone=name)

    assert queries(browser, LIST) == one


AZURE_PAGE = f"/t/acme/enclaves/{SUBSCRIPTION}/{AZURE_ZONE}/"


def test_a_zone_of_a_subscription_is_told_in_the_words_of_its_cloud(browser, azure_enclave):
    with tenant_scope(azure_enclave.tenant_id):
        found = {"network_id": "/subscriptions/s/virtualNetworks/enclave-hosts", "group": "enclave-prod"}
        Enclave.objects.filter(pk=azure_enclave.pk).update(resources=found)

    text = browser.get(AZURE_PAGE).text

    assert 'VNet <tspan class="sub code" dx="6">enclave-hosts</tspan>' in text
    assert "resource group <code>enclave-prod</code>" in text
    assert "VPC" not in text
    assert "az deployment sub create" in text


def test_a_zone_template_that_has_to_wait_says_for_what(browser, azure_enclave):
    with tenant_scope(azure_enclave.tenant_id):
        CloudAccount.objects.update(facts={})

    text = browser.get(AZURE_PAGE).text
    answer = browser.get(f"{AZURE_PAGE}template/", follow=True)

    assert "Waiting for the proof of the account" in text
    assert "az deployment" not in text
    assert answer.redirect_chain == [(AZURE_PAGE, 302)]


def test_the_page_of_a_zone_costs_the_same_in_each_cloud(browser, enclave, azure_enclave, queries):
    assert queries(browser, PAGE) == queries(browser, AZURE_PAGE)
