import pytest
from django.db.transaction import atomic

from enclaves.models import CloudAccount, Deployment, Enclave
from enclaves.services import accounts
from tenants.kinds import Kind
from tenants.notifications import notify
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

HOME = "/t/acme/"


def test_a_new_tenant_is_told_where_to_begin(browser, acme):
    text = browser.get(HOME).text

    assert "Begin with a cloud account of yours." in text
    assert "Register a cloud account" in text


def test_a_quiet_page_means_that_all_is_well(browser, enclave, deploy, work_until_quiet):
    deploy(2)
    work_until_quiet()

    text = browser.get(HOME).text

    assert "Nothing needs you." in text
    assert "2 active" in text


def test_what_needs_a_person_comes_first(browser, enclave, deploy):
    deployment = deploy(1)
    with tenant_scope(enclave.tenant_id):
        CloudAccount.objects.update(state="degraded", problem="A permission is missing")
        Enclave.objects.update(unexplained=[{"instance_id": "i-1", "machine": "", "state": "running"}])
        Deployment.objects.filter(pk=deployment.pk).update(state="held_back", problem="A host failed.")

    page = browser.get(HOME)

    titles = [need.title for need in page.context["needs"]]
    assert titles == [
        f"{ACCOUNT} is degraded, changes are stopped",
        f"{enclave.zone_id} has machines that no row explains",
        "recommender is held back",
    ]


def test_a_condition_that_no_row_speaks_of_needs_a_person_too(browser, enclave, deploy):
    deployment = deploy(1)
    known = {"tenant": enclave.tenant, "detail": "query-1: It is ill", "link": "/t/acme/hosts/"}
    with atomic(), tenant_scope(enclave.tenant_id):
        Deployment.objects.filter(pk=deployment.pk).update(state="held_back", problem="A host failed.")
        notify(Kind.HOST_FAILED, source="deployment:another", title="1 host failed", **known)
        notify(Kind.OPERATION_FAILED, source=f"deployment:{deployment.pk}", title="It failed", **known)

    page = browser.get(HOME)

    assert [need.title for need in page.context["needs"]] == ["recommender is held back", "1 host failed"]


def test_a_running_operation_is_shown_with_its_progress(browser, enclave, deploy):
    deploy(2)

    text = browser.get(HOME).text

    assert "Deploy recommender, revision 1" in text
    assert 'max="5"' in text


def test_the_audit_is_shown_in_words(browser, account):
    assert "Account registered" in browser.get(HOME).text


def test_a_stranger_does_not_learn_that_the_tenant_exists(browse, acme, globex):
    assert browse(Role.ADMIN, globex).get(HOME).status_code == 404


def test_the_page_costs_the_same_for_one_account_and_for_three(browser, account, admin, queries):
    one = queries(browser, HOME)
    with tenant_scope(admin.tenant_id):
        for number in ("222233334444", "333344445555"):
            accounts.register_account(by=admin, account=f"aws:{number}")

    assert queries(browser, HOME) == one
