import pytest

from enclaves.models import CloudAccount
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ACCOUNT, CLIENT_ID, DIRECTORY, SUBSCRIPTION

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])
PATH = f"cloud-accounts/{ACCOUNT}/"


def test_an_account_is_registered_with_a_binding_of_its_own(zones, cloud, api):
    response = api.post("cloud-accounts/", {"account": ACCOUNT, "title": "production"})

    body = response.json()
    assert (response.status_code, body["account"], body["state"]) == (201, ACCOUNT, "pending")
    assert body["external_id"].startswith("acme-")
    assert response.headers["Location"] == f"http://testserver{api.at(PATH)}"
    assert api.get(response.headers["Location"].removeprefix("http://testserver")).json() == body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "account"),
        ({"account": "aws:12"}, "account"),
        ({"account": "gcp:123456789012"}, "account"),
        ({"account": 7}, "account"),
        ({"account": ["aws:111122223333"]}, "account"),
        ({"account": "aws:111122223333\x00"}, "account"),
        ({"account": ACCOUNT, "title": "t" * 81}, "title"),
        ({"account": ACCOUNT, "tilte": "typed in a hurry"}, "tilte"),
        ({"account": ACCOUNT, "azure_tenant_id": DIRECTORY}, "azure_tenant_id"),
        ({"account": SUBSCRIPTION}, "azure_tenant_id"),
        ({"account": SUBSCRIPTION, "azure_tenant_id": "contoso.example"}, "azure_tenant_id"),
    ],
)
def test_what_names_no_account_is_refused_by_field(zones, cloud, api, in_acme, body, field):
    response = api.post("cloud-accounts/", body)

    assert problem_of(response)[0] == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert CloudAccount.objects.count() == 0


def test_registering_twice_is_refused(account, api):
    response = api.post("cloud-accounts/", {"account": ACCOUNT})

    assert problem_of(response) == (400, f"account: {ACCOUNT} is registered already.")


def test_only_those_who_may_register_read_the_external_id(account, program):
    shown = {role: program(role).get(PATH).json()["external_id"] for role in Role}

    assert shown == {Role.ADMIN: account.external_id, Role.DEVELOPER: None, Role.READER: None}


def test_another_tenant_finds_nothing(account, globex, program):
    stranger = program(Role.ADMIN, globex)

    assert stranger.get("cloud-accounts/").json()["results"] == []
    assert problem_of(stranger.get(PATH))[0] == 404
    assert problem_of(stranger.get(f"/api/v1/tenants/acme/{PATH}"))[0] == 404
    assert problem_of(stranger.post(f"/api/v1/tenants/acme/{PATH}verify/"))[0] == 404


def test_verifying_answers_with_the_operation_to_watch(account, api, work_until_quiet):
    response = api.post(f"{PATH}verify/")

    work_until_quiet()
    assert (response.status_code, response.json()["state"]) == (202, "queued")
    watched = api.get(response.headers["Location"].removeprefix("http://testserver")).json()
    assert (watched["state"], watched["id"]) == ("finished", response.json()["id"])
    assert api.get(PATH).json()["state"] == "verified"


def test_checks_of_the_account_come_before_those_of_its_enclaves(enclave, api):
    checks = api.get(f"{PATH}checks/").json()["results"]

    assert [(check["code"], check["enclave"], check["outcome"]) for check in checks] == [
        ("assume", None, "passed"),
        ("strangers", None, "passed"),
        ("permissions", None, "passed"),
        ("holder", None, "passed"),
        ("network", str(enclave), "passed"),
        ("subnets", str(enclave), "passed"),
    ]


def test_a_frozen_account_takes_no_changes_until_it_is_lifted(enclave, api):
    frozen = api.post(f"{PATH}freeze/").json()
    lifted = api.post(f"{PATH}unfreeze/").json()

    assert (frozen["state"], frozen["takes_changes"]) == ("verified", False)
    assert (lifted["frozen_at"], lifted["takes_changes"]) == (None, True)


def test_an_account_with_enclaves_is_not_given_up(enclave, api):
    response = api.delete(PATH)

    assert problem_of(response)[0] == 409
    assert api.get(PATH).json()["state"] == "verified"


def test_an_account_that_was_given_up_is_gone(account, api):
    response = api.delete(PATH)

    assert (response.status_code, response.content) == (204, b"")
    assert problem_of(api.get(PATH))[0] == 404


def test_the_list_costs_the_same_for_one_and_for_three(account, admin, api, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as one:
        api.get("cloud-accounts/")
    with tenant_scope(admin.tenant_id):
        for number in ("222233334444", "333344445555"):
            api.post("cloud-accounts/", {"account": f"aws:{number}"})

    with django_assert_max_num_queries(20) as three:
        found = api.get("cloud-accounts/").json()["results"]

    assert (len(found), len(three)) == (3, len(one))


def test_what_did_not_change_is_not_sent_again(account, api):
    etag = api.get(PATH).headers["ETag"]

    again = api.get(PATH, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_a_repeated_registration_is_made_once(zones, cloud, api, in_acme):
    key = {"Idempotency-Key": "one"}
    first = api.post("cloud-accounts/", {"account": ACCOUNT}, headers=key)
    second = api.post("cloud-accounts/", {"account": ACCOUNT}, headers=key)

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert CloudAccount.objects.count() == 1


def test_a_subscription_is_registered_with_the_directory_that_it_trusts(zones, cloud, api):
    response = api.post("cloud-accounts/", {"account": SUBSCRIPTION, "azure_tenant_id": DIRECTORY})

    body = response.json()
    assert (response.status_code, body["cloud"], body["azure_tenant_id"]) == (201, "azure", DIRECTORY)
    assert (body["external_id"], body["azure_client_id"]) == (None, None)


def test_the_client_id_is_handed_in_and_the_account_verified_with_it(subscription, api, work_until_quiet):
    response = api.post(f"cloud-accounts/{SUBSCRIPTION}/client-id/", {"azure_client_id": CLIENT_ID})
    work_until_quiet()

    assert (response.status_code, response.json()["azure_client_id"]) == (200, CLIENT_ID)
    assert api.get(f"cloud-accounts/{SUBSCRIPTION}/").json()["state"] == "verified"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "azure_client_id"),
        ({"azure_client_id": "a secret"}, "azure_client_id"),
        ({"client": "x"}, "client"),
    ],
)
def test_what_is_no_client_id_is_refused_by_field(subscription, api, body, field):
    response = api.post(f"cloud-accounts/{SUBSCRIPTION}/client-id/", body)

    assert problem_of(response)[0] == 400
    assert field in {error["field"] for error in response.json()["errors"]}


def test_an_aws_account_takes_no_client_id(account, api):
    response = api.post(f"{PATH}client-id/", {"azure_client_id": CLIENT_ID})

    assert problem_of(response)[0] == 409


def test_only_those_who_register_hand_in_and_strangers_find_nothing(subscription, globex, program):
    answers = [
        who.post(f"cloud-accounts/{SUBSCRIPTION}/client-id/", {"azure_client_id": CLIENT_ID}).status_code
        for who in (program(Role.DEVELOPER), program(Role.ADMIN, globex))
    ]

    assert answers == [403, 404]
