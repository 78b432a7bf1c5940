import pytest

from enclaves.models import Enclave
from tenants.policy import Role
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ACCOUNT, ZONE

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])
PATH = f"enclaves/{ACCOUNT}/{ZONE}/"


def test_an_enclave_is_created_and_becomes_ready_once_it_is_proved(account, api, work_until_quiet):
    response = api.post("enclaves/", {"account": ACCOUNT, "zone": ZONE})

    assert (response.status_code, response.json()["state"]) == (201, "pending")
    assert response.headers["Location"] == f"http://testserver{api.at(PATH)}"
    work_until_quiet()
    now = api.get(PATH).json()
    assert (now["enclave"], now["state"], now["checks"]) == (
        f"{ACCOUNT}/{ZONE}",
        "ready",
        {"total": 2, "passed": 2},
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"account": "aws:999999999999", "zone": ZONE}, "account"),
        ({"account": ACCOUNT, "zone": "prod.aws-atlantis"}, "zone"),
        ({"account": ACCOUNT}, "zone"),
        ({"account": ACCOUNT, "zone": {"name": ZONE}}, "zone"),
        ({"account": ACCOUNT, "zone": ZONE, "region": "us-east-1"}, "region"),
    ],
)
def test_what_names_no_place_is_refused_by_field(account, api, in_acme, body, field):
    response = api.post("enclaves/", body)

    assert problem_of(response)[0] == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert Enclave.objects.count() == 0


def test_an_account_has_one_enclave_in_a_zone(enclave, api):
    response = api.post("enclaves/", {"account": ACCOUNT, "zone": ZONE})

    assert problem_of(response)[0] == 400


def test_an_enclave_is_listed_with_its_hosts(enclave, deploy, api, work_until_quiet):
    deploy(hosts=3)
    work_until_quiet()

    listed = api.get("enclaves/").json()["results"]

    assert [(one["enclave"], one["hosts"]["active"]) for one in listed] == [(str(enclave), 3)]


def test_an_enclave_with_deployments_is_not_given_up(enclave, deploy, api):
    deploy(hosts=1)

    assert problem_of(api.delete(PATH))[0] == 409


def test_an_enclave_that_was_given_up_is_gone(enclave, api):
    assert api.delete(PATH).status_code == 204
    assert problem_of(api.get(PATH))[0] == 404


def test_a_reader_creates_nothing(account, program, in_acme):
    response = program(Role.READER).post("enclaves/", {"account": ACCOUNT, "zone": ZONE})

    assert problem_of(response)[0] == 403
    assert Enclave.objects.count() == 0


def test_another_tenant_cannot_use_the_account(account, globex, program, in_acme):
    stranger = program(Role.ADMIN, globex)

    response = stranger.post("enclaves/", {"account": ACCOUNT, "zone": ZONE})

    assert problem_of(response) == (400, f"account: {ACCOUNT} is not registered.")
    assert Enclave.objects.count() == 0
