"""Whatever is posted, the answer is one that the document knows, never a failure, and nothing has changed."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enclaves.models import AccessRequest, Application, CloudAccount, Enclave, Revision
from tests.enclaves.api.test_deployments import spec
from tests.enclaves.conftest import ACCOUNT, ZONE

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def wrecked(good):
    """A good body with some of its fields replaced by anything."""
    kept = {name: st.just(value) | ANYTHING for name, value in good.items()}
    return st.fixed_dictionaries({}, optional={**kept, "extra": ANYTHING})


def rows():
    return [model.objects.count() for model in (AccessRequest, Application, CloudAccount, Enclave, Revision)]


@MANY
@given(body=ANYTHING | wrecked(spec()) | wrecked({"spec": "application: x"}))
def test_no_json_breaks_the_submission_of_a_spec(enclave, api, in_acme, body):
    before = rows()

    response = api.post("deployments/", json.dumps(body))

    assert response.status_code in (201, 400)
    assert response.status_code == 201 or rows() == before


@MANY
@given(body=st.text() | st.binary())
def test_no_text_breaks_the_submission_of_a_spec(enclave, api, in_acme, body):
    before = rows()

    response = api.post("deployments/", body, "application/yaml")

    assert (response.status_code, rows()) == (400, before)


@MANY
@given(
    path=st.sampled_from(["cloud-accounts/", "enclaves/", "applications/", "access-requests/"]),
    body=ANYTHING
    | wrecked({"account": ACCOUNT, "zone": ZONE})
    | wrecked({"account": ACCOUNT, "title": ""})
    | wrecked({"hosts": [], "reason": "A core dump.", "minutes": 60, "ticket": ""}),
)
def test_no_json_breaks_what_is_made(enclave, api, in_acme, path, body):
    before = rows()

    response = api.post(path, json.dumps(body))

    assert response.status_code in (201, 400)
    assert response.status_code == 201 or rows() == before


@MANY
@given(body=ANYTHING | wrecked({"plan_hash": f"sha256:{'0' * 64}", "revision": 1}))
def test_no_json_breaks_the_application_of_a_plan(enclave, api, in_acme, body):
    submitted = api.post("deployments/", spec()).json()

    response = api.post(f"deployments/{submitted['deployment']}/apply/", json.dumps(body))

    assert response.status_code in (400, 404, 409)


@MANY
@given(
    path=st.sampled_from(["hosts/", "operations/", "deployments/", "cloud-accounts/", "access-requests/"]),
    query=st.dictionaries(
        st.sampled_from(["enclave", "deployment", "state", "limit", "after", "before", "cluster", "kind"])
        | st.text(),
        st.text(),
        max_size=3,
    ),
)
def test_no_question_breaks_a_list(enclave, api, in_acme, path, query):
    assert api.get(path, query).status_code in (200, 400)
