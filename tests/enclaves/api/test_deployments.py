import json

import pytest

from enclaves.models import Application, Deployment, Host, Revision
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ACCOUNT, IMAGE, ZONE, spec_text

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


def spec(hosts=3, **changes):
    machine = {"vcpu": 8, "memory_gib": 32, "disk_gib": 100, "architecture": "arm64"}
    clusters = [{"name": "query", "hosts": hosts, "machine": machine}]
    whole = {"application": "recommender", "enclave": f"{ACCOUNT}/{ZONE}", "image": IMAGE}
    return {**whole, "clusters": clusters, **changes}


def submit(api, hosts=3):
    return api.post("deployments/", spec(hosts)).json()


def apply(api, submitted):
    return api.post(f"deployments/{submitted['deployment']}/apply/", {"plan_hash": submitted["plan_hash"]})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (spec(), "application/json"),
        ({"spec": spec_text()}, "application/json"),
        (spec_text(), "application/yaml"),
        (json.dumps(spec(), indent="\t"), "application/json"),
    ],
)
def test_a_spec_is_taken_in_every_form_and_answered_with_its_plan(enclave, api, body, content_type):
    response = api.post("deployments/", body, content_type)

    made = response.json()
    assert (response.status_code, made["revision"], len(made["plan"]["create"])) == (201, 1, 3)
    shown = api.get(response.headers["Location"].removeprefix("http://testserver")).json()
    assert (shown["plan_hash"], shown["spec"]["application"]) == (made["plan_hash"], "recommender")


def test_a_plan_is_applied_by_its_hash_and_hosts_become_active(enclave, api, work_until_quiet):
    submitted = submit(api)

    response = apply(api, submitted)

    assert (response.status_code, response.json()["kind"], response.json()["revision"]) == (202, "deploy", 1)
    work_until_quiet()
    watched = api.get(response.headers["Location"].removeprefix("http://testserver")).json()
    hosts = api.get("hosts/", {"deployment": submitted["deployment"], "state": "active"}).json()["results"]
    assert (watched["state"], len(hosts)) == ("finished", 3)
    shown = api.get(f"deployments/{submitted['deployment']}/").json()
    assert (shown["state"], shown["applied_revision"], shown["hosts"]["active"]) == ("live", 1, 3)


def test_a_plan_that_has_changed_is_answered_with_the_new_one_which_then_goes(
    enclave, api, deploy, work_until_quiet
):
    deploy(hosts=1)
    work_until_quiet()
    submitted = submit(api, hosts=3)
    with tenant_scope(enclave.tenant_id):
        Host.objects.update(want_to_retire=True)

    changed = apply(api, submitted)

    assert problem_of(changed)[0] == 409
    now = changed.json()
    assert (len(submitted["plan"]["create"]), len(now["plan"]["create"]), now["revision"]) == (2, 3, 2)
    assert apply(api, {**submitted, "plan_hash": now["plan_hash"]}).status_code == 202


def test_a_hash_that_no_plan_has_is_answered_with_the_plan_of_the_newest_revision(enclave, api):
    submitted = submit(api)

    response = apply(api, {**submitted, "plan_hash": f"sha256:{'0' * 64}"})

    assert problem_of(response)[0] == 409
    assert response.json()["plan_hash"] == submitted["plan_hash"]


def test_a_plan_is_applied_once(enclave, api):
    submitted = submit(api)
    apply(api, submitted)

    assert problem_of(apply(api, submitted))[0] == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"plan_hash": "sha256:short"}, 400),
        ({"plan_hash": None}, 400),
        ({"plan_hash": f"sha256:{'0' * 64}", "revision": "first"}, 400),
        ({"plan_hash": f"sha256:{'0' * 64}", "revision": 99}, 404),
        ({"plan_hash": f"sha256:{'0' * 64}", "revision": 10**30}, 404),
    ],
)
def test_what_names_no_plan_applies_nothing(enclave, api, in_acme, body, status):
    path = f"deployments/{submit(api)['deployment']}/apply/"

    assert problem_of(api.post(path, body))[0] == status
    assert Host.objects.count() == 0


