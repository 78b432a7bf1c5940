import pytest

from enclaves.models import Deployment, Host, Operation, Revision
from tenants.policy import Role
from tests.enclaves.conftest import spec_text

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LIST, NEW = "/t/acme/deployments/", "/t/acme/deployments/new/"


def page_of(deployment):
    return f"/t/acme/deployments/{deployment.pk}/"


def test_a_spec_leads_to_its_plan_and_changes_nothing(browser, enclave):
    answer = browser.post(NEW, {"source": spec_text(3)}, follow=True)

    assert "query-1 to query-3" in answer.text
    assert "m7g.2xlarge, arm64, 100 GiB" in answer.text
    assert not Host.objects.using("system").exists()


def test_an_error_names_its_line_and_field_and_keeps_what_was_written(browser, enclave):
    source = spec_text(3).replace("hosts: 3", "hosts: none")

    answer = browser.post(NEW, {"source": source})

    assert answer.status_code == 400
    assert "Line 6, <code>clusters.0.hosts</code>" in answer.text
    assert "hosts: none" in answer.text
    assert not Revision.objects.using("system").exists()


@pytest.mark.parametrize("source", ["", "a: &a [*a]", "\x00", "- 1", "{" * 100, "é: ü"])
def test_a_spec_that_is_none_is_answered_with_an_error(browser, enclave, source):
    answer = browser.post(NEW, {"source": source})

    assert answer.status_code == 400
    assert "in the spec" in answer.text


def test_applying_asks_first_and_leads_to_the_operation(browser, enclave):
    browser.post(NEW, {"source": spec_text(2)})
    revision = Revision.objects.using("system").select_related("deployment").get()
    apply = f"{page_of(revision.deployment)}revisions/1/apply/"

    assert "2 to create" in browser.get(apply).text
    answer = browser.post(apply, {"plan_hash": revision.plan_hash}, follow=True)

    operation = Operation.objects.using("system").get(kind="deploy")
    assert answer.redirect_chain == [(f"/t/acme/operations/{operation.pk}/", 302)]
    assert Host.objects.using("system").count() == 2


def test_a_plan_that_is_no_longer_true_is_shown_again(browser, enclave):
    browser.post(NEW, {"source": spec_text(2)})
    deployment = Deployment.objects.using("system").get()

    apply = f"{page_of(deployment)}revisions/1/apply/"
    answer = browser.post(apply, {"plan_hash": "sha256:of-another-world"}, follow=True)

    assert "The world moved on, so the plan was made again" in answer.text
    assert not Host.objects.using("system").exists()


def test_a_reader_reads_plans_and_applies_none(browse, browser, enclave):
    browser.post(NEW, {"source": spec_text(2)})
    page = f"{page_of(Deployment.objects.using('system').get())}revisions/1/"
    reader = browse(Role.READER)

    assert "Your roles let you read plans, not apply them." in reader.get(page).text
    assert reader.post(f"{page}apply/", {"plan_hash": "x"}).status_code == 403


def test_the_page_shows_hosts_revisions_and_operations(browser, enclave, deploy, work_until_quiet):
    deployment = deploy(3)
    work_until_quiet()

    text = browser.get(page_of(deployment)).text

    assert "Live: revision 1" in text
    assert "Deploy recommender, revision 1" in text


def test_a_new_revision_begins_with_the_latest_spec(browser, enclave, deploy):
    deployment = deploy(3)

    assert "hosts: 3" in browser.get(f"{page_of(deployment)}edit/").text
    assert browser.get(f"{page_of(deployment)}edit/?from=x").status_code == 404


def test_retiring_wants_the_name_typed(browser, enclave, deploy):
    deployment = deploy(1)
    retire = f"{page_of(deployment)}retire/"

    browser.post(retire, {"word": "no"})
    assert Deployment.objects.using("system").get().state == "rolling_out"
    browser.post(retire, {"word": "recommender"})

    assert Deployment.objects.using("system").get().state == "retiring"


@pytest.mark.parametrize("page", ["", "edit/", "retire/", "revisions/1/", "revisions/1/apply/"])
def test_another_tenant_finds_nothing(browse, enclave, deploy, globex, page):
    url = f"{page_of(deploy(1))}{page}"
    stranger = browse(Role.ADMIN, globex)

    assert stranger.get(url).status_code == 404
    assert stranger.get(url.replace("acme", "globex")).status_code == 404


def test_the_list_costs_the_same_for_one_deployment_and_for_three(browser, enclave, deploy, queries):
    deploy(1)
    one = queries(browser, LIST)
    for name in ("ranker", "indexer"):
        deploy(1, application=name)

    assert queries(browser, LIST) == one
