import json

import pytest
import yaml
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from enclaves.api import examples
from enclaves.api.serializers.accounts import GROUPS, OUTCOMES
from enclaves.api.serializers.operations import STEP_STATES
from enclaves.providers.base import CheckGroup, Outcome
from enclaves.provisioning import operations, verify
from enclaves.services.spec import SCHEMA, parse_spec
from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ACCOUNT


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_document_is_made_without_a_warning(document):
    GENERATOR_STATS.reset()

    with GENERATOR_STATS.silence():
        made = SchemaGenerator().get_schema(request=None, public=True)

    validate_schema(made)
    assert not GENERATOR_STATS


def test_every_operation_says_what_it_does_and_how_it_fails(document):
    unsaid = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if not operation.get("summary") or ("{tenant}" in path and "404" not in operation["responses"])
    ]

    assert unsaid == []


def test_the_walk_names_only_addresses_that_exist(document):
    text = document["info"]["description"].replace("…/", "/api/v1/tenants/{tenant}/")
    named = {word.strip("`,.;:").split("?")[0] for word in text.split() if "/api/v1/" in word}

    assert named - set(document["paths"]) - {"/api/v1/tenants/{tenant}", "/api/v1/tenants/{tenant}/"} == set()


def test_examples_are_good_specs():
    parse_spec(examples.SPEC_TEXT)
    parse_spec(json.dumps(examples.SPEC))


@pytest.mark.django_db
def test_the_schema_of_a_spec_is_published_for_editors():
    response = Client().get("/api/v1/schemas/deployment-spec.json")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/schema+json")
    assert response.json() == SCHEMA


@pytest.mark.django_db
def test_the_document_comes_as_json_or_as_yaml():
    as_json = Client().get("/api/v1/schema/")
    as_yaml = Client().get("/api/v1/schema/", headers={"Accept": "application/yaml"})

    assert (as_json.status_code, as_json.json()["openapi"]) == (200, "3.1.0")
    assert yaml.safe_load(as_yaml.content)["paths"].keys() == as_json.json()["paths"].keys()


def test_the_document_holds_the_same_schema_of_a_spec(document):
    whole = {"$ref": "#/components/schemas/DeploymentSpec", "components": document["components"]}

    assert Draft202012Validator(whole).is_valid(yaml.safe_load(examples.SPEC_TEXT))
    assert not Draft202012Validator(whole).is_valid({**examples.SPEC, "clusters": [{"name": "query"}]})


def test_the_words_of_checks_and_steps_are_those_of_the_worker():
    assert set(OUTCOMES) == {verify.WAITING, verify.RUNNING, *Outcome}
    assert list(GROUPS) == list(CheckGroup)
    assert set(STEP_STATES) == {operations.WAITING, operations.RUNNING, operations.DONE, operations.FAILED}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/zones", "/api/v1/tenants/acme/hosts/7/"])
def test_what_is_nowhere_is_a_problem_too(path):
    assert problem_of(Client().get(path))[0] == 404


def test_a_method_that_is_not_offered_is_a_problem(account, api):
    sent = api.client.put(api.at(f"cloud-accounts/{ACCOUNT}/"), {}, "application/json")

    assert problem_of(sent)[0] == 405


def test_a_media_type_that_is_not_offered_is_a_problem(account, api):
    assert problem_of(api.get("hosts/", headers={"Accept": "image/png"}))[0] == 406
