"""Whatever goes wrong, the answer is a problem document, and says nothing of our insides."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404
from django.test import Client
from rest_framework import exceptions

from tenants.api.problems import FAILED, Problem, problem_response
from tenants.errors import Forbidden, Refused
from tenants.policy import Role

ACME = "/api/v1/tenants/acme/"


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (Http404(), 404, "Not Found"),
        (Forbidden("You may not."), 403, "Forbidden"),
        (PermissionDenied(), 403, "Forbidden"),
        (Refused("It is frozen."), 409, "Conflict"),
        (ValidationError({"name": "Too short."}), 400, "Bad Request"),
        (ValidationError("All wrong."), 400, "Bad Request"),
        (exceptions.NotAuthenticated(), 401, "Unauthorized"),
        (exceptions.Throttled(wait=3), 429, "Too Many Requests"),
        (exceptions.UnsupportedMediaType("text/csv"), 415, "Unsupported Media Type"),
        (RequestDataTooBig(), 413, "Content Too Large"),
        (Problem(412, "Changed."), 412, "Precondition Failed"),
        (RecursionError(), 400, "Bad Request"),
        (ZeroDivisionError("secret insides"), 500, "Internal Server Error"),
    ],
)
def test_each_error_has_its_status(db, error, status, title):
    response = problem_response(error, {})

    assert (response.status_code, response.data["status"], response.data["type"]) == (
        status,
        status,
        "about:blank",
    )
    assert response.data["detail"]
    assert response.data["title"] in (title, "Request Entity Too Large")


def test_an_error_of_ours_says_nothing_of_our_insides(db, caplog):
    response = problem_response(ZeroDivisionError("secret insides"), {})

    assert response.data["detail"] == FAILED
    assert "secret insides" not in str(response.data)
    assert "secret insides" in caplog.text


def test_nested_faults_are_named_by_their_path(db):
    error = exceptions.ValidationError(
        {"clusters": [{}, {"hosts": ["Too many."]}], "non_field_errors": ["No."]}
    )

    errors = problem_response(error, {}).data["errors"]

    assert errors == [
        {"field": "clusters.1.hosts", "message": "Too many."},
        {"field": "", "message": "No."},
    ]


def test_who_asks_too_often_is_told_when_to_come_again(db):
    assert problem_response(exceptions.Throttled(wait=3), {})["Retry-After"] == "4"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("\xff", "application/json", 400),
        ("[1, 2]", "application/json", 400),
        ('"text"', "application/json", 400),
        ("null", "application/json", 400),
        ("", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ('{"name": NaN}', "application/json", 400),
        ("name=x", "application/x-www-form-urlencoded", 415),
        ("<x/>", "text/xml", 415),
        (" " * 1_100_000, "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(api, body, kind, status):
    answer = api(Role.ADMIN).generic("POST", ACME + "tokens/", body, kind)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_there_is_not_is_405(api, method):
    answer = api(Role.ADMIN).generic(method, ACME)

    assert (answer.status_code, answer.json()["status"]) == (405, 405)


def test_head_is_get_without_a_body(api):
    answer = api(Role.READER).head(ACME)

    assert (answer.status_code, answer.content) == (200, b"")


def test_what_the_client_cannot_read_is_406(api):
    answer = api(Role.READER).get(ACME, headers={"Accept": "text/html"})

    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_nobody_is_told_how_to_come_in(acme):
    answer = Client().get(ACME)

    assert (answer.status_code, "Bearer" in answer.json()["detail"]) == (401, True)
