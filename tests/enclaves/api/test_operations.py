import pytest

from tenants.policy import Role
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ACCOUNT

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


@pytest.fixture
def operation(enclave, deploy, api, work_until_quiet):
    """A deployment of two hosts, carried out."""
    deploy(hosts=2)
    work_until_quiet()
    return api.get("operations/", {"kind": "deploy"}).json()["results"][0]


def test_an_operation_tells_how_it_went_step_by_step(operation, enclave):
    assert (operation["state"], operation["revision"], operation["enclave"]) == ("finished", 1, str(enclave))
    assert {step["state"] for step in operation["steps"]} == {"done"}
    assert operation["ended_at"].endswith("Z")


def test_the_log_is_read_on_from_the_last_line(operation, api):
    path = f"operations/{operation['id']}/events/"
    whole = api.get(path).json()
    texts = [line["text"] for line in whole["results"]]

    first = api.get(path, {"limit": 1}).json()
    rest = api.client.get(first["next"].replace("limit=1", "limit=50")).json()

    assert [line["text"] for line in first["results"] + rest["results"]] == texts
    assert (whole["next"], rest["next"]) == (None, None)
    assert api.get(path, {"after": whole["results"][-1]["id"]}).json()["results"] == []


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "-1"}, {"limit": "501"}, {"since": "1"}])
def test_a_place_in_the_log_that_makes_no_sense_is_refused(operation, api, query):
    assert problem_of(api.get(f"operations/{operation['id']}/events/", query))[0] == 400


def test_operations_are_narrowed_by_what_they_are(operation, api):
    api.post(f"cloud-accounts/{ACCOUNT}/verify/")

    def kinds(**query):
        return [one["kind"] for one in api.get("operations/", query).json()["results"]]

    assert kinds() == ["verify", "deploy"]
    assert (kinds(state="queued"), kinds(deployment=operation["deployment"])) == (["verify"], ["deploy"])
    assert problem_of(api.get("operations/", {"state": "paused"}))[0] == 400


def test_the_list_costs_the_same_for_one_and_for_three(operation, api, django_assert_max_num_queries):
    api.post(f"cloud-accounts/{ACCOUNT}/verify/")
    api.post(f"deployments/{operation['deployment']}/retire/")
    with django_assert_max_num_queries(10) as one:
        assert len(api.get("operations/", {"limit": 1}).json()["results"]) == 1

    with django_assert_max_num_queries(10) as three:
        assert len(api.get("operations/").json()["results"]) == 3

    assert len(three) == len(one)


def test_another_tenant_finds_no_operation(operation, globex, program):
    stranger = program(Role.ADMIN, globex)

    assert problem_of(stranger.get(f"operations/{operation['id']}/"))[0] == 404
    assert problem_of(stranger.get(f"operations/{operation['id']}/events/"))[0] == 404