def test_nothing_is_applied_in_a_frozen_account(enclave, api, in_acme):
    submitted = submit(api)
    api.post(f"cloud-accounts/{ACCOUNT}/freeze/")

    assert problem_of(apply(api, submitted))[0] == 409
    assert Host.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field", "line"),
    [
        (spec_text().replace("hosts: 3", "hosts: many"), "clusters.0.hosts", 6),
        (spec_text().replace("image:", "imago:"), "image", 1),
        (spec_text(10_000), "clusters.0.hosts", 6),
        ("a: &x [1]\nb: *x\n", "", 1),
        ("- a\n- list\n", "", 1),
        ("application: [", "", 1),
        ('application: "\\ud800"', "", None),
        ("[" * 100_000, "", 1),
    ],
)
def test_what_is_wrong_with_a_text_is_told_by_field_and_line(enclave, api, in_acme, body, field, line):
    response = api.post("deployments/", body, "application/yaml")

    assert problem_of(response)[0] == 400
    told = [(error["field"], error["line"]) for error in response.json()["errors"]]
    assert (field, line) in told or line is None
    assert (Revision.objects.count(), Application.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        spec(hosts="3"),
        spec(hosts=-1),
        spec(hosts=10**40),
        spec(hosts=1.5),
        spec(colour="blue"),
        spec(application="Ünïcode"),
        spec(application="\ud800"),
        spec(image="latest"),
        spec(enclave="aws:999999999999/prod.aws-us-east-1c"),
        spec(clusters=[]),
        spec(clusters=None),
        [spec()],
        "text",
        None,
        {"spec": 5},
        {"spec": ""},
    ],
)
def test_an_object_that_is_no_spec_changes_nothing(enclave, api, in_acme, body):
    response = api.post("deployments/", json.dumps(body))

    assert problem_of(response)[0] == 400
    assert (Revision.objects.count(), Application.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"x" * 10_000_000, "application/yaml", 413),
        (b"[" * 900_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"\xff\xfe", "application/yaml", 400),
        (b"NaN", "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_that_is_too_much_or_unreadable_changes_nothing(
    enclave, api, in_acme, body, content_type, status
):
    response = api.post("deployments/", body, content_type)

    assert problem_of(response)[0] == status
    assert Revision.objects.count() == 0


def test_a_retired_deployment_gives_its_hosts_back(enclave, api, work_until_quiet):
    submitted = submit(api)
    apply(api, submitted)
    work_until_quiet()

    response = api.post(f"deployments/{submitted['deployment']}/retire/")

    work_until_quiet()
    assert (response.status_code, response.json()["kind"]) == (202, "retire")
    assert api.get(f"deployments/{submitted['deployment']}/").json()["state"] == "retired"


def test_deployments_are_narrowed_by_what_they_are(enclave, api):
    submit(api)

    def count(**query):
        return len(api.get("deployments/", query).json()["results"])

    assert (count(application="recommender"), count(application="other")) == (1, 0)
    assert (count(enclave=str(enclave)), count(enclave="aws:999999999999/nowhere")) == (1, 0)
    assert (count(state=["planned", "live"]), count(state="live")) == (1, 0)


def test_lists_cost_the_same_for_one_and_for_three(enclave, api, in_acme, django_assert_max_num_queries):
    for name in ("alpha", "beta", "gamma"):
        api.post("deployments/", spec(application=name))
    first = Deployment.objects.get(application__name="gamma")
    api.post("deployments/", spec(application="gamma"))

    for path in ("deployments/", f"deployments/{first.pk}/revisions/", "applications/"):
        with django_assert_max_num_queries(20) as one:
            assert len(api.get(path, {"limit": 1}).json()["results"]) == 1
        with django_assert_max_num_queries(20) as more:
            assert len(api.get(path).json()["results"]) > 1
        assert len(more) == len(one)


def test_a_reader_submits_nothing(enclave, program, in_acme):
    assert problem_of(program(Role.READER).post("deployments/", spec()))[0] == 403
    assert Revision.objects.count() == 0


def test_another_tenant_finds_no_deployment_and_applies_none(enclave, api, globex, program, in_acme):
    submitted = submit(api)
    stranger = program(Role.ADMIN, globex)

    assert problem_of(stranger.get(f"deployments/{submitted['deployment']}/"))[0] == 404
    assert problem_of(apply(stranger, submitted))[0] == 404
    assert problem_of(stranger.post("deployments/", spec()))[0] == 400
    assert Host.objects.count() == 0


def test_an_application_is_made_once(api, zones):
    made = api.post("applications/", {"name": "search"})

    assert (made.status_code, made.headers["Location"]) == (
        201,
        f"http://testserver{api.at('applications/search/')}",
    )
    assert problem_of(api.post("applications/", {"name": "search"}))[0] == 400
    assert problem_of(api.post("applications/", {"name": "Search!"}))[0] == 400
    assert api.get("applications/search/").json()["name"] == "search"
