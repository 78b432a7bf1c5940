"""A program with a token. Whatever it is answered must be what the OpenAPI document promises."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services import tokens as services

MARK = re.compile(r"\{[a-z_]+\}")


class Contract:
    """The published document, ready to judge answers. Fields that it does not know are not allowed."""

    def __init__(self):
        document = SchemaGenerator().get_schema(request=None, public=True)
        schemas = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
        self.components = {"schemas": schemas}
        self.paths = [(_pattern(path), operations) for path, operations in document["paths"].items()]

    def faults(self, method, path, response):
        """What is wrong with an answer, one sentence each."""
        answers = self._operation(method, path)["responses"]
        if str(response.status_code) not in answers:
            return [f"{method} {path} may not answer {response.status_code}: {response.content.decode()}"]
        content = answers[str(response.status_code)].get("content", {})
        media_type = response.headers.get("Content-Type", "").split(";")[0]
        if not content:
            return [f"{method} {path} has a body"] if response.content else []
        if media_type not in content:
            return [f"{method} {path} answers {media_type}, not {', '.join(content)}"]
        return self._misfits(content[media_type]["schema"], response) if "json" in media_type else []

    def _operation(self, method, path):
        found = [operations for pattern, operations in self.paths if pattern.fullmatch(path)]
        return next(one[method.lower()] for one in found if method.lower() in one)

    def _misfits(self, schema, response):
        whole = {**schema, "components": self.components}
        errors = Draft202012Validator(whole).iter_errors(response.json())
        return [f"{error.json_path}: {error.message}" for error in errors]


def _pattern(path):
    return re.compile(MARK.sub("[^/]+", path.replace(".", r"\.")))


def _closed(schema):
    return {"additionalProperties": False, **schema} if "properties" in schema else schema


class Program:
    """Calls the API of one tenant with a token; ``post("enclaves/", {…})``."""

    def __init__(self, token, tenant, contract):
        self.client = Client(headers={"Authorization": f"Bearer {token}"})
        self.tenant, self.contract = tenant, contract

    def get(self, path, query=None, **options):
        return self._judged("GET", path, self.client.get(self.at(path), query, **options))

    def post(self, path, body=None, content_type="application/json", **options):
        sent = self.client.post(self.at(path), {} if body is None else body, content_type, **options)
        return self._judged("POST", path, sent)

    def delete(self, path, **options):
        return self._judged("DELETE", path, self.client.delete(self.at(path), **options))

    def at(self, path):
        return path if path.startswith("/") else f"/api/v1/tenants/{self.tenant}/{path}"

    def _judged(self, method, path, response):
        if response.status_code not in (405, 406, 304):  # of these the document says nothing
            assert self.contract.faults(method, self.at(path), response) == []
        return response


@pytest.fixture(scope="session")
def contract():
    return Contract()


@pytest.fixture
def program(actor, contract):
    """Make a program with a role: ``program(Role.READER)``, ``program(Role.ADMIN, globex)``."""

    def make(role=Role.ADMIN, *where) -> Program:
        by = actor(Role.ADMIN, *where)
        with tenant_scope(by.tenant_id):
            _, secret = services.create_token("ci", [role], timezone.now() + timedelta(days=1), by=by)
        return Program(secret, by.tenant.name, contract)

    return make


@pytest.fixture
def api(program):
    """acme's program; it may do everything."""
    return program()


def problem_of(response):
    """What a program can tell its people about a refusal."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["type"]) == (response.status_code, "about:blank")
    return response.status_code, body["detail"]
