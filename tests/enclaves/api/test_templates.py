import pytest

from enclaves.models import CloudAccount
from tenants.policy import Role
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ACCOUNT, AZURE_ZONE, SUBSCRIPTION, ZONE

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])
PATH = f"cloud-accounts/{ACCOUNT}/templates"


def test_the_account_template_comes_as_a_file_with_the_external_id(account, api):
    response = api.get(f"{PATH}/account/")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/yaml; charset=utf-8")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="')
    assert account.external_id in response.content.decode()


def test_the_zone_template_is_that_of_an_enclave(enclave, api):
    response = api.get(f"{PATH}/zone/", {"zone": ZONE, "format": "cloudformation"})

    assert (response.status_code, "Resources:" in response.content.decode()) == (200, True)


def test_as_json_it_says_how_to_apply_it(account, api):
    body = api.get(f"{PATH}/account/", headers={"Accept": "application/json"}).json()

    assert "Resources:" in body["text"]
    assert body["file_name"] in body["command"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "terraform", "zone": ZONE}, "format"),
        ({"format": "json", "zone": ZONE}, "format"),
        ({}, "zone"),
        ({"zone": "\x00"}, "zone"),
        ({"zone": ZONE, "langauge": "arm"}, "langauge"),
    ],
)
def test_a_language_that_is_not_offered_is_a_problem(enclave, api, query, field):
    response = api.get(f"{PATH}/zone/", query)

    assert problem_of(response)[0] == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize("zone", ["prod.aws-nowhere", "'; --"])
def test_there_is_no_template_for_a_zone_without_an_enclave(enclave, api, zone):
    assert problem_of(api.get(f"{PATH}/zone/", {"zone": zone}))[0] == 404


def test_a_problem_is_a_problem_also_for_those_who_ask_for_yaml(enclave, api):
    response = api.get(f"{PATH}/zone/", {"format": "arm"}, headers={"Accept": "text/yaml"})

    assert problem_of(response)[0] == 400


def test_only_those_who_may_register_get_the_external_id_with_the_template(account, program):
    statuses = {role: program(role).get(f"{PATH}/account/").status_code for role in Role}

    assert statuses == {Role.ADMIN: 200, Role.DEVELOPER: 403, Role.READER: 403}


def test_the_templates_of_a_subscription_come_as_arm(azure_enclave, api):
    path = f"cloud-accounts/{SUBSCRIPTION}/templates"
    account, zone = (
        api.get(f"{path}/account/"),
        api.get(f"{path}/zone/", {"zone": AZURE_ZONE, "format": "arm"}),
    )

    assert {one.headers["Content-Type"] for one in (account, zone)} == {"text/plain; charset=utf-8"}
    assert all("subscriptionDeploymentTemplate.json" in one.content.decode() for one in (account, zone))
    body = api.get(f"{path}/account/", headers={"Accept": "application/json"}).json()
    assert (body["format"], body["file_name"]) == ("arm", "enclave-account.json")
    assert f"--subscription {SUBSCRIPTION.removeprefix('azure:')}" in body["command"]


def test_a_zone_template_that_waits_for_the_proof_is_a_conflict(azure_enclave, api, in_acme):
    CloudAccount.objects.update(facts={})

    status, detail = problem_of(
        api.get(f"cloud-accounts/{SUBSCRIPTION}/templates/zone/", {"zone": AZURE_ZONE})
    )

    assert (status, "proof" in detail) == (409, True)
