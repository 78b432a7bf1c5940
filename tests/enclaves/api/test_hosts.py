import pytest

from tenants.policy import Role
from tests.enclaves.api.conftest import problem_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


@pytest.fixture
def hosts(enclave, deploy, api, work_until_quiet):
    """Three active hosts."""
    deploy(hosts=3)
    work_until_quiet()
    return api.get("hosts/").json()["results"]


def test_a_host_tells_what_and_where_it_is(hosts, enclave):
    host = hosts[0]

    assert (host["application"], host["enclave"], host["cluster"]) == ("recommender", str(enclave), "query")
    assert (host["state"], host["machine"], host["private_ipv4"]) == ("active", "m7g.2xlarge", None)
    assert host["created_at"].endswith("Z")


def test_a_host_shows_its_moves_newest_first(hosts, api):
    timeline = api.get(f"hosts/{hosts[0]['id']}/").json()["timeline"]

    assert [(move["origin"], move["target"]) for move in timeline] == [
        ("ready", "active"),
        ("provisioned", "ready"),
        ("planned", "provisioned"),
        (None, "planned"),
    ]


def test_hosts_are_narrowed_by_what_they_are(hosts, enclave, api):
    def count(**query):
        return len(api.get("hosts/", query).json()["results"])

    assert (count(enclave=str(enclave)), count(enclave="aws:999999999999/prod.x")) == (3, 0)
    assert (count(deployment=hosts[0]["deployment"]), count(deployment=hosts[0]["id"])) == (3, 0)
    assert (count(cluster="query"), count(cluster="content")) == (3, 0)
    assert (count(state=["active", "failed"]), count(state="failed")) == (3, 0)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "blue"}, "colour"),
        ({"state": "asleep"}, "state"),
        ({"deployment": "recommender"}, "deployment"),
        ({"enclave": "mine"}, "enclave"),
        ({"cluster": "\x00"}, "cluster"),
        ({"limit": "all"}, "limit"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(zones, api, query, field):
    response = api.get("hosts/", query)

    assert problem_of(response)[0] == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_pages_lead_through_all_hosts_and_back(hosts, api):
    first = api.get("hosts/", {"limit": 2}).json()
    second = api.client.get(first["next"]).json()
    back = api.client.get(second["previous"]).json()

    assert [host["id"] for host in first["results"] + second["results"]] == [host["id"] for host in hosts]
    assert (first["previous"], second["next"], back["results"]) == (None, None, first["results"])


def test_the_list_costs_the_same_for_one_and_for_three(hosts, api, django_assert_max_num_queries):
    with django_assert_max_num_queries(10) as one:
        api.get("hosts/", {"limit": 1})
    with django_assert_max_num_queries(10) as three:
        api.get("hosts/")

    assert len(three) == len(one) > 0


def test_another_tenant_finds_no_host(hosts, globex, program):
    stranger = program(Role.ADMIN, globex)

    assert stranger.get("hosts/").json()["results"] == []
    assert problem_of(stranger.get(f"hosts/{hosts[0]['id']}/"))[0] == 404
    assert problem_of(stranger.get(f"/api/v1/tenants/acme/hosts/{hosts[0]['id']}/"))[0] == 404
