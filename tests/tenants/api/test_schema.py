"""The OpenAPI document is valid, complete and honest."""

import pytest
from django.core.management import call_command
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from tenants import audit
from tenants.invitations import invite_member
from tenants.policy import Role

TENANT = "/api/v1/tenants/{tenant}/"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def test_the_document_is_valid_openapi(document):
    validate(document)

    assert document["openapi"].startswith("3.1")


def test_it_is_made_without_a_warning(capsys):
    GENERATOR_STATS.reset()

    call_command("spectacular", "--fail-on-warn", "--validate", file="/dev/null")


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))
    assert not [name for name in names if name[-1].isdigit()]


def test_every_operation_of_a_tenant_tells_its_problems_and_its_permission(document):
    for path, method, operation in operations(document):
        if path.startswith(TENANT):
            told = operation["responses"]
            assert {"401", "403", "404"} <= told.keys(), (path, method)
            assert told["401"]["content"].keys() == {"application/problem+json"}
            assert "Needs the permission `" in operation["description"]


def test_every_post_of_a_tenant_takes_an_idempotency_key(document):
    for path, method, operation in operations(document):
        if path.startswith(TENANT) and method == "post":
            assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]


def test_no_docstring_of_our_insides_is_published(document):
    told = str(
        [operation["description"] for *_, operation in operations(document) if "description" in operation]
    )

    assert "Handlers get no" not in told


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("", "Tenant"),
        ("members/", "MemberPage"),
        ("invitations/", "InvitationPage"),
        ("tokens/", "TokenPage"),
        ("audit-events/", "AuditEventPage"),
        ("audit-events/chain/", "Chain"),
        ("audit-events/checkpoints/", "CheckpointPage"),
    ],
)
def test_answers_have_the_fields_that_the_document_says(document, api, actor, in_acme, path, shape):
    invite_member("bob@acme.example", ["reader"], by=actor(Role.ADMIN))
    audit.sign(in_acme, audit.verify(in_acme), by=actor(Role.ADMIN))

    answer = api(Role.ADMIN).get("/api/v1/tenants/acme/" + path).json()

    told = document["paths"][TENANT + path]["get"]["responses"]["200"]["content"]["application/json"]
    assert told["schema"] == {"$ref": f"#/components/schemas/{shape}"}
    assert answer.keys() == document["components"]["schemas"][shape]["properties"].keys()
    if "results" in answer:
        row = document["components"]["schemas"][shape.removesuffix("Page")]
        assert answer["results"][0].keys() == row["properties"].keys()
