"""The table of who gets what, compared with what everybody gets."""

from http import HTTPStatus

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.walls.people import ADMIN, OPERATOR, PEOPLE, Answer
from tests.walls.table import TABLE

pytestmark = pytest.mark.django_db(databases=["default", "system"])

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSED = {
    HTTPStatus.UNAUTHORIZED: Answer.UNKNOWN,
    HTTPStatus.FORBIDDEN: Answer.LACKING,
    HTTPStatus.NOT_FOUND: Answer.NOTHING,
    HTTPStatus.METHOD_NOT_ALLOWED: Answer.NO_METHOD,
}
CHALLENGES = {"reauthenticate": Answer.AGAIN, "second-factor": Answer.FACTOR}
WAYS = {
    "/accounts/login/": Answer.SIGN_IN,
    "/accounts/reauthenticate/": Answer.AGAIN,
    "/accounts/2fa/reauthenticate/": Answer.AGAIN,
    "/accounts/2fa/?next=": Answer.FACTOR,
}
# What a door says to somebody whom it let in, and who brought nothing or nonsense.
INSIDE = {200, 201, 202, 204, 302, 400, 409, 415, 422}


def routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def told(answer):
    """What somebody was told."""
    if answer.status_code == HTTPStatus.FOUND:
        return _led(answer.url)
    if answer.status_code == HTTPStatus.FORBIDDEN and "problem" in answer.headers["Content-Type"]:
        return CHALLENGES.get(answer.json()["type"].rpartition("/")[2], Answer.LACKING)
    if answer.status_code in REFUSED:
        return REFUSED[answer.status_code]
    assert answer.status_code in INSIDE, answer.status_code
    return Answer.IN


def _led(url):
    return next((answer for start, answer in WAYS.items() if url.startswith(start)), Answer.IN)


def test_every_route_has_a_line_and_every_line_a_route():
    assert sorted({line.route for line in TABLE}) == sorted(set(routes()))


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_everybody_gets_what_the_table_says(world, line):
    address = world.address(line.route)
    got, changed = {}, {}

    for person in PEOPLE:
        got[str(person)] = told(world.ask(person, line.method, address))
        if got[str(person)] is not Answer.IN:
            changed[str(person)] = world.written

    assert got == {str(person): line.answer(person) for person in PEOPLE}
    assert [tables for tables in changed.values() if tables] == []


OTHERS = [
    (route, method)
    for route in sorted(set(routes()))
    for method in METHODS
    # allauth's forms take PUT for POST, and guard it the same way.
    if not route.startswith("accounts/")
    and method not in {line.method for line in TABLE if line.route == route}
]


@pytest.mark.parametrize("route", sorted({route for route, _ in OTHERS}))
def test_a_method_without_a_line_is_refused(world, route):
    methods = [method for known, method in OTHERS if known == route]

    person = OPERATOR if route.startswith(("staff/", "api/v1/staff/")) else ADMIN
    answers = {method: told(world.ask(person, method, world.address(route))) for method in methods}

    assert answers == dict.fromkeys(methods, Answer.NO_METHOD)
